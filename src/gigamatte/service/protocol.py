"""uvicorn's HTTP/1.1 protocol with deadlines added, and with answers for clients that have closed their side only.

Without a deadline for a request's head and for reading the answer, a client that sends nothing, sends half a header,
or stops reading would hold its connection for ever. The end of a client's input means that it sends no more, not that
it has left (RFC 9112, 9.6): it may still read.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gigamatte.service.lingering import LingeringTransport

#: seconds between two checks whether a client that has closed its side is still there. A client with a persistent
#: connection has very likely left; one that sent ``Connection: close`` may still read.
ASK_EVERY, ASK_SELDOM = 1.0, 15.0


def with_deadlines(*, header_seconds: float, send_seconds: float, connections: int) -> type[asyncio.Protocol]:
    """The protocol class to hand to ``uvicorn.Config(http=…)``."""

    class Deadlines(H11Protocol):
        """One connection."""

        _head: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None
        _question: asyncio.TimerHandle | None = None
        #: the client will send nothing more
        _ended = False

        def connection_made(self, transport: Any) -> None:
            self._lingering = LingeringTransport(transport, self._still_sending)
            super().connection_made(self._lingering)  # type: ignore[arg-type]
            # the peer's address, not one that a header names
            self.app_state = {**self.app_state, "peer": self.client[0] if self.client else ""}
            if len(self.connections) > connections:
                transport.abort()
                return
            self._await_head()

        def data_received(self, data: bytes) -> None:
            if self._lingering.lingering:
                self._lingering.drop(len(data))
                return
            answered = self._answered()
            super().data_received(data)
            if self._answered():
                return  # the rest of a body, whose deadline is running
            if answered:
                self._head_is_here()
            if self._between_requests():
                # the next head has begun; its deadline counts from its first byte
                if self._head is None and (answered or self.conn.trailing_data[0]):
                    self._await_head()
            else:
                self._head_is_here()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            # an answer may be sent before the request's body has arrived: the rest is read and dropped, but each byte
            # of it would delay the time after which an idle connection is closed
            if self._answered() and self._head is None:
                self._await_head()
            if self._ended and self.cycle.response_complete and not self.transport.is_closing():
                self.transport.close()

        def eof_received(self) -> bool:  # type: ignore[override]
            """Whether the connection stays open: it does while an answer is due."""
            self._ended = True
            if self._lingering.lingering or not self._answer_is_due():
                return False
            self._ask_later()
            return True

        def _answer_is_due(self) -> bool:
            whole = self.conn.their_state in (h11.DONE, h11.MUST_CLOSE)
            return whole and self.cycle is not None and not self.cycle.response_complete

        def _ask_later(self) -> None:
            lasting = self.conn.their_state is h11.DONE
            self._question = self.loop.call_later(ASK_EVERY if lasting else ASK_SELDOM, self._ask)

        def _ask(self) -> None:
            """Send an informational answer, which clients of HTTP/1.1 skip; sending fails when the client has left."""
            if self.transport.is_closing() or not self._answer_is_due():
                return
            if not self.cycle.response_started and self.conn.their_http_version == b"1.1":
                event = h11.InformationalResponse(status_code=100, headers=[], reason="Continue")
                self.transport.write(self.conn.send(event))
                self._ask_later()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_is_here()
            self._answer_is_read()
            if self._question is not None:
                self._question.cancel()
            self._lingering.end()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._unread is None:
                self._unread = self.loop.call_later(send_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            self._answer_is_read()
            super().resume_writing()

        def _still_sending(self) -> bool:
            return self.conn.their_state in (h11.SEND_BODY, h11.ERROR) and not self._ended

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
