"""The branch of the tree of errors (``errors.py``) for what the service refuses by itself, whatever the photo."""

from __future__ import annotations

from typing import Any

from gigamatte.errors import GigamatteError


class Refused(GigamatteError, code="refused"):
    """What the service itself refuses. ``retry`` is in seconds, for Retry-After; None: repeating it does not help."""

    retry: int | None = None

    def __init__(self, message: str, hint: str = "", retry: int | None = None) -> None:
        super().__init__(message, hint)
        if retry is not None:
            self.retry = retry

    def __reduce__(self) -> tuple[type[GigamatteError], tuple[Any, ...]]:
        return type(self), (*self.written, self.retry)


class BadRequest(Refused, code="bad-request"):
    """The request cannot be understood. ``reason`` is another service's word for it, which its clients test for."""

    reason = ""

    def because(self, reason: str) -> BadRequest:
        """The same with a ``reason``."""
        self.reason = reason
        return self


class MissingSource(BadRequest):
    """There is no photo in the request."""


class SeveralSources(BadRequest):
    """There is more than one photo in the request."""


class Unauthorised(Refused, code="unauthorised"):
    """No API key, or one that is not known."""


class Forbidden(Refused, code="forbidden"):
    """A page of another site, or a host name that is not ours."""


class NotFound(Refused, code="not-found"):
    """There is no such job or route."""


class NotAllowed(Refused, code="method-not-allowed"):
    """The route has no such method."""


class TooSlow(Refused, code="too-slow"):
    """The request did not arrive in time."""


class NotReady(Refused, code="not-ready"):
    """The job has no result yet."""

    retry = 1


class NoSuchRange(Refused, code="no-such-range"):
    """The Range header asks for bytes that the answer does not have."""


class TooLarge(Refused, code="too-large"):
    """The body has more bytes than allowed."""


class WrongType(Refused, code="wrong-type"):
    """The bytes are no picture of a kind that is read, or the body is of no kind that is understood."""


class WrongCoding(WrongType):
    """The body is compressed."""


class Misdirected(Refused, code="wrong-host"):
    """The Host header names another server."""


class TooMany(Refused, code="too-many"):
    """The client has used up its quota."""

    retry = 10


class Busy(Refused, code="busy"):
    """The queue or the spool is full, or the service is shutting down."""

    retry = 5


class Late(Refused, code="deadline"):
    """The photo was not finished before the request's deadline."""
