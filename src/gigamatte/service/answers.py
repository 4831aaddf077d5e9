"""Answers errors: with problem details on our own routes, in the other tool's format on its routes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.types import Scope, Send

from gigamatte.errors import GigamatteError
from gigamatte.service.errors import PROBLEM, headers_of, problem, status_of
from gigamatte.service.removebg_answers import error_body
from gigamatte.service.wording import told
from gigamatte.types import Receipt


def error_answer(error: GigamatteError, scope: Scope) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of an error, in the form that the route's clients expect."""
    lang = preferred_language(scope)
    request_id = scope.get("state", {}).get("request_id", "")
    body: dict[str, Any] = problem(error, lang=lang, request_id=request_id)
    media = PROBLEM
    status = status_of(error)
    if scope["path"].startswith("/v1.0/"):
        status, body = error_body(error)
        media = "application/json"
    headers = headers_of(error, lang=lang) | {"content-type": media}
    return status, headers, json.dumps(body, ensure_ascii=False).encode()


async def send_error(
    error: GigamatteError, scope: Scope, send: Send, more: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Answer with an error, and ``more`` headers, and close the connection: the body was not read."""
    status, headers, body = error_answer(error, scope)
    headers |= {**more, "content-length": str(len(body)), "connection": "close"}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def preferred_language(scope: Scope) -> str:
    """zh when the client would rather read Chinese than English, else en."""
    accepted = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"accept-language"), "")
    best, language = 0.0, "en"
    for part in accepted.split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted = float(weight or 1)
        except ValueError:
            continue
        known = name.lower().split("-")[0]
        if known in ("en", "zh") and wanted > best:
            best, language = wanted, known
    return language


def receipt_headers(receipt: Receipt, cache_control: str = "no-store") -> dict[str, str]:
    """Headers with the main facts of the receipt, and with this Cache-Control."""
    return {
        "x-width": str(receipt.width),
        "x-height": str(receipt.height),
        "x-model": receipt.model.name if receipt.model else "",
        "x-seconds": f"{receipt.seconds.get('total', 0.0):.3f}",
        "x-warnings": json.dumps(told(receipt.warnings)),  # ASCII: other letters are escaped
        "cache-control": cache_control,
    }
