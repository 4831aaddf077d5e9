"""Rewrites errors of modules that the command line uses too: they name a request's fields instead of options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from gigamatte.messages import translate

#: hints that do not help the client of a service → better ones. The first that fits counts.
_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"allow more with --memory, or write PNG or TIFF.*"), "send a smaller photo, or ask for png or tiff"),
    (re.compile(r"allow more with --.*"), "send a smaller photo"),
    # what one photo may have is the service's own setting
    (re.compile(r"choose a smaller canvas or margin, or raise --max-pixels"), "choose a smaller canvas or margin"),
    (re.compile(r"choose a smaller canvas, or raise --max-pixels"), "choose a smaller canvas"),
    (
        re.compile(r".*(gigamatte models|gigamatte doctor|pip (un)?install|GIGAMATTE_|--device).*"),
        "tell whoever runs this service",
    ),
    (re.compile(r".*(--overwrite|--cache|with -o|threads).*"), ""),
)
_OPTION = re.compile(r"--([a-z][a-z-]*)")


def in_fields(message: str, hint: str, lang: Literal["en", "zh"]) -> tuple[str, str]:
    """Message and hint of an error for the client of a request, in its language."""
    better = next((better for pattern, better in _HINTS if pattern.fullmatch(hint)), hint)
    return renamed(translate(message, lang)), renamed(translate(better, lang))


def told(warnings: Iterable[str], lang: Literal["en", "zh"] = "en") -> list[str]:
    """A receipt's warnings for the client of a request, in its language."""
    return [in_fields(warning, "", lang)[0] for warning in warnings]


def renamed(text: str) -> str:
    """``text`` with options as fields of a request."""
    return _OPTION.sub(lambda found: found[1].replace("-", "_"), text)
