"""Curves through polygons: few cubic Bezier curves that lie no farther than a tolerance from every corner.

Least squares for the lengths of both tangents, the parameters put right by Newton's method, and a division where the
curve is farthest (P. J. Schneider: An Algorithm for Automatically Fitting Digitized Curves, Graphics Gems, 1990).
All pieces that are still to be fitted are worked out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import Knots
from gigamatte.cutout.contour.corners import corners_of
from gigamatte.cutout.contour.least_squares import Batch, distances, nearer
from gigamatte.cutout.contour.trace import Polygon

#: parameters are put right so often where the curve is near enough for that: this many tolerances
TURNS, WORTH_IT = 3, 4.0
#: with so many corners for a knot the largest tolerance is tried first
MANY = 16
#: so many sides of a piece are looked at first
SEEN = 48
#: corners on each side of a knot that its direction is taken from
WINDOW = 4
#: … and how many of them an angle is rounded by
BESIDE = 2
#: the sine of the least angle between two sides that are made to meet, and how far from where they did, pixels
SHARP, CUT_OFF = 0.3, 1.5
#: knots that a curve has at least
FEWEST = 2

_Numbers = NDArray[np.int64]
_Places = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Curves, and how far each corner of the polygons lies from them at most, pixels."""

    subpaths: tuple[Knots, ...]
    distances: NDArray[np.float64]

    @property
    def knots(self) -> int:
        """How many knots they have."""
        return sum(map(len, self.subpaths))


def fitted(polygons: list[Polygon], tolerances: Sequence[float], most: int) -> Fitted | None:
    """Curves through the corners of closed polygons, one for each, no farther than a tolerance from them, pixels.

    The first of the ``tolerances`` is taken with which they have no more than ``most`` knots; None where none has.
    """
    if not polygons:
        return Fitted((), np.empty(0))
    if FEWEST * len(polygons) > most:
        return None
    line = _Line.through(polygons)
    if len(line.points) > MANY * most and _fitted(line, tolerances[-1], most) is None:
        return None
    curves = (_fitted(line, tolerance, most) for tolerance in tolerances)
    return next((one for one in curves if one is not None), None)


def _fitted(line: _Line, tolerance: float, most: int) -> Fitted | None:
    start, end = line.start, line.end
    done: list[tuple[_Numbers, _Places]] = []
    away: list[_Places] = []
    finished = 0
    while len(start):
        if finished + len(start) > most:
            return None
        # a long piece is looked at in a few of its corners first: most of them are to be divided
        some = line.curves(_Pieces.of(start, end, SEEN), tolerance)
        split = some.split()
        whole = np.flatnonzero((split < 0) & (end - start >= SEEN))
        if len(whole):
            every = line.curves(_Pieces.of(start[whole], end[whole]), tolerance)
            split[whole] = every.split()
            good = split[whole] < 0
            done.append((start[whole[good]], every.curves[good]))
            away.append(every.distance[np.repeat(good, every.pieces.counts)])
        good = (split < 0) & (end - start < SEEN)
        done.append((start[good], some.curves[good]))
        away.append(some.distance[np.repeat(good, some.pieces.counts)])
        finished += int((split < 0).sum())
        left = split >= 0
        start, end = np.concatenate([start[left], split[left]]), np.concatenate([split[left], end[left]])
    begins, curves = np.concatenate([one for one, _ in done]), np.concatenate([one for _, one in done])
    order = np.argsort(begins)
    return Fitted(_as_knots(begins[order], curves[order], line.first), np.concatenate(away))


@dataclass(frozen=True)
class _Pieces:
    """Pieces of a line, each from corner ``start`` to corner ``end``, and the corners of each that are looked at."""

    start: _Numbers
    end: _Numbers
    #: the corners that are looked at, in a row, each piece's first and last among them, and how many a piece has
    number: _Numbers
    counts: _Numbers

    @classmethod
    def of(cls, start: _Numbers, end: _Numbers, seen: int | None = None) -> _Pieces:
        """With all of their corners, or with about as many as are to be ``seen``, evenly spaced."""
        lengths = end - start
        step = np.ones_like(lengths) if seen is None else np.maximum(1, -(-lengths // seen))
        counts = -(-lengths // step) + 1
        piece = np.repeat(np.arange(len(start)), counts)
        within = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
        return cls(start, end, np.minimum(start[piece] + within * step[piece], end[piece]), counts)

    @property
    def offsets(self) -> _Numbers:
        """Where each one's corners begin."""
        return np.cumsum(self.counts) - self.counts


@dataclass(frozen=True)
class _Curves:
    """The best curve of each piece, (piece, 4, 2), and how far from it its corners lie, all in a row."""

    pieces: _Pieces
    curves: _Places
    distance: _Places
    tolerance: float

    def split(self) -> _Numbers:
        """The corner at which each piece is to be divided, −1 where its curve is near enough."""
        pieces, offsets = self.pieces, self.pieces.offsets
        far = np.maximum.reduceat(self.distance, offsets)
        farthest = pieces.number[_first_of_largest(self.distance, offsets, pieces.counts) + offsets]
        split = np.clip(farthest, pieces.start + 1, pieces.end - 1)
        # two neighbours have nothing between them that a curve could miss
        return np.where((far <= self.tolerance) | (pieces.end - pieces.start < 2), -1, split)


def _first_of_largest(values: _Places, offsets: _Numbers, lengths: _Numbers) -> _Numbers:
    """Within each piece, which of its values is the largest."""
    is_largest = values == np.repeat(np.maximum.reduceat(values, offsets), lengths)
    numbers = np.arange(len(values))
    found = np.minimum.reduceat(np.where(is_largest, numbers, len(values)), offsets)
    return found - offsets


def _as_knots(begins: _Numbers, curves: _Places, firsts: _Numbers) -> tuple[Knots, ...]:
    """Curves (curve, 4, 2), one behind the other, as knots of closed subpaths."""
    subpaths = []
    bounds = np.searchsorted(begins, [*firsts.tolist(), np.iinfo(np.int64).max])
    for first, last in pairwise(bounds):
        own = curves[first:last]
        before = np.roll(own[:, 2], 1, axis=0)
        subpaths.append(np.stack([before, own[:, 0], own[:, 1]], axis=1))
    return tuple(subpaths)


@dataclass(frozen=True)
class _Line:
    """All polygons behind each other, each closed by its first corner once more."""

    points: _Places
    #: how far along it each corner lies
    along: _Places
    #: unit vectors (corner, 2): the direction into the piece that begins at a corner, and back from the one that ends
    ahead: _Places
    back: _Places
    #: the first corner of each polygon
    first: _Numbers
    #: the pieces between angles and extremes
    start: _Numbers
    end: _Numbers

    @classmethod
    def through(cls, polygons: list[Polygon]) -> _Line:
        parts, first, start, end, ahead, back = [], [], [], [], [], []
        count = 0
        for polygon in polygons:
            angles = corners_of(polygon)
            breaks = angles if len(angles) > 1 else _extremes(polygon)
            polygon = np.roll(polygon, -breaks[0], axis=0)
            angles, breaks = (np.sort((numbers - breaks[0]) % len(polygon)) for numbers in (angles, breaks))
            forth, aft = _directions(polygon, angles)
            polygon = _pointed(polygon, angles, forth, aft)
            closed = [*breaks.tolist(), len(polygon)]
            parts.append(np.vstack([polygon, polygon[:1]]))
            ahead.append(np.vstack([forth, forth[:1]]))
            back.append(np.vstack([aft, aft[:1]]))
            first.append(count)
            start += [count + number for number in closed[:-1]]
            end += [count + number for number in closed[1:]]
            count += len(polygon) + 1
        points = np.concatenate(parts)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        return cls(
            points, along, np.concatenate(ahead), np.concatenate(back), np.array(first), np.array(start), np.array(end)
        )

    def curves(self, pieces: _Pieces, tolerance: float) -> _Curves:
        """The best curve of each piece through the corners that are looked at."""
        start, end, number, lengths = pieces.start, pieces.end, pieces.number, pieces.counts
        offsets = pieces.offsets
        piece = np.repeat(np.arange(len(start)), lengths)
        whole = np.maximum(self.along[end] - self.along[start], 1e-9)
        u = (self.along[number] - self.along[start][piece]) / whole[piece]
        batch = Batch(self.points[number], self.points[start], self.points[end], self.ahead[start], self.back[end])
        curves = batch.solved(u, piece, offsets)
        distance = distances(curves, u, piece, batch.points)
        far = np.maximum.reduceat(distance, offsets)
        worth = (far > tolerance) & (far <= WORTH_IT * tolerance) & (lengths > 3)
        for _ in range(TURNS):
            if not worth.any():
                break
            chosen = worth[piece]
            some, inner = np.flatnonzero(worth), np.cumsum(worth)[piece[chosen]] - 1
            part = np.concatenate([[0], np.cumsum(lengths[some])[:-1]])
            closer = nearer(curves[some], u[chosen], inner, batch.points[chosen])
            u[chosen] = closer
            curves[some] = batch.of(some, chosen).solved(closer, inner, part)
            distance[chosen] = distances(curves[some], closer, inner, batch.points[chosen])
            worth[some] = np.maximum.reduceat(distance[chosen], part) > tolerance
        return _Curves(pieces, curves, distance, tolerance)


def _extremes(polygon: Polygon) -> _Numbers:
    """The corners that lie farthest to each side, and one opposite where these are too few."""
    numbers = {int(pick(polygon[:, axis])) for axis in (0, 1) for pick in (np.argmin, np.argmax)}
    if len(numbers) < 2:
        numbers.add((min(numbers) + len(polygon) // 2) % len(polygon))
    return np.array(sorted(numbers), np.int64)


def _directions(polygon: Polygon, angles: _Numbers) -> tuple[_Places, _Places]:
    """Unit vectors at every corner of a closed polygon, ahead and back; at angles each from its own side alone."""
    reach = min(WINDOW, max(1, len(polygon) // 8))
    smooth = _unit(np.roll(polygon, -reach, axis=0) - np.roll(polygon, reach, axis=0))
    ahead, back = smooth.copy(), -smooth
    for side, way in ((ahead, 1), (back, -1)):
        # the corners next to an angle cut it off
        near, far = (polygon[(angles + way * steps) % len(polygon)] for steps in (BESIDE, BESIDE + 2 * reach))
        side[angles] = _unit(far - near)
    return ahead, back


def _pointed(polygon: Polygon, angles: _Numbers, ahead: _Places, back: _Places) -> Polygon:
    """The polygon with its angles where the lines on both sides meet: a contour between pixels cuts them off."""
    out = polygon.copy()
    one, other = (polygon[(angles + way) % len(polygon)] for way in (BESIDE, -BESIDE))
    first, second = ahead[angles], back[angles]
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    between = other - one
    way = (between[:, 0] * second[:, 1] - between[:, 1] * second[:, 0]) / np.where(np.abs(cross) > SHARP, cross, np.inf)
    met = one + way[:, None] * first
    near = (np.abs(cross) > SHARP) & (np.hypot(*(met - polygon[angles]).T) <= CUT_OFF)
    out[angles[near]] = met[near]
    return out


def _unit(vectors: _Places) -> _Places:
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    return vectors / np.maximum(lengths, 1e-12)[:, None]
