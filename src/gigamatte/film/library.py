"""PyAV, the library that reads and writes films: loaded when the first one is met."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gigamatte.errors import UnsupportedInput, UsageError


def pyav() -> Any:
    """The module ``av``. Raises UsageError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise UsageError("films need PyAV, which is not installed", "pip install 'gigamatte[film]'") from error
    return av


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Around what reads a film: the library's errors become UnsupportedInput."""
    av = pyav()
    try:
        yield
    except av.error.FFmpegError as error:
        why = error.strerror or type(error).__name__
        raise UnsupportedInput(f"{name} cannot be read: {why}", "is the film whole? Does it play elsewhere?") from error
