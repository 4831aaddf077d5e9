"""English endings behind a number: 1 photo, 2 photos. Chinese texts leave them out."""

from __future__ import annotations


def plural(count: float | str) -> str:
    """The ending of a word behind ``count``, a number or how it is written."""
    return "" if str(count) in ("1", "1.0") else "s"
