"""Writes lines to a stream: characters that its encoding lacks are escaped, and a stream that is closed, or was never
open, does not end the batch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TextIO


class Lines:
    """Writes to ``stream``; None writes nowhere.

    ``lost`` is called once, with the reason why nothing more can be written, but not when a reader has closed its end.
    """

    def __init__(self, stream: TextIO | None, lost: Callable[[str], None] | None = None) -> None:
        self._stream, self._lost = stream, lost

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return self._stream is not None and self._stream.isatty()

    def write(self, line: str) -> None:
        """One line, at once: other programs wait for it."""
        if self._stream is None:
            return
        try:
            self._stream.write(printable(line, self._stream.encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            self._drop()
            if self._lost is not None and isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
                self._lost(error.strerror or str(error))

    def _drop(self) -> None:
        """Write nothing from now on, also not when Python flushes the stream at its end."""
        stream, self._stream = self._stream, None
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
            os.close(nowhere)


def printable(text: str, encoding: str | None = None) -> str:
    """The text with escapes for what the encoding (default: UTF-8) does not have."""
    name = encoding or "utf-8"
    return text.encode(name, "backslashreplace").decode(name)
