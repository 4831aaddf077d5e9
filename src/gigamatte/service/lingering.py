"""A connection that closes in two steps, so that a client that is still sending can read its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

#: limits of reading and dropping the rest of a body before the connection is closed: bytes, seconds
LINGER_BYTES, LINGER_SECONDS = 64 << 20, 5.0


class LingeringTransport:
    """A transport that closes in two steps. Everything but ``close`` is passed to the real transport.

    Closing while the client still sends resets the connection, and the client never reads the answer that tells it why.
    So only our side is closed at first, and what still comes is dropped.
    """

    def __init__(self, real: asyncio.Transport, still_sending: Callable[[], bool]) -> None:
        self._real, self._still_sending = real, still_sending
        self._timer: asyncio.TimerHandle | None = None
        self._left = LINGER_BYTES

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def close(self) -> None:
        """Close, once the client has had its time; the second time at once."""
        if self.lingering or self._real.is_closing() or not self._still_sending() or not self._real.can_write_eof():
            self.end()
            return
        self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._real.close)
        self._real.write_eof()
        self._real.resume_reading()

    @property
    def lingering(self) -> bool:
        """Whether our side is closed and the client's is not."""
        return self._timer is not None

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self.lingering or self._real.is_closing()

    def drop(self, count: int) -> None:
        """Count bytes that came after the answer and are dropped; closes at once when there are too many."""
        self._left -= count
        if self._left <= 0:
            self.end()

    def end(self) -> None:
        """Close at once."""
        if self._timer is not None:
            self._timer.cancel()
        self._real.close()
