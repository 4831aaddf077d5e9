"""A budget of memory: photos start as long as they fit into it together, in the order in which they came."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from gigamatte.types import Size

#: bytes that the child holds before it has seen a photo: libraries and a small network
BASE = 500 << 20
#: bytes of one photo: what it takes per pixel until its levels move to scratch storage, and beyond that
PER_PIXEL, PER_PIXEL_BEYOND = 16, 3
BEYOND = 64_000_000
#: bytes of any photo: threads' buffers, tiles in flight
PER_PHOTO = 60 << 20


def cost(size: Size | None) -> int:
    """Bytes that cutting a photo of this size takes, at most, about; a photo of unknown size counts as large."""
    pixels = BEYOND if size is None else size.pixels
    return PER_PHOTO + PER_PIXEL * min(pixels, BEYOND) + PER_PIXEL_BEYOND * max(0, pixels - BEYOND)


class Budget:
    """``total`` bytes. A photo that needs more than all of it waits until it is alone, and then starts."""

    def __init__(self, total: int) -> None:
        self._total, self._used = total, 0
        self._turn = threading.Condition()
        self._line: deque[object] = deque()

    @contextlib.contextmanager
    def hold(self, wanted: int) -> Iterator[None]:
        """Wait for ``wanted`` bytes and hold them for the block; in order of arrival, so that large ones get a turn."""
        wanted = min(wanted, self._total)
        ticket = object()
        with self._turn:
            self._line.append(ticket)
            self._turn.wait_for(lambda: self._line[0] is ticket and self._used + wanted <= self._total)
            self._line.popleft()
            self._used += wanted
            self._turn.notify_all()
        try:
            yield
        finally:
            with self._turn:
                self._used -= wanted
                self._turn.notify_all()
