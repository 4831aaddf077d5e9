"""A path filled: how much of each pixel lies within it.

On each of ``lines`` horizontal lines through a row of pixels the curves' crossings are exact, and so is the length
between every second and the next (the even-odd rule; scan conversion: Foley et al., Computer Graphics, 1990, 3.6).
Only what lies in the box that is asked for is held.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath, Knots
from gigamatte.errors import UnsupportedInput
from gigamatte.types import Box, FloatArray, Size

#: how far the straight pieces of a curve may lie beside it, pixels
FLATNESS = 0.02
#: straight pieces that a curve, and a path, may have
MOST_PIECES, MOST_OF_PATH = 4096, 1_000_000
#: lines through a row of pixels: as many as these, fewer of a path that crosses very many rows
LINES, FEWEST_LINES = 32, 4
#: crossings of lines with a path, in the whole picture and at a time
MOST_CROSSINGS, AT_A_TIME = 32_000_000, 2_000_000


class PathFill:
    """A path in a picture of ``size`` pixels. Raises UnsupportedInput for one with too many pieces or crossings."""

    def __init__(self, path: ClippingPath, size: Size) -> None:
        pieces = straight_pieces(path)
        upwards = pieces[:, 1] > pieces[:, 3]
        pieces[upwards] = pieces[upwards][:, [2, 3, 0, 1]]
        seen = pieces[(pieces[:, 3] > 0) & (pieces[:, 1] < size.height)]
        level = seen[:, 3] == seen[:, 1]
        self._pieces, self._level = seen[~level], seen[level]
        rows = float(np.sum(np.clip(self._pieces[:, 3], 0, size.height) - np.clip(self._pieces[:, 1], 0, size.height)))
        lines = LINES
        while lines > FEWEST_LINES and rows * lines > MOST_CROSSINGS:
            lines //= 2
        if rows * lines > MOST_CROSSINGS:
            raise UnsupportedInput(
                f"the path {path.name!r} goes {rows:.0f} rows up and down in a picture of {size.height}",
                "is it a path that clips?",
            )
        self._lines = lines

    def values(self, box: Box) -> FloatArray:
        """The part of each pixel of ``box`` that lies within the path: float32 (row, column) in [0, 1]."""
        beside, level = (one[(one[:, 3] > box.top) & (one[:, 1] < box.bottom)] for one in (self._pieces, self._level))
        if not (_touches(beside, box) or _touches(level, box)):  # all of it is inside, or none
            return np.full((box.height, box.width), _is_inside(beside, box), np.float32)
        return self._values(box, beside)

    def _values(self, box: Box, pieces: NDArray[np.float64]) -> FloatArray:
        lines = box.height * self._lines
        first, last = (
            np.clip(np.ceil((end - box.top) * self._lines - 0.5), 0, lines).astype(np.int64)
            for end in (pieces[:, 1], pieces[:, 3])
        )
        counts = last - first
        if int(counts.sum()) > AT_A_TIME and box.height > 1:
            half = box.height // 2
            parts = (
                Box(box.left, box.top, box.width, half),
                Box(box.left, box.top + half, box.width, box.height - half),
            )
            return np.concatenate([self.values(part) for part in parts])
        which = np.repeat(np.arange(len(pieces)), counts)
        line = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
        x0, y0, x1, y1 = pieces[which].T
        y = (box.top * self._lines + line + 0.5) / self._lines
        across = np.clip(x0 + (y - y0) * ((x1 - x0) / (y1 - y0)) - box.left, 0, box.width)
        # sorted along each line; a closed curve crosses it an even number of times
        width = box.width + 1
        order = np.sort(line * float(width) + across)
        row, column = np.divmod(order, width)
        return _covered(row.astype(np.int64) // self._lines, column, box) / np.float32(self._lines)


def _touches(pieces: NDArray[np.float64], box: Box) -> bool:
    """Whether any of the pieces beside a box lies in its columns too."""
    left, right = np.minimum(pieces[:, 0], pieces[:, 2]), np.maximum(pieces[:, 0], pieces[:, 2])
    return bool(np.any((right > box.left) & (left < box.right)))


def _is_inside(pieces: NDArray[np.float64], box: Box) -> bool:
    """Whether a box that no piece touches lies within the path: an odd number of pieces passes its first line."""
    y = box.top + 0.5
    passing = pieces[(pieces[:, 1] <= y) & (pieces[:, 3] > y)]
    return int(np.sum(passing[:, 0] < box.left + 0.5)) % 2 == 1


def _covered(row: NDArray[np.int64], column: NDArray[np.float64], box: Box) -> FloatArray:
    """Summed lengths within each pixel, of pieces from every second place in a row to the next: (row, column)."""
    pixel = np.minimum(column.astype(np.int64), box.width)
    part = column - pixel
    sign = np.where(np.arange(len(row)) % 2 == 0, 1.0, -1.0)
    width = box.width + 2
    at = row * width + pixel
    # what a piece's beginning adds to its own pixel, and to all that follow
    change = np.bincount(at, sign * (1 - part), box.height * width)
    change += np.bincount(at + 1, sign * part, box.height * width)
    lengths = np.cumsum(change.reshape(box.height, width), axis=1)[:, : box.width]
    return np.maximum(lengths, 0).astype(np.float32)


def straight_pieces(path: ClippingPath, flatness: float = FLATNESS) -> NDArray[np.float64]:
    """The path as straight pieces, float64 (piece, 4): x, y of the beginning and of the end. Raises UnsupportedInput.

    They lie no farther than ``flatness`` pixels beside the curves.
    """
    if not path.subpaths:
        return np.empty((0, 4))
    lengths = np.array([len(knots) for knots in path.subpaths])
    corners = _corners(np.concatenate(path.subpaths), _following(lengths))
    counts = _pieces_of(corners, flatness)
    total = int(counts.sum())
    if total > MOST_OF_PATH:
        raise UnsupportedInput(
            f"the path {path.name!r} takes {total} straight pieces, more than {MOST_OF_PATH}",
            "is it a path that clips?",
        )
    points = _points(corners, counts)
    return np.hstack([points, points[_following(np.add.reduceat(counts, np.cumsum(lengths) - lengths))]])


def flattened(knots: Knots, flatness: float = FLATNESS) -> NDArray[np.float64]:
    """The corners of the polygon that stands for a closed curve, from its first knot on: float64 (corner, 2), x, y.

    No farther than ``flatness`` pixels beside it.
    """
    corners = _corners(knots, _following(np.array([len(knots)])))
    return _points(corners, _pieces_of(corners, flatness))


def _following(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number after each of several closed rows that stand behind each other: after a row's last, its first."""
    ends = np.cumsum(lengths)
    following = np.arange(1, ends[-1] + 1)
    following[ends - 1] = ends - lengths
    return following


def _corners(knots: Knots, following: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    return knots[:, 1], knots[:, 2], knots[following, 0], knots[following, 1]


def _points(corners: tuple[NDArray[np.float64], ...], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The places on curves that divide each into so many pieces, without its end: float64 (place, 2)."""
    which = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    u = (number / counts[which])[:, None]
    p0, p1, p2, p3 = (corner[which] for corner in corners)
    v = 1 - u
    points: NDArray[np.float64] = v**3 * p0 + 3 * u * v**2 * p1 + 3 * u**2 * v * p2 + u**3 * p3
    return points


def _pieces_of(corners: tuple[NDArray[np.float64], ...], flatness: float) -> NDArray[np.int64]:
    """Into how many straight pieces each curve is divided.

    Its second derivative is at most six times the larger second difference of its corners, and a piece of length h of
    its parameter lies h²/8 of that beside it. Where both control points lie on the line between the knots, it is one.
    """
    p0, p1, p2, p3 = corners
    bend = np.maximum(_length(p0 - 2 * p1 + p2), _length(p1 - 2 * p2 + p3))
    pieces = np.ceil(np.sqrt(bend * (6 / 8 / flatness)))
    straight = _between(p0, p1, p3, flatness) & _between(p0, p2, p3, flatness)
    pieces = np.where(straight, 1, pieces)
    return np.clip(pieces, 1, MOST_PIECES).astype(np.int64)


def _between(
    start: NDArray[np.float64], place: NDArray[np.float64], end: NDArray[np.float64], flatness: float
) -> NDArray[np.bool_]:
    """Whether each place lies on the line from its start to its end, no farther than ``flatness`` beside it."""
    chord, way = end - start, place - start
    length = np.maximum(_length(chord), 1e-12)
    along = np.sum(chord * way, axis=1) / length
    beside = np.abs(chord[:, 0] * way[:, 1] - chord[:, 1] * way[:, 0]) / length
    between: NDArray[np.bool_] = (beside <= flatness) & (along >= -flatness) & (along <= length + flatness)
    return between


def _length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths
