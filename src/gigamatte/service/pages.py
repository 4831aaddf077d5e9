"""The web page: files of this package, served as they are, and the words it shows."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from typing import Literal

from fastapi import APIRouter, Request, Response

from gigamatte.messages import page_strings
from gigamatte.service_errors import NotFound

router = APIRouter(include_in_schema=False)

#: name → (package, media type)
FILES = {
    "app.js": ("gigamatte.service.page", "text/javascript"),
    "queue.js": ("gigamatte.service.page", "text/javascript"),
    "finish.js": ("gigamatte.service.page", "text/javascript"),
    "client.js": ("gigamatte.service.page", "text/javascript"),
    "films.js": ("gigamatte.service.page", "text/javascript"),
    "films.css": ("gigamatte.service.page", "text/css"),
    "askbox.js": ("gigamatte.service.page", "text/javascript"),
    "contour.js": ("gigamatte.viewer", "text/javascript"),
    "dragout.js": ("gigamatte.service.page", "text/javascript"),
    "sample.jpg": ("gigamatte.service.page", "image/jpeg"),
    "docs.js": ("gigamatte.service.page", "text/javascript"),
    "docs.css": ("gigamatte.service.page", "text/css"),
    "app.css": ("gigamatte.service.page", "text/css"),
    "icon.svg": ("gigamatte.service.page", "image/svg+xml"),
    "editor.js": ("gigamatte.viewer", "text/javascript"),
    "editor.css": ("gigamatte.viewer", "text/css"),
    "layer.js": ("gigamatte.viewer", "text/javascript"),
    "controls.js": ("gigamatte.viewer", "text/javascript"),
    "viewer.js": ("gigamatte.viewer", "text/javascript"),
    "viewer.css": ("gigamatte.viewer", "text/css"),
}


@functools.cache
def content(package: str, name: str) -> tuple[bytes, str]:
    """A file of a package and its entity tag."""
    data = resources.files(package).joinpath(name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:20]}"'


@router.get("/")
async def index(request: Request) -> Response:
    """The page."""
    return _answer(request, "gigamatte.service.page", "index.html", "text/html")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The routes, for people: what /openapi.json says, shown by a page of ours."""
    return _answer(request, "gigamatte.service.page", "docs.html", "text/html")


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """The icon, for browsers that ask here first."""
    return _answer(request, "gigamatte.service.page", "icon.svg", "image/svg+xml")


@router.get("/assets/strings.json")
async def strings(lang: Literal["en", "zh"] = "en") -> dict[str, str]:
    """The page's words in a language: English → translation."""
    return page_strings(lang)


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """Scripts, styles, icon."""
    if name not in FILES:
        raise NotFound("there is no such file")
    package, media = FILES[name]
    return _answer(request, package, name, media)


def _answer(request: Request, package: str, name: str, media: str) -> Response:
    data, tag = content(package, name)
    # asked for again each time, answered with 304: a new version shows at once
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    text = media if media.startswith("image/") else f"{media}; charset=utf-8"
    return Response(data, media_type=text, headers=headers)
