"""The outermost middleware: a request id, security headers, one log line and the counters for every request."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gigamatte.service.metrics import Metrics

log = logging.getLogger("gigamatte.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

#: nothing is loaded from elsewhere, nothing may frame the page, styles and scripts are files of ours
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Observe:
    """ASGI middleware. Sets ``scope["state"]["request_id"]``."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, then log and count its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, seen = time.perf_counter(), {"status": 499, "bytes": 0}
        state = scope["app"].state
        state.requests += 1

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                own = [*SECURITY, (b"x-request-id", request_id.encode())]
                theirs = list(message["headers"])
                if state.desk.draining and (b"connection", b"close") not in theirs:
                    own.append((b"connection", b"close"))
                message = {**message, "headers": [*theirs, *own]}
            else:
                seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, sender)
        except asyncio.CancelledError:
            if not state.desk.draining:
                raise
            # the time to drain is over, and this client has not taken its answer: the server closes the connection
        finally:
            state.requests -= 1
            self._note(scope, request_id, seen, time.perf_counter() - started)

    def _note(self, scope: Scope, request_id: str, seen: dict[str, int], seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or _known(scope["path"])
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
        self.metrics.requests.labels(route, method, str(seen["status"])).inc()
        self.metrics.request_seconds.labels(route).observe(seconds)
        log.info(
            "%s %s %d", scope["method"], scope["path"], seen["status"],
            extra={"fields": {
                "request_id": request_id, "method": scope["method"], "path": scope["path"], "status": seen["status"],
                "bytes": seen["bytes"], "seconds": round(seconds, 4), "client": (scope.get("client") or ("",))[0],
                "owner": scope["state"].get("owner", ""),
            }},
        )  # fmt: skip


def _known(path: str) -> str:
    """The label of a request that was refused before it was routed. Unknown paths share one, or there would be many."""
    from gigamatte.service.admission import WORK

    return path if path in WORK else "other"


def _request_id(scope: Scope) -> str:
    """The client's own X-Request-Id when it is a plain one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return secrets.token_hex(8)


class JsonLines(logging.Formatter):
    """A log record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return _visible(json.dumps(line, ensure_ascii=False), lambda letter: json.dumps(letter)[1:-1])


class PlainLines(logging.Formatter):
    """A log record as text. Text that a client chose (a path, a name) cannot break the line or send terminal commands.

    Only the traceback of an error takes more lines.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback."""
        return _visible(super().formatMessage(record), lambda letter: ascii(letter)[1:-1])


def _visible(text: str, written: Callable[[str], str]) -> str:
    """``text`` with everything that does not print, line and paragraph separators included, escaped."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else written(letter) for letter in text)


def set_up_logs(as_json: bool) -> None:
    """Send this process's logs to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
