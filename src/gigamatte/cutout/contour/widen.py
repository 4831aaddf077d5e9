"""Polygons moved outwards: the contour of their distance, rounded at corners, in pieces that meet grown into one.

On a grid the distance from the cells that a polygon runs through is known exactly (P. Felzenszwalb, D. Huttenlocher:
Distance Transforms of Sampled Functions, 2012); near the wanted distance it is put right by the nearest place on the
polygons themselves. What is traced in such a field cannot cross itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.contour.trace import Polygon, traced
from gigamatte.filters import distances
from gigamatte.types import Depth, FloatArray, Size

#: cells a distance, at least, where the grid would have more cells than these
CELLS, GRID = 50, 4_000_000
#: rows and columns of cells that are worked out at a time
ROWS, COLUMNS = 512, 1024
#: how far, in cells, from the wanted distance the field is put right
BAND = 3.0
#: places on the polygons are so close that a distance measured to them is too long by no more than this, pixels
TOO_LONG = 0.02
#: places before and behind the one that was found are tried, so many farther along the polygon
STEPS = (64, 16, 4, 2, 1)

_Places = NDArray[np.float64]
_Numbers = NDArray[np.int64]


def widened(polygons: list[Polygon], size: Size, distance: float) -> list[Polygon]:
    """Polygons around all that lies within ``distance`` pixels, above 0, of what closed polygons enclose (even-odd).

    They may go beyond the picture of ``size``. No more than ROWS rows of the grid are held. Raises TooMany.
    """
    if not polygons:
        return []
    # where two pieces meet the contour is off by a quarter of a cell at most
    whole = (size.width + 2 * distance) * (size.height + 2 * distance)
    cell = max(1, min(int(distance / CELLS), math.ceil((whole / GRID) ** 0.5)))
    margin = math.ceil(distance / cell + BAND) + 1
    columns, rows = (-(-side // cell) + 2 * margin for side in (size.width, size.height))
    line = _Line.through([polygon / cell + margin for polygon in polygons], distance / cell, cell)
    strips = (_strip(line, top, min(ROWS, rows - top), columns, distance / cell) for top in range(0, rows, ROWS))
    return [(found - margin) * cell for found in traced(strips, Size(columns, rows))]


@dataclass(frozen=True)
class _Line:
    """Places along closed polygons, behind each other; units are cells."""

    places: _Places
    #: the first of each one's polygon, and how many that has
    first: _Numbers
    count: _Numbers

    @classmethod
    def through(cls, polygons: list[Polygon], distance: float, cell: int) -> _Line:
        apart = math.sqrt(8 * TOO_LONG / cell * distance)
        parts = [_finer(polygon, apart) for polygon in polygons]
        lengths = np.array([len(part) for part in parts])
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        return cls(np.concatenate(parts), np.repeat(first, lengths), np.repeat(lengths, lengths))

    def part(self, axis: int, low: float, high: float) -> _Numbers:
        """The numbers of the places between two ends along an axis, 0 for x."""
        places = self.places[:, axis]
        return np.flatnonzero((places >= low) & (places < high))

    def between(self, number: _Numbers, axis: int, low: float, high: float) -> NDArray[np.bool_]:
        """Which of some places lie between two ends along an axis."""
        places = self.places[number, axis]
        between: NDArray[np.bool_] = (places >= low) & (places < high)
        return between

    def farther(self, number: _Numbers, step: int) -> _Numbers:
        """The places so many steps along the same polygon."""
        first, count = self.first[number], self.count[number]
        return first + (number - first + step) % count


def _finer(polygon: Polygon, apart: float) -> Polygon:
    """A closed polygon with more corners on its sides: none are farther apart than ``apart``."""
    sides = np.roll(polygon, -1, axis=0) - polygon
    pieces = np.maximum(1, np.ceil(np.hypot(*sides.T) / apart)).astype(np.int64)
    which = np.repeat(np.arange(len(polygon)), pieces)
    number = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    finer: Polygon = polygon[which] + sides[which] * (number / pieces[which])[:, None]
    return finer


def _strip(line: _Line, top: int, rows: int, columns: int, distance: float) -> NDArray[np.uint16]:
    """Rows of the field: half of 65535 at the distance, more nearer, an eighth of it a cell; uint16 (row, column)."""
    reach = math.ceil(distance + BAND) + 2
    inside = _inside(line, top - reach, rows + 2 * reach, columns)
    field = inside[reach : reach + rows] * np.uint16(Depth(16).full)
    beside = line.part(1, top - reach, top + rows + reach)
    for left in range(0, columns, COLUMNS):
        begin, end = max(0, left - reach), min(columns, left + COLUMNS + reach)
        near = beside[line.between(beside, 0, begin, end)]
        if len(near):
            block = _block(line, near, inside[:, begin:end], (begin, top - reach), distance)
            seen = slice(left - begin, min(left + COLUMNS, columns) - begin)
            field[:, left : left + COLUMNS] = Depth(16).from_unit(block[reach : reach + rows, seen])
    return field


def _block(
    line: _Line, near: _Numbers, inside: NDArray[np.uint8], corner: tuple[int, int], distance: float
) -> FloatArray:
    """Part of the field in [0, 1], from the cell at ``corner`` (x, y) on; ``near`` are the places within it."""
    column, row = line.places[near].astype(np.int64).T
    held = np.full(inside.shape, -1, np.int32)
    held[row - corner[1], column - corner[0]] = near
    away = distances(held < 0)
    signed: FloatArray = np.where(inside > 0, -away, away)
    band = np.abs(signed - np.float32(distance)) <= BAND
    band[0] = band[-1] = False
    found_row, found_column = np.nonzero(band)
    found = found_row.astype(np.int64), found_column.astype(np.int64)
    nodes = np.column_stack(found[::-1]) + 0.5 + np.array(corner)
    best = _nearest(line, held, away, found, nodes, corner)
    exact = signed[found].astype(np.float64)
    known = best >= 0
    sign = np.where(inside[found] > 0, -1, 1)
    exact[known] = np.hypot(*(line.places[best[known]] - nodes[known]).T) * sign[known]
    field = np.where(signed > distance, np.float32(0), np.float32(1))
    field[found] = np.clip(0.5 - (exact - distance) / 8, 0, 1)
    return field


def _inside(line: _Line, top: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """Which middles of cells the polygons enclose: 1 (row, column)."""
    number = line.part(1, top - 2, top + rows + 2)
    start, end = line.places[number], line.places[line.farther(number, 1)]
    low, high = np.sort(np.stack([start[:, 1], end[:, 1]]), axis=0)
    first = np.ceil(low - 0.5).astype(np.int64)
    counts = np.ceil(high - 0.5).astype(np.int64) - first
    which = np.repeat(np.arange(len(number)), counts)
    row = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    (x0, y0), (x1, y1) = start[which].T, end[which].T
    across = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    column = np.clip(np.ceil(across - 0.5), 0, columns - 1).astype(np.int64)
    seen = (row >= top) & (row < top + rows)
    passed = np.bincount((row[seen] - top) * columns + column[seen], minlength=rows * columns)
    odd: NDArray[np.uint8] = (np.cumsum(passed.reshape(rows, columns), axis=1, dtype=np.uint8) & 1).astype(np.uint8)
    return odd


def _nearest(
    line: _Line,
    held: NDArray[np.int32],
    away: FloatArray,
    found: tuple[_Numbers, _Numbers],
    nodes: _Places,
    corner: tuple[int, int],
) -> _Numbers:
    """The number of the nearest place for each node, −1 where none was found.

    It is looked for where the slope of the distance leads, then along the polygon, then at the neighbouring nodes.
    """
    search = _Search(line.places, nodes, np.full(len(nodes), -1, np.int64), np.full(len(nodes), np.inf))
    row, column = found
    last = held.shape[1] - 1
    left, right = np.maximum(column - 1, 0), np.minimum(column + 1, last)
    slope = np.column_stack([away[row, right] - away[row, left], away[row + 1, column] - away[row - 1, column]])
    slope /= np.maximum(np.hypot(*slope.T), 1e-6)[:, None]
    foot = nodes - slope * away[found][:, None] - corner
    for reach in (1, 4):
        lost = np.flatnonzero(search.best < 0)
        at = np.floor(foot[lost]).astype(np.int64)
        for down in range(-reach, reach + 1):
            for across in range(-reach, reach + 1):
                y, x = np.clip(at[:, 1] + down, 0, len(held) - 1), np.clip(at[:, 0] + across, 0, last)
                search.propose(lost, held[y, x].astype(np.int64))
    _follow(line, search)
    grid = np.full(held.shape, -1, np.int32)
    grid[found] = search.best
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            beside = grid[row + down, np.clip(column + across, 0, last)]
            search.propose(np.arange(len(nodes)), beside.astype(np.int64))
    _follow(line, search)
    return search.best


def _follow(line: _Line, search: _Search) -> None:
    """Try the places before and behind the best ones."""
    known = np.flatnonzero(search.best >= 0)
    for step in STEPS:
        for way in (-step, step):
            search.propose(known, line.farther(search.best[known], way))


@dataclass
class _Search:
    """The nearest place that each node has been offered, and how far it is."""

    places: _Places
    nodes: _Places
    best: _Numbers
    distance: _Places

    def propose(self, which: _Numbers, number: _Numbers) -> None:
        """Offer a place, −1 for none, to some of the nodes."""
        is_one = number >= 0
        which, number = which[is_one], number[is_one]
        distance = np.hypot(*(self.places[number] - self.nodes[which]).T)
        nearer = distance < self.distance[which]
        self.best[which[nearer]] = number[nearer]
        self.distance[which[nearer]] = distance[nearer]
