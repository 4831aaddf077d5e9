"""Covers the pixels that are wanted with few rectangles, so that a diagonal contour does not cost its whole square."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Box

#: Rectangles are divided along the borders of squares of this many pixels …
CELL = 16
#: … and cost so much besides their pixels, in pixels: the calls that each takes.
OVERHEAD = 4096

#: what is read along a side of so many cells, in pixels
_Sides = Sequence[int]


def covering(
    wanted: NDArray[np.bool_],
    margin: int,
    *,
    cell: int = CELL,
    overhead: int = OVERHEAD,
    length: Callable[[int], int] | None = None,
) -> list[Box]:
    """Rectangles that hold every wanted pixel and share none, counted from the corner of ``wanted`` (row, column).

    They start on even pixels and have even sides. ``margin``: how many pixels around each rectangle are read as well:
    the more, the fewer and larger rectangles are cheapest. One is divided where that makes the sum of all cheaper, at
    the border of squares of ``cell`` pixels (even). A rectangle costs what is read, and ``overhead`` pixels more;
    ``length`` makes the side that is read, in pixels, the one that has to be paid for.
    """
    rows, columns = (-(-side // cell) for side in wanted.shape)
    cells = np.zeros((rows * cell, columns * cell), np.bool_)
    cells[: wanted.shape[0], : wanted.shape[1]] = wanted
    # rows first: eight times as fast as both at once
    lines = cells.reshape(rows, cell, columns * cell).any(1)
    filled: NDArray[np.bool_] = np.asarray(lines.reshape(rows, columns, cell).any(2))
    if not filled.any():
        return []

    sides = _sides(max(rows, columns), cell, margin, length)
    found = _Part.of(filled).divided(sides, overhead)
    return [tight for part in found if not (tight := _tight(wanted, part.box(cell))).empty]


@functools.lru_cache(maxsize=32)
def _sides(most: int, cell: int, margin: int, length: Callable[[int], int] | None) -> tuple[int, ...]:
    """What is read along a side of 0 to ``most`` cells, in pixels."""
    read = [cells * cell + 2 * margin for cells in range(most + 1)]
    return tuple(read if length is None else map(length, read))


def _tight(wanted: NDArray[np.bool_], box: Box) -> Box:
    """The even rectangle around what is wanted in a box of whole cells."""
    inside = wanted[box.slices()]
    down, across = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not down.size:
        return Box(box.left, box.top, 0, 0)
    top, left = int(down[0]) // 2 * 2, int(across[0]) // 2 * 2
    height, width = int(down[-1]) + 1 - top, int(across[-1]) + 1 - left
    return Box(box.left + left, box.top + top, width + width % 2, height + height % 2)


@dataclass(frozen=True)
class _Part:
    """Cells of a grid: of each row and each column, the filled ones as bits. Empty lines at the rim are left out."""

    top: int
    left: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @classmethod
    def of(cls, filled: NDArray[np.bool_]) -> _Part:
        rows, columns = (
            tuple(int.from_bytes(line, "little") for line in np.packbits(lines, axis=1, bitorder="little"))
            for lines in (filled, filled.T)
        )
        return cls(0, 0, rows, columns)._trimmed()

    def box(self, cell: int) -> Box:
        """In pixels."""
        return Box(self.left * cell, self.top * cell, len(self.columns) * cell, len(self.rows) * cell)

    def divided(self, sides: _Sides, overhead: int) -> Iterator[_Part]:
        """The parts that together are cheapest, found by dividing the cheapest way again and again."""
        whole = sides[len(self.rows)] * sides[len(self.columns)] - overhead
        (across, row), (down, column) = _cheapest(self.rows, sides), _cheapest(self.columns, sides)
        if min(across, down) >= whole:
            yield self
            return
        axis, at = (0, row) if across <= down else (1, column)
        for part in self._halves(axis, at):
            yield from part.divided(sides, overhead)

    def _halves(self, axis: int, at: int) -> tuple[_Part, _Part]:
        """The parts before and from a row (``axis`` 0) or column on."""
        before = (1 << at) - 1
        if axis == 0:
            one = _Part(self.top, self.left, self.rows[:at], tuple(line & before for line in self.columns))
            two = _Part(self.top + at, self.left, self.rows[at:], tuple(line >> at for line in self.columns))
        else:
            one = _Part(self.top, self.left, tuple(line & before for line in self.rows), self.columns[:at])
            two = _Part(self.top, self.left + at, tuple(line >> at for line in self.rows), self.columns[at:])
        return one._trimmed(), two._trimmed()

    def _trimmed(self) -> _Part:
        top, bottom = _ends(self.rows)
        left, right = _ends(self.columns)
        rows = tuple(line >> left for line in self.rows[top:bottom])
        columns = tuple(line >> top for line in self.columns[left:right])
        return _Part(self.top + top, self.left + left, rows, columns)


def _ends(lines: Sequence[int]) -> tuple[int, int]:
    used = [place for place, line in enumerate(lines) if line]
    return used[0], used[-1] + 1


def _cheapest(lines: Sequence[int], sides: _Sides) -> tuple[float, int]:
    """(what both parts cost, place) where dividing the lines is cheapest; both ends hold something.

    Without what a rectangle costs besides its pixels. Infinite where there is only one line. One plain loop each way:
    this is called thousands of times for a photo.
    """
    count = len(lines)
    after = [0] * count
    seen, first, cost = 0, count, 0
    for place in range(count - 1, 0, -1):
        if line := lines[place]:
            seen, first = seen | line, place
            cost = sides[count - first] * sides[seen.bit_length() - (seen & -seen).bit_length() + 1]
        after[place] = cost
    best, best_place, seen = math.inf, 0, 0
    for place in range(1, count):
        if line := lines[place - 1]:
            seen |= line
            cost = sides[place] * sides[seen.bit_length() - (seen & -seen).bit_length() + 1]
        if cost + after[place] < best:
            best, best_place = cost + after[place], place
    return best, best_place
