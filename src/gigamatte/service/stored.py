"""A stored file as an answer, or the part of it that a Range header asks for."""

from __future__ import annotations

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from gigamatte.service.answers import send_error
from gigamatte.service_errors import BadRequest, NoSuchRange


class StoredFile(FileResponse):
    """As FileResponse, but errors of a Range header are answered like all other errors, not as plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or the error."""
        asked = Headers(scope=scope).get("range", "")
        refused = False

        async def sent(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in (400, 416):
                refused = True
                await _refuse(asked, message, scope, send)
            elif not refused:
                await send(message)

        await super().__call__(scope, receive, sent)


async def _refuse(asked: str, message: Message, scope: Scope, send: Send) -> None:
    if message["status"] == 400:
        error = BadRequest(
            f"the Range header {asked[:80]!r} is not understood", "send bytes=FIRST-LAST, or none for the whole file"
        )
        return await send_error(error, scope, send)
    length = Headers(raw=message["headers"]).get("content-range", "bytes */0").rpartition("/")[2]
    outside = NoSuchRange(
        f"the Range header asks for {asked[:80]!r}, and the file has {length} bytes",
        "bytes are counted from 0; send no Range for the whole file",
    )
    return await send_error(outside, scope, send, {"content-range": f"bytes */{length}"})
