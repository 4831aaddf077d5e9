"""uvicorn's HTTP/1.1 protocol with the two deadlines it lacks: for a request's head, and for reading the answer.

Without them a socket that says nothing, half a header, or a client that stops reading keeps its place for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def with_deadlines(*, header_seconds: float, send_seconds: float, connections: int) -> type[asyncio.Protocol]:
    """The protocol class to hand to ``uvicorn.Config(http=…)``."""

    class Deadlines(H11Protocol):
        """One connection."""

        _head: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > connections:
                transport.abort()
                return
            self._await_head()

        def data_received(self, data: bytes) -> None:
            answered = self._answered()
            super().data_received(data)
            if self._answered():
                return  # what is left of a body: its time is running
            if answered:
                self._head_is_here()
            if self._between_requests():
                # something of the next head is here; it has so long from its first byte
                if self._head is None and (answered or self.conn.trailing_data[0]):
                    self._await_head()
            else:
                self._head_is_here()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            # an answer may come before its request's body has: what is left of that is read and thrown away, but
            # every byte of it would put off the time after which an idle connection is closed
            if self._answered() and self._head is None:
                self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_is_here()
            self._answer_is_read()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._unread is None:
                self._unread = self.loop.call_later(send_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            self._answer_is_read()
            super().resume_writing()

        def _between_requests(self) -> bool:
            return self.conn.their_state is h11.IDLE

        def _answered(self) -> bool:
            return self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE

        def _await_head(self) -> None:
            self._head = self.loop.call_later(header_seconds, self.transport.abort)

        def _head_is_here(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _answer_is_read(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

    return Deadlines
