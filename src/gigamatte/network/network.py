"""A network that is ready to run: its card, its engine, and ``locate``, which finds the subject."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.decode import decode, without_doubtful_islands
from gigamatte.network.engines.base import Engine
from gigamatte.network.proxy import squash
from gigamatte.types import Box, CoarseMatte, NetworkInput, Size

#: gives (engine, warnings) that sees photos at this size
Opener = Callable[[Size], tuple[Engine, tuple[str, ...]]]


class Network:
    """A card and the engine that runs it; safe to call from several threads.

    A network whose input shape follows the photo's is loaded for the first photo, and again when the shape changes.
    ``fixed`` is the (rows, columns) of its input where they are not the card's.
    """

    def __init__(
        self,
        card: ModelCard,
        opener: Opener,
        notices: tuple[str, ...] = (),
        fixed: tuple[int | None, int | None] = (None, None),
        assumed: str = "",
    ) -> None:
        self.card = card
        self._opener = opener
        self._fixed = fixed
        #: what was assumed of a file that does not say how it is used, in one line
        self.assumed = assumed
        #: what its licence forbids and what it does not say about itself
        self.notices = notices
        if card.note:
            self.notices += (f"{card.name}: {card.note}",)
        if not card.commercial:
            self.notices += (f"{card.name} is licensed {card.licence}: not for commercial use",)
        self._lock = threading.RLock()
        self._open: tuple[Size, Engine, tuple[str, ...]] | None = None

    @property
    def engine(self) -> Engine:
        """The engine that runs it now."""
        return self._opened()[1]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What differs from what was asked for, such as the device, and what the licence forbids."""
        return (*self.notices, *self._opened()[2])

    def input_size(self, region: Size) -> Size:
        """The size at which the network sees a region of this size."""
        free, (height, width) = self.card.input_size(region), self._fixed
        return Size(width or free.width, height or free.height)

    def locate(self, pixels: NDArray[np.uint8], region: Box, photo: Size) -> CoarseMatte:
        """Where the subject is in ``region`` of the photo, which ``pixels`` shows: uint8 sRGB (row, column, RGB).

        ``pixels`` may have any size, at least twice ``input_size(region.size)`` where the photo has that many.
        """
        seen = squash(pixels, region, photo, self.input_size(region.size), self.card)
        coarse = self._asked(seen)
        if not self.card.mirrored:
            return coarse
        mirrored = self._asked(NetworkInput(np.ascontiguousarray(seen.tensor[..., ::-1]), seen.fit))
        both = dataclasses.replace(coarse, alpha=(coarse.alpha + mirrored.alpha[:, ::-1]) * np.float32(0.5))
        # only small networks take a second look, and only small ones find pieces that are no subject
        return without_doubtful_islands(both)

    def _asked(self, seen: NetworkInput) -> CoarseMatte:
        with self._lock:
            answer = self._opened(seen.fit.network)[1].run(seen.tensor)
        return decode(answer, self.card, seen.fit)

    def _opened(self, size: Size | None = None) -> tuple[Size, Engine, tuple[str, ...]]:
        with self._lock:
            # an ONNX file takes every shape once it is open; a graph is built for one
            built = self.card.sides is not None and self.card.build != "onnx"
            if self._open is not None and built and size not in (None, self._open[0]):
                self._open[1].close()  # closed before the next one is loaded: memory may not suffice for two
                self._open = None
            if self._open is None:
                size = size or Size(self.card.size, self.card.size)
                self._open = (size, *self._opener(size))
            return self._open

    def close(self) -> None:
        """Free memory and device."""
        with self._lock:
            if self._open is not None:
                self._open[1].close()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
