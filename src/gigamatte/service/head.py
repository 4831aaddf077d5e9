"""Answers HEAD wherever there is GET: the same status and headers, no body. Probes and download managers use it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """ASGI middleware: calls the application with GET and drops the body of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        answered = False

        async def headers_only(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                answered = True

        async def gone() -> Message:
            # an event stream has no end: it stops when its client leaves
            return {"type": "http.disconnect"} if answered else await receive()

        asked = {**scope, "method": "GET"}
        await self.app(asked, gone, headers_only)
        scope["route"] = asked.get("route")
