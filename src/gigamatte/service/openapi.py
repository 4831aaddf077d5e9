"""Adds to the OpenAPI document what FastAPI cannot derive: bodies that are streamed, pictures, problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gigamatte.service.errors import PROBLEM, TITLES
from gigamatte.service.options import MEDIA

_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:gigamatte:no-subject"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "examples": ["no-subject"]},
        "hint": {"type": "string"},
        "request_id": {"type": "string"},
    },
}

#: every status that the table of errors knows
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {PROBLEM: {"schema": _PROBLEM_SCHEMA}}}
    for status, title in TITLES.items()
}

_PICTURE = {"schema": {"type": "string", "format": "binary"}}

PHOTO: dict[str, Any] = {
    "description": "The picture, as its options ask",
    "content": dict.fromkeys(MEDIA.values(), _PICTURE),
    "headers": {
        "X-Width": {"description": "pixels", "schema": {"type": "integer"}},
        "X-Height": {"description": "pixels", "schema": {"type": "integer"}},
        "X-Model": {"description": "the network that was used", "schema": {"type": "string"}},
        "X-Seconds": {"description": "time of the work itself", "schema": {"type": "number"}},
        "X-Warnings": {"description": "JSON list of sentences", "schema": {"type": "string"}},
    },
}

JOB: dict[str, Any] = {
    "description": "The job",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["id", "state", "progress", "links"],
                "properties": {
                    "id": {"type": "string"},
                    "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
                    "stage": {"type": ["string", "null"]},
                    "progress": {"type": "number", "minimum": 0, "maximum": 1},
                    "name": {"type": "string"},
                    "links": {"type": "object"},
                    "receipt": {"type": "object"},
                    "error": _PROBLEM_SCHEMA,
                },
            }
        }
    },
}

DONE: dict[str, Any] = {"description": "The layer", "content": {"application/json": {"schema": {"type": "object"}}}}


def accepted(files: Sequence[str]) -> dict[str, Any]:
    """The body of a route that takes pictures."""
    about = {
        "image": "the photo: JPEG, PNG, WebP, TIFF or AVIF",
        "mask": "a coarse mask, alpha or trimap that takes the network's place",
        "background_image": "a picture to lay the subject on",
    }
    parts = {name: {"type": "string", "format": "binary", "description": about[name]} for name in files}
    form = {"schema": {"type": "object", "required": ["image"], "properties": parts, "additionalProperties": False}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": form}}}


#: the two ways to send an API key
SCHEMES: dict[str, Any] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


def with_security(document: dict[str, Any], *, keys: bool, is_open: Callable[[str], bool]) -> dict[str, Any]:
    """The document with the schemes of keys, asked for where ``keys`` are on and a GET is not open to everybody."""
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    if keys:
        document["security"] = [{name: []} for name in SCHEMES]
        for path, methods in document["paths"].items():
            if is_open(path) and "get" in methods:
                methods["get"]["security"] = []
    return document
