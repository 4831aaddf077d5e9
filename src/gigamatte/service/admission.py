"""Admits or refuses a request by its head alone, before its body is read.

Pure ASGI middleware, because FastAPI's dependencies run after the body was read.

In this order: framing, host, origin, key, size, place in the queue. While the body arrives it watches time and size.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gigamatte.errors import GigamatteError
from gigamatte.messages.plural import plural
from gigamatte.service.answers import send_error
from gigamatte.service.desk import Desk
from gigamatte.service.keys import Keys
from gigamatte.service.settings import Settings
from gigamatte.service_errors import (
    BadRequest,
    Busy,
    Forbidden,
    Misdirected,
    TooLarge,
    TooSlow,
    Unauthorised,
    WrongCoding,
)

#: routes that hand in work: they take a place in the queue
WORK = frozenset({"/remove_background", "/jobs", "/v1.0/removebg", "/api/remove", "/films"})
#: open without a key: the page itself, and what tells whether the service is up
OPEN = frozenset({"/", "/livez", "/readyz", "/about", "/docs", "/openapi.json", "/favicon.ico"})
OPEN_BELOW = "/assets/"
#: answered for any Host, because probes and scrapers ask by address or without Host; their answers hold no secrets
HEALTH = frozenset({"/livez", "/readyz", "/metrics"})
#: bytes of a request that hands in no photo: its body is read into memory
SMALL_BODY = 64 << 10
#: bytes of a list of hints: enough for a thousand strokes drawn by hand
HINTS_BODY = 8 << 20
#: seconds after which a body must have the lowest average speed
GRACE = 30.0


class Admission:
    """ASGI middleware. Sets ``scope["state"]``: ``owner`` (of the key, or ""), ``client`` and, for work, ``ticket``."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys | None) -> None:
        self.app, self.settings, self.keys = app, settings, keys
        self._hosts = {host.lower() for host in settings.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit or refuse one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        ticket = None
        try:
            headers = Head(scope)
            self._check_framing(headers)
            self._check_host(scope, headers)
            self._check_origin(scope, headers)
            desk: Desk = scope["app"].state.desk
            if desk.draining and not _goes_on(scope):
                raise Busy("the service is shutting down", "try again in a moment")
            state["owner"] = self._owner(scope, headers)
            state["client"] = state["owner"] or (scope.get("client") or ("", 0))[0]
            most = self._most(scope)
            if _is_known(scope):  # an unknown route: the application answers 404 and reads no body either
                self._check_size(headers, most)
                self._check_coding(headers)
            if scope["method"] == "POST" and scope["path"] in WORK:
                ticket = state["ticket"] = desk.enter(state["client"])
        except GigamatteError as error:
            scope["app"].state.metrics.refused.labels(error.code).inc()
            await send_error(error, scope, send)
            return
        body = _Body(receive, self.settings, most, desk)
        try:
            await self.app(scope, body.receive, send)
        finally:
            if ticket is not None and not ticket.kept:
                ticket.release()

    def _check_framing(self, headers: Head) -> None:
        """Refuse two headers that say differently where the body ends: with them requests are smuggled past a proxy."""
        if headers.count(b"content-length") > 1 or headers.count(b"host") > 1:
            raise BadRequest("a header that may be there once is there twice")
        if headers.get(b"transfer-encoding") is not None and headers.get(b"content-length") is not None:
            raise BadRequest("the request has both Content-Length and Transfer-Encoding")

    def _check_host(self, scope: Scope, headers: Head) -> None:
        """Refuse unknown host names: a foreign page whose name was rebound to this address sends its own name."""
        if "*" in self._hosts or (scope["path"] in HEALTH and scope["method"] in ("GET", "HEAD")):
            return
        host = (headers.get(b"host") or "").lower()
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name not in self._hosts:
            raise Misdirected(
                f"this service does not answer to the name {name[:80]!r}",
                "allow it with --allow-host or GIGAMATTE_HOSTS",
            )

    def _check_origin(self, scope: Scope, headers: Head) -> None:
        """Refuse work from a page of another site, which its visitor did not ask for."""
        origin = headers.get(b"origin")
        if origin is None or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return
        if "*" in self.settings.origins or origin in self.settings.origins:
            return
        if urlsplit(origin).netloc.lower() != (headers.get(b"host") or "").lower():
            raise Forbidden(f"requests from pages of {origin[:80]!r} are not accepted")

    def _owner(self, scope: Scope, headers: Head) -> str:
        """The name of the key; "" where none is needed."""
        path = scope["path"]
        if self.keys is None:
            return ""
        if scope["method"] in ("GET", "HEAD") and (path in OPEN or path.startswith(OPEN_BELOW)):
            return ""
        key = headers.get(b"x-api-key") or ""
        scheme, _, token = (headers.get(b"authorization") or "").partition(" ")
        if scheme.lower() == "bearer":
            key = token.strip()
        owner = self.keys.owner(key) if key else None
        if owner is None:
            what = "the API key is not known" if key else "an API key is needed"
            raise Unauthorised(what, "send it as X-API-Key, or as Authorization: Bearer")
        return owner

    def _most(self, scope: Scope) -> int:
        """Bytes that the body of this request may have."""
        path, most = scope["path"], self.settings.max_body
        if path in WORK or (scope["method"] == "PUT" and path.endswith("/background")):
            return most
        return min(most, HINTS_BODY if path.endswith("/edits") else SMALL_BODY)

    def _check_size(self, headers: Head, most: int) -> None:
        text = headers.get(b"content-length")
        if text is not None and int(text) > most:
            raise _too_large(most, int(text))

    def _check_coding(self, headers: Head) -> None:
        """Refuse a compressed body with a clear error, because it would be taken for a broken one."""
        coding = (headers.get(b"content-encoding") or "identity").strip().lower()
        if coding not in ("identity", ""):
            raise WrongCoding(
                f"the body has the Content-Encoding {coding[:40]}, which is not read; expected none",
                "photos are compressed already: send them as they are",
            )


def _goes_on(scope: Scope) -> bool:
    """Whether it is answered while the service drains: whether it is up, and what has become of a job."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    return scope["path"] in HEALTH or scope["path"].startswith("/jobs/")


def _is_known(scope: Scope) -> bool:
    """Whether there is a route for this path and method."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].router.routes)


class Head:
    """The headers of a request, as text."""

    def __init__(self, scope: Scope) -> None:
        self._all: list[tuple[bytes, bytes]] = scope["headers"]

    def get(self, name: bytes) -> str | None:
        """The first header called ``name`` (lower case)."""
        return next((value.decode("latin-1") for key, value in self._all if key == name), None)

    def count(self, name: bytes) -> int:
        """How many there are."""
        return sum(key == name for key, _ in self._all)


def _too_large(most: int, found: int) -> TooLarge:
    return TooLarge(f"the body has {found / 1e6:.1f} MB, allowed are {most / 1e6:.1f}", "send a smaller file")


class _Body:
    """Counts a body's bytes and time while it arrives. Raises TooLarge, TooSlow and Busy in the route that reads it."""

    def __init__(self, receive: Receive, settings: Settings, most: int, desk: Desk) -> None:
        self._receive, self._settings, self._most, self._desk = receive, settings, most, desk
        self._bytes, self._started, self._complete = 0, time.monotonic(), False

    async def receive(self) -> Message:
        """The next message of the client."""
        if self._complete:
            return await self._receive()  # waiting for the client to leave has no time limit
        message = await self._next()
        self._complete = not message.get("more_body", False)
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise _too_large(self._most, self._bytes)
        spent = time.monotonic() - self._started
        if not self._complete and spent > GRACE and self._bytes < self._settings.slowest * spent:
            raise TooSlow(f"the body arrives with {self._bytes / spent:.0f} bytes a second")
        return message

    async def _next(self) -> Message:
        coming = asyncio.ensure_future(self._receive())
        ending = asyncio.ensure_future(self._desk.out_of_time.wait())
        waiting = (coming, ending)
        try:
            await asyncio.wait(waiting, timeout=self._settings.stall_seconds, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            if ending.done():
                raise Busy("the service is shutting down", "try again in a moment")
            raise TooSlow(
                f"nothing arrived for {self._settings.stall_seconds:g} second{plural(self._settings.stall_seconds)}"
            )
        finally:
            for task in waiting:
                task.cancel()
