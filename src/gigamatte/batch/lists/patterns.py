"""Glob patterns over paths with forward slashes: ``*`` and ``?`` stay within a name, ``**/`` crosses folders."""

from __future__ import annotations

import re
from collections.abc import Callable

_MAGIC = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether ``text`` has a glob character."""
    return _MAGIC.search(text) is not None


def fixed_part(pattern: str, is_folder: Callable[[str], bool] = lambda _: False) -> tuple[str, str]:
    """(folders without glob characters, the rest): ``a/b/*/c?.jpg`` gives ``a/b`` and ``*/c?.jpg``.

    A folder that ``is_folder`` finds under the very name is no pattern: ``a [1]/*.jpg`` gives ``a [1]`` and ``*.jpg``.
    """
    parts = pattern.split("/")

    def is_fixed(at: int) -> bool:
        return not is_pattern(parts[at]) or is_folder("/".join(parts[: at + 1]))

    first = next((at for at in range(len(parts) - 1) if not is_fixed(at)), len(parts) - 1)
    root = "/".join(parts[:first])
    return ("/" if pattern.startswith("/") and not root else root), "/".join(parts[first:])


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression that matches the whole of a relative path; letters match in either case."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inner = pattern[at + 1 : end].replace("\\", "\\\\")
            inner = "^" + inner[1:] if inner.startswith("!") else inner
            out, at = out + f"[{inner}]", end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out, re.IGNORECASE | re.DOTALL)
