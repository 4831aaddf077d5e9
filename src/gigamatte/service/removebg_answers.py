"""The parts of answers that remove.bg's clients check: media type, headers, and the codes of errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gigamatte.errors import BudgetExceeded, GigamatteError, InputError, NoSubject, UnsupportedInput, UsageError
from gigamatte.service.errors import sentences, status_of
from gigamatte.service.wording import told
from gigamatte.service_errors import (
    BadRequest,
    Busy,
    MissingSource,
    SeveralSources,
    TooLarge,
    TooMany,
    Unauthorised,
    WrongCoding,
    WrongType,
)
from gigamatte.types import Receipt

#: error → (status, code) where they are not our own; the first that fits counts
CODES: tuple[tuple[type[GigamatteError], int, str], ...] = (
    (NoSubject, 400, "unknown_foreground"),
    (Unauthorised, 403, "auth_failed"),
    (TooMany, 429, "rate_limit_exceeded"),
    (TooLarge, 400, "file_too_large"),
    (BudgetExceeded, 400, "resolution_too_high"),
    (WrongCoding, 415, "invalid_content_encoding"),
    (WrongType, 400, "invalid_file_type"),
    (UnsupportedInput, 400, "failed_to_read_image"),
    (InputError, 400, "failed_to_read_image"),
    (MissingSource, 400, "missing_source"),
    (SeveralSources, 400, "multiple_sources"),
    (BadRequest, 400, "invalid_parameters"),
    (UsageError, 400, "invalid_parameters"),
    (Busy, 503, "service_unavailable"),
)


def error_body(error: GigamatteError) -> tuple[int, dict[str, Any]]:
    """(status, body) of an error, in English as remove.bg's own."""
    title, hint = sentences(error)
    if isinstance(error, NoSubject):
        title, hint = "Could not identify foreground in image", "send a photo with a clear subject, or name it with roi"
    if isinstance(error, BadRequest) and error.reason:
        return 400, _body(title, error.reason, hint)
    usual = status_of(error), error.code.replace("-", "_")
    status, code = next(((status, code) for kind, status, code in CODES if isinstance(error, kind)), usual)
    return status, _body(title, code, hint)


def _body(title: str, code: str, hint: str) -> dict[str, Any]:
    return {"errors": [{"title": title, "code": code} | ({"detail": hint} if hint else {})]}


def wants_json(accept: str) -> bool:
    """Whether the client prefers JSON to a picture.

    Clients such as axios send "application/json, text/plain, */*" with everything and write the body to a file.
    """
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        try:
            weights.setdefault(media, float(weight))
        except ValueError:
            weights.setdefault(media, 0.0)
    json_weight = weights.get("application/json", 0.0)
    if json_weight <= 0 or weights.get("*/*", 0.0) > 0:
        return False
    order = list(weights)
    rivals = [media for media in order if media.startswith("image/") or media in ("application/zip", "application/*")]
    return all(
        weights[media] < json_weight
        or (weights[media] == json_weight and order.index("application/json") < order.index(media))
        for media in rivals
    )


def headers_of_result(receipt: Receipt, fields: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    """Headers of a result: its size, where the subject is, and that nothing was charged."""
    headers = {
        "x-width": str(receipt.width),
        "x-height": str(receipt.height),
        "x-credits-charged": "0",
        "x-warnings": json.dumps([*notes, *told(receipt.warnings)]),
        "cache-control": "no-store",
    }
    headers |= {f"x-{name.replace('_', '-')}": str(value) for name, value in foreground(receipt).items()}
    if fields.get("type_level", "1").lower() != "none":
        headers["x-type"] = "other"  # the kind of subject (person, car …) is not recognised here
    return headers


def foreground(receipt: Receipt) -> dict[str, int]:
    """Where the subject is in the photo."""
    return {f"foreground_{side}": receipt.subject.get(side, 0) for side in ("top", "left", "width", "height")}
