"""One table of HTTP errors: exception → status. Our own routes answer with problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from gigamatte.errors import (
    BudgetExceeded,
    Cancelled,
    GigamatteError,
    InputError,
    NetworkUnavailable,
    NoSubject,
    TookTooLong,
    UsageError,
    WorkerDied,
    WorkerNotStarted,
    WriteError,
)
from gigamatte.messages import translate
from gigamatte.service.wording import in_fields
from gigamatte.service_errors import (
    BadRequest,
    Busy,
    Forbidden,
    Late,
    Misdirected,
    NoSuchRange,
    NotAllowed,
    NotFound,
    NotReady,
    Refused,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthorised,
    WrongType,
)

PROBLEM = "application/problem+json"


#: the first entry that fits counts, so the narrower classes come first
TABLE: tuple[tuple[type[GigamatteError], int], ...] = (
    (UsageError, 400),
    (InputError, 422),
    (BudgetExceeded, 422),
    (NoSubject, 422),
    (NetworkUnavailable, 503),
    (WriteError, 507),
    (TookTooLong, 504),
    (WorkerNotStarted, 503),
    (WorkerDied, 500),
    (Cancelled, 503),
    (BadRequest, 400),
    (Unauthorised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (NotAllowed, 405),
    (TooSlow, 408),
    (NotReady, 409),
    (TooLarge, 413),
    (WrongType, 415),
    (NoSuchRange, 416),
    (Misdirected, 421),
    (TooMany, 429),
    (Busy, 503),
    (Late, 504),
    (Refused, 400),
    (GigamatteError, 500),
)

TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "API key needed",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Request too slow",
    409: "Not ready",
    413: "Body too large",
    415: "Not a picture that is read here",
    416: "No such part of the file",
    421: "Wrong host",
    422: "The photo cannot be used",
    429: "Too many requests",
    500: "The photo could not be cut",
    503: "Not available now",
    504: "Not finished in time",
    507: "No room for the result",
}


def status_of(error: GigamatteError) -> int:
    """The HTTP status of an error."""
    return next(status for kind, status in TABLE if isinstance(error, kind))


def sentences(error: GigamatteError, lang: str = "en") -> tuple[str, str]:
    """Message and hint of an error in ``lang`` (en or zh), naming a request's fields instead of options."""
    to: Literal["en", "zh"] = "zh" if lang == "zh" else "en"
    if isinstance(error, Refused):  # these name the service's own fields already; some are meant for its operator
        return translate(error.written[0], to), translate(error.written[1], to)
    return in_fields(*error.written, to)


def problem(error: GigamatteError, *, lang: str = "en", request_id: str = "") -> dict[str, Any]:
    """Problem details of an error, its sentences in ``lang`` (en or zh); ``code`` is for programs."""
    status = status_of(error)
    detail, hint = sentences(error, lang)
    body = {
        "type": f"urn:gigamatte:{error.code}",
        "title": translate(TITLES[status], "zh" if lang == "zh" else "en"),
        "status": status,
        "detail": detail,
        "code": error.code,
    }
    if hint:
        body["hint"] = hint
    if request_id:
        body["request_id"] = request_id
    return body


def headers_of(error: GigamatteError, *, lang: str = "en") -> dict[str, str]:
    """Headers that belong to an error's answer."""
    headers = {"content-language": "zh" if lang == "zh" else "en", "cache-control": "no-store"}
    if isinstance(error, Refused) and error.retry is not None:
        headers["retry-after"] = str(error.retry)
    if isinstance(error, Cancelled):
        headers["retry-after"] = str(Busy.retry)
    if isinstance(error, WrongType):
        headers["accept-encoding"] = "identity"
    if isinstance(error, Unauthorised):
        headers["www-authenticate"] = 'Bearer realm="gigamatte"'
    return headers
