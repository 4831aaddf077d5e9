"""Makes the standard streams usable where the caller closed them or their encoding lacks characters."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any, TextIO

#: what the caller had closed: stdin, stdout, stderr
closed: set[str] = set()


def make_usable() -> None:
    """Open closed streams on the null device, and let them escape characters that their encoding lacks.

    Windowed programs, daemons and some schedulers close the standard streams. The next files that are opened would
    get their numbers, and a library that prints would write into a photo.
    """
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
            os.set_inheritable(descriptor, True)
        os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            closed.add(name)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def json_text(data: Any, stream: TextIO | None = None, indent: int | None = None) -> str:
    """JSON for ``stream`` (default: stdout): all in ASCII where the stream may not hold all letters."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    ascii_only = encoding.lower().replace("-", "").replace("_", "") != "utf8"
    return json.dumps(data, ensure_ascii=ascii_only, indent=indent)


def hang_up() -> None:
    """Open stdout on the null device, because the program that read our output has ended."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
