"""Words of the command line that are not plain numbers or names: boxes and pixel counts."""

from __future__ import annotations

from gigamatte.errors import UsageError
from gigamatte.types import Box

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def parse_box(text: str | None) -> Box | None:
    """``left,top,width,height`` in upright photo pixels."""
    if text is None:
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--box takes left,top,width,height in photo pixels; found {text!r}") from None
    if width < 1 or height < 1:
        raise UsageError(f"--box needs a width and a height of at least 1; found {text!r}")
    return Box(left, top, width, height)


def parse_count(text: str, option: str = "--max-pixels") -> int:
    """A whole number, with K, M or G for thousands, millions and thousand millions: 2G, 300M, 40000000."""
    word = text.strip().upper()
    unit = word[-1:] if word[-1:] in ("K", "M", "G") else ""
    try:
        value = float(word.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        value = 0.0
    if not 1 <= value <= 1e15:
        raise UsageError(f"{option} takes a number such as 40000000, 300M or 2G; found {text!r}")
    return int(value)
