"""Covers the pixels that are wanted with few rectangles, so that a diagonal contour does not cost its whole square."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import or_

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Box

#: Rectangles are divided along the borders of squares of this many pixels …
CELL = 16
#: … and cost so much besides their pixels, in pixels: the calls that each takes.
OVERHEAD = 4096

#: what a rectangle of (height, width) cells costs, in pixels
_Cost = Callable[[int, int], int]


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

    @functools.cache
    def side(cells: int) -> int:
        read = cells * cell + 2 * margin
        return read if length is None else length(read)

    def cost(height: int, width: int) -> int:
        return side(height) * side(width) + overhead

    found = _Part.of(filled).divided(cost)
    return [tight for part in found if not (tight := _tight(wanted, part.box(cell))).empty]


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

    def divided(self, cost: _Cost) -> Iterator[_Part]:
        """The parts that together are cheapest, found by dividing the cheapest way again and again."""
        whole = cost(len(self.rows), len(self.columns))
        ways = [(total, 0, at) for at, total in _cheapest(self.rows, cost)]
        ways += [(total, 1, at) for at, total in _cheapest(self.columns, lambda width, height: cost(height, width))]
        total, axis, at = min(ways, default=(whole, 0, 0))
        if total >= whole:
            yield self
            return
        for part in self._halves(axis, at):
            yield from part.divided(cost)

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


def _cheapest(lines: Sequence[int], cost: _Cost) -> Iterator[tuple[int, int]]:
    """(place, what both parts cost) of the places where the lines may be divided: both ends hold something."""
    before, after = list(accumulate(lines, or_)), list(accumulate(reversed(lines), or_))[::-1]
    last = 0  # where the lines before the place end
    following = [*_next_used(lines)]
    for at in range(1, len(lines)):
        last = at if lines[at - 1] else last
        first = following[at]
        yield at, cost(last, _width(before[at - 1])) + cost(len(lines) - first, _width(after[at]))


def _next_used(lines: Sequence[int]) -> list[int]:
    """For each line the number of the first one from it on that holds something."""
    found, place = [], len(lines)
    for number in range(len(lines) - 1, -1, -1):
        place = number if lines[number] else place
        found.append(place)
    return found[::-1]


def _width(line: int) -> int:
    """From the first filled cell of a line to its last."""
    return line.bit_length() - ((line & -line).bit_length() - 1)
