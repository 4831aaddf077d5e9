"""Lists as text: UTF-8, or UTF-16 as Excel and PowerShell write it."""

from __future__ import annotations

import codecs
import contextlib
import io
from collections.abc import Iterator
from typing import IO, Any, cast

from gigamatte.errors import UsageError

#: letters of a line, or of a cell of a CSV file, at most
LONGEST = 16 << 20


@contextlib.contextmanager
def text_of(file: IO[bytes], newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """The text of a file from its beginning; the file itself stays open.

    Bytes that are no UTF-8 are read as in the file system's own names.
    """
    data: Any = file if hasattr(file, "peek") else io.BufferedReader(cast(Any, file))
    wide = data.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    text = io.TextIOWrapper(data, encoding, errors, newline=newline)
    try:
        yield text
    finally:
        if not file.closed:  # the reader of these lines may have been left behind
            text.detach()
            if data is not file:
                data.detach()


def lines_of(text: io.TextIOBase, spec: str) -> Iterator[tuple[int, str]]:
    """Its lines, numbered from 1. Raises UsageError for one that is longer than a list has."""
    number = 0
    while line := text.readline(LONGEST):
        number += 1
        if len(line) == LONGEST:
            raise UsageError(f"{spec}, line {number}: has more than {LONGEST:,} letters", "is it a list of photos?")
        yield number, line
