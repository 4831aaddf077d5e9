"""HTTP errors, one table: exception → status. Own routes answer with problem details (RFC 9457)."""

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
    UsageError,
    WorkerDied,
    WriteError,
)
from gigamatte.messages import translate
from gigamatte.service.wording import in_fields
from gigamatte.worker.supervisor import TookTooLong

PROBLEM = "application/problem+json"


class Refused(GigamatteError):
    """Base of what the service itself refuses. ``retry`` is in seconds, for Retry-After."""

    status = 400
    code = "refused"
    retry: int | None = None

    def __init__(self, message: str, hint: str = "", *, retry: int | None = None) -> None:
        super().__init__(message, hint)
        if retry is not None:
            self.retry = retry


class BadRequest(Refused):
    """The request cannot be understood."""

    code = "bad-request"


class Unauthorised(Refused):
    """No API key, or one that is not known."""

    status = 401
    code = "unauthorised"


class Forbidden(Refused):
    """A page of another site, or a host name that is not ours."""

    status = 403
    code = "forbidden"


class NotFound(Refused):
    """There is no such job or route."""

    status = 404
    code = "not-found"


class NotAllowed(Refused):
    """The route has no such method."""

    status = 405
    code = "method-not-allowed"


class TooSlow(Refused):
    """The request did not arrive in time."""

    status = 408
    code = "too-slow"


class NotReady(Refused):
    """The job has no result yet."""

    status = 409
    code = "not-ready"
    retry = 1


class TooLarge(Refused):
    """The body has more bytes than allowed."""

    status = 413
    code = "too-large"


class WrongType(Refused):
    """The bytes are no picture of a kind that is read, or the body is of no kind that is understood."""

    status = 415
    code = "wrong-type"


class Misdirected(Refused):
    """The Host header names somebody else."""

    status = 421
    code = "wrong-host"


class TooMany(Refused):
    """The client has used up its quota."""

    status = 429
    code = "too-many"
    retry = 10


class Busy(Refused):
    """The queue or the spool is full, or the service is shutting down."""

    status = 503
    code = "busy"
    retry = 5


class Late(Refused):
    """The photo was not finished before the request's deadline."""

    status = 504
    code = "deadline"


#: the first entry that fits counts, so the narrower classes come first
TABLE: tuple[tuple[type[GigamatteError], int], ...] = (
    (UsageError, 400),
    (InputError, 422),
    (BudgetExceeded, 422),
    (NoSubject, 422),
    (NetworkUnavailable, 503),
    (WriteError, 507),
    (TookTooLong, 504),
    (WorkerDied, 500),
    (Cancelled, 503),
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
    if isinstance(error, Refused):
        return error.status
    return next(status for kind, status in TABLE if isinstance(error, kind))


def sentences(error: GigamatteError, lang: str = "en") -> tuple[str, str]:
    """Message and hint of an error in ``lang`` (en or zh), in the words of a request."""
    to: Literal["en", "zh"] = "zh" if lang == "zh" else "en"
    if isinstance(error, Refused):  # our own words already, some of them for who runs the service
        return translate(error.message, to), translate(error.hint, to)
    return in_fields(error.message, error.hint, to)


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
