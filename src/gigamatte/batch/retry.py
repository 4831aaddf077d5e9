"""Repeats a failed request to a store, after waits that grow and are random, so that clients do not all ask at once."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from typing import TypeVar

#: how often a request is made, and the longest wait (seconds) before the second time; it doubles from then on
TRIES, FIRST = 4, 0.5
#: errors that repeating the request does not help, by class name, because every store's client has its own
_LASTING = frozenset((
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "ParamValidationError", "InvalidRegionError", "NoRegionError", "InvalidEndpointDiscoveryConfigurationError",
    "DefaultCredentialsError", "ClientAuthenticationError", "ResourceNotFoundError", "UnknownSigningMethodError",
))  # fmt: skip
#: of this machine's own disk
_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOENT, errno.EACCES, errno.EPERM, errno.EINVAL))
_Answer = TypeVar("_Answer")


def with_retries(ask: Callable[[], _Answer]) -> _Answer:
    """The answer of ``ask``; it is called again, after a random part of a doubling time (full jitter), when it raises
    what may pass: a time-out, a lost connection, a store that is busy. Raises what it raised last."""
    for attempt in range(TRIES):
        try:
            return ask()
        except Exception as error:
            if attempt == TRIES - 1 or not may_pass(error):
                raise
            time.sleep(random.uniform(0.1, FIRST * 2**attempt))
    raise AssertionError("unreachable")


def may_pass(error: BaseException) -> bool:
    """Whether the same request may be answered otherwise a moment later."""
    if any(kind.__name__ in _LASTING for kind in type(error).__mro__):
        return False
    if isinstance(error, (FileNotFoundError, PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError)):
        return False
    if isinstance(error, OSError):
        return error.errno not in _DISK
    return not isinstance(error, (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, ImportError))
