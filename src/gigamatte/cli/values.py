"""Words of the command line that are not plain numbers or names: boxes and pixel counts."""

from __future__ import annotations

from gigamatte.counts import count_of
from gigamatte.errors import UsageError
from gigamatte.types import Box


def parse_box(text: str | None) -> Box | None:
    """``left,top,width,height`` in upright photo pixels. Raises UsageError."""
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
    """A whole number, with K, M or G for 10³, 10⁶ and 10⁹: 2G, 300M, 40000000. Raises UsageError."""
    value = count_of(text)
    if value is None:
        raise UsageError(f"{option} takes a number such as 40000000, 300M or 2G; found {text!r}")
    return value
