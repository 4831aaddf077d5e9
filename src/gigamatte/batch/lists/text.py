"""Lists as text: UTF-8, or UTF-16 as Excel and PowerShell write it."""

from __future__ import annotations

import codecs
import contextlib
import io
from collections.abc import Iterator
from typing import IO, Any, cast


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
