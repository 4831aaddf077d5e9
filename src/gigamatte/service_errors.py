"""The branch of the tree of errors (``errors.py``) for what the service refuses by itself, whatever the photo."""

from __future__ import annotations

from typing import Any

from gigamatte.errors import GigamatteError


class Refused(GigamatteError):
    """What the service itself refuses. ``retry`` is in seconds, for Retry-After; None: repeating it does not help."""

    code = "refused"
    retry: int | None = None

    def __init__(self, message: str, hint: str = "", retry: int | None = None) -> None:
        super().__init__(message, hint)
        if retry is not None:
            self.retry = retry

    def __reduce__(self) -> tuple[type[GigamatteError], tuple[Any, ...]]:
        return type(self), (*self.written, self.retry)


class BadRequest(Refused):
    """The request cannot be understood. ``reason`` is another service's word for it, which its clients test for."""

    code = "bad-request"
    reason = ""

    def because(self, reason: str) -> BadRequest:
        """The same with a ``reason``."""
        self.reason = reason
        return self


class MissingSource(BadRequest):
    """There is no photo in the request."""


class SeveralSources(BadRequest):
    """There is more than one photo in the request."""


class Unauthorised(Refused):
    """No API key, or one that is not known."""

    code = "unauthorised"


class Forbidden(Refused):
    """A page of another site, or a host name that is not ours."""

    code = "forbidden"


class NotFound(Refused):
    """There is no such job or route."""

    code = "not-found"


class NotAllowed(Refused):
    """The route has no such method."""

    code = "method-not-allowed"


class TooSlow(Refused):
    """The request did not arrive in time."""

    code = "too-slow"


class NotReady(Refused):
    """The job has no result yet."""

    code = "not-ready"
    retry = 1


class NoSuchRange(Refused):
    """The Range header asks for bytes that the answer does not have."""

    code = "no-such-range"


class TooLarge(Refused):
    """The body has more bytes than allowed."""

    code = "too-large"


class WrongType(Refused):
    """The bytes are no picture of a kind that is read, or the body is of no kind that is understood."""

    code = "wrong-type"


class WrongCoding(WrongType):
    """The body is compressed."""


class Misdirected(Refused):
    """The Host header names another server."""

    code = "wrong-host"


class TooMany(Refused):
    """The client has used up its quota."""

    code = "too-many"
    retry = 10


class Busy(Refused):
    """The queue or the spool is full, or the service is shutting down."""

    code = "busy"
    retry = 5


class Late(Refused):
    """The photo was not finished before the request's deadline."""

    code = "deadline"
