"""Names options as the reader of an error knows them: ``--max-pixels`` on the command line, ``max_pixels`` in Python.

Errors are written once, with options as the command line names them, since that is unambiguous. For a program that
imports gigamatte they are translated into arguments; while our own commands run, they stay as typed. (The service names
its own fields, see ``service/wording.py``.)
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

#: how many of our own commands run in this process; a worker process counts as one
_commands = 0

_SWITCHES = (
    "overwrite|keep-empty|require-device|crop|smooth|strip|strip-gps|largest|ignore-alpha|no-enlarge|clipping-path|"
    "palette"
)
_CHOICES = {
    "only": "cutout|alpha|foreground|trimap|uncertainty|shadow|pair|path",
    "refine": "auto|neural|guided|off",
    "mask-kind": "auto|alpha|trimap",
    "format": "png|webp|tiff|jpeg|avif|psd|svg|dxf",
    "model": "auto|locator",
    "kind": "photo|art",
    "device": "auto|cpu",
    "strategy": "long-side|portrait|product|document|auto",
    "pyramid": "pages|sub",
}
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r",? or (?:use|name) - for standard (?:input|output)"), ""),
    (re.compile(r" with -o\b"), ""),
    *(
        (re.compile(rf"--{name} ({values})\b(?!\.)"), rf'{name.replace("-", "_")}="\1"')
        for name, values in _CHOICES.items()
    ),
)
_SWITCH = re.compile(rf"--({_SWITCHES})(?![\w-])")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")


@contextlib.contextmanager
def as_typed() -> Iterator[None]:
    """A context in which errors and warnings name options as they are typed: for our own commands and workers."""
    global _commands
    _commands += 1
    try:
        yield
    finally:
        _commands -= 1


def with_option_names(text: str) -> str:
    """A line of an error, with options named as this process's reader knows them."""
    return text if _commands else in_python(text)


def in_python(text: str) -> str:
    """``text`` with options as arguments of ``Options``, ``cut`` and ``save``."""
    if "-" not in text:
        return text
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    text = _SWITCH.sub(lambda found: f"{found[1].replace('-', '_')}=True", text)
    return _OPTION.sub(lambda found: found[1].replace("-", "_"), text)
