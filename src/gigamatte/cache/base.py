"""The protocol of a cache: values of bytes, each under a digest of everything that the value depends on.

An entry is never checked for being out of date: a result of other input has another key.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Cache(Protocol):
    """Keeps bytes. Threads may share it."""

    def get(self, key: bytes, length: int) -> bytes | None:
        """What was put under ``key``, verified, if it is there and has ``length`` bytes."""
        ...

    def put(self, key: bytes, value: bytes) -> None:
        """Keep ``value``, if there is room."""
        ...


def key_of(*parts: str | bytes | NDArray[Any]) -> bytes:
    """SHA-256 of the parts, in order; an array counts with its type, shape and values."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            form, data = f"{part.dtype.str}{part.shape}", np.ascontiguousarray(part).data
        else:
            form, data = type(part).__name__, memoryview(part.encode() if isinstance(part, str) else part)
        # each length first, so that different lists of parts never give the same bytes
        digest.update(f"{form}:{data.nbytes}:".encode())
        digest.update(data)
    return digest.digest()
