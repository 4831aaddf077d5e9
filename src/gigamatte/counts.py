"""Large numbers as people write them: 40000000, 300M, 2G."""

from __future__ import annotations

_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def count_of(text: str) -> int | None:
    """A whole number in 1…10¹⁵, with K, M or G for thousands, millions and thousand millions; None for other words.

    A B for bytes may follow these: 500kB.
    """
    word = text.strip().upper()
    word = word.removesuffix("B") if word[-2:] in ("KB", "MB", "GB") else word
    unit = word[-1:] if word[-1:] in ("K", "M", "G") else ""
    try:
        value = float(word.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        return None
    return int(value) if 1 <= value <= 1e15 else None
