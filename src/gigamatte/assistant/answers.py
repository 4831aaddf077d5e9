"""The answers of the assistant's tools: sentences, a small preview, and a link to the file itself."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from mcp import types

from gigamatte.batch.thumbnails import thumbnail
from gigamatte.errors import GigamatteError, InputError
from gigamatte.photo import formats

MEDIA = {
    "png": "image/png", "webp": "image/webp", "tiff": "image/tiff", "jpeg": "image/jpeg", "avif": "image/avif",
    "heic": "image/heic",
}  # fmt: skip
#: bytes of a file that is handed out whole
LARGEST = 32 << 20


def uri_of(path: Path) -> str:
    """The address under which the file is handed out as a resource."""
    return path.as_uri()


def linked(path: Path) -> types.ResourceLink:
    """A link to a file."""
    kind = "text/html" if path.suffix == ".html" else media_of(path)
    return types.ResourceLink(
        type="resource_link", name=path.name, uri=uri_of(path), mime_type=kind, size=path.stat().st_size
    )


def media_of(path: Path) -> str | None:
    """The media type of a picture, by its first bytes; None for what is none."""
    try:
        with path.open("rb") as file:
            return MEDIA.get(formats.sniff(file.read(formats.HEAD), path.name).name)
    except (OSError, InputError):
        return None


def preview(path: Path) -> list[types.ImageContent]:
    """A small copy of a picture; none of what cannot be shown."""
    found = re.fullmatch(r"data:(image/\w+);base64,(.*)", thumbnail(path) or "", re.DOTALL)
    return [] if found is None else [types.ImageContent(type="image", mime_type=found[1], data=found[2])]


def result(said: str, plain: dict[str, Any], *more: Any) -> types.CallToolResult:
    """An answer: a sentence, what ``more`` there is to see, and all of it for programs."""
    text = types.TextContent(type="text", text=f"{said}\n{json.dumps(plain, ensure_ascii=False)}")
    return types.CallToolResult(content=[text, *more], structured_content=plain)


def failed(error: GigamatteError) -> types.CallToolResult:
    """An error, in the words of the tools' arguments."""
    words = " — ".join(part for part in (error.message, error.hint) if part)
    text = re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), words)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def whole(path: Path) -> bytes:
    """A picture's bytes, to be handed out. Raises InputError for what is no picture, or too large for a message."""
    size = path.stat().st_size
    if media_of(path) is None:
        raise InputError(f"{path.name} is no picture")
    if size > LARGEST:
        raise InputError(f"{path.name} has {size / 1e6:.0f} MB: too large for a message", f"it lies at {path}")
    return path.read_bytes()


def unfold(blob: str) -> bytes:
    """The bytes of a resource, as a client gets them."""
    return base64.b64decode(blob)
