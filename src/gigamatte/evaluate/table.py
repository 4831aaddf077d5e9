"""Plain-text and Markdown tables, aligned also where Chinese characters are two columns wide."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Sequence

Cell = str | float | int | None


def text_table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], digits: int = 3, left: Collection[int] = (0,)
) -> str:
    """Aligned columns: those numbered in ``left`` to the left, the others to the right."""
    lines = [list(head), *([written(cell, digits) for cell in row] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head))]
    padded = (
        "  ".join(_padded(line[i], widths[i], left=i in left) for i in range(len(head))).rstrip() for line in lines
    )
    return "\n".join(padded)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], digits: int = 3) -> str:
    """A Markdown table with numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(written(cell, digits) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def written(value: Cell, digits: int = 3) -> str:
    """A number with ``digits`` significant digits; – where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, str | int):
        return str(value)
    if value and abs(value) < 1e-4:
        return f"{value:.1e}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(places, 5)}f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text
