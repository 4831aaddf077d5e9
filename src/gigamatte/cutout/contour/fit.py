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
from gigamatte.cutout.contour.trace import Polygon

#: parameters are put right so often where the curve is near enough for that: this many tolerances
TURNS, WORTH_IT = 3, 4.0
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
    curves = (_fitted(line, tolerance, most) for tolerance in tolerances)
    return next((one for one in curves if one is not None), None)


def _fitted(line: _Line, tolerance: float, most: int) -> Fitted | None:
    start, end = line.start, line.end
    done: list[tuple[_Numbers, _Places]] = []
    distances: list[_Places] = []
    finished = 0
    while len(start):
        if finished + len(start) > most:
            return None
        curves, distance = line.curves(start, end, tolerance)
        offsets = np.concatenate([[0], np.cumsum(end - start + 1)[:-1]])
        far = np.maximum.reduceat(distance, offsets)
        # two neighbours have nothing between them that a curve could miss
        good = (far <= tolerance) | (end - start < 2)
        done.append((start[good], curves[good]))
        finished += int(good.sum())
        distances.append(distance[np.repeat(good, end - start + 1)])
        farthest = _first_of_largest(distance, offsets, end - start + 1)[~good] + start[~good]
        split = np.clip(farthest, start[~good] + 1, end[~good] - 1)
        start, end = np.concatenate([start[~good], split]), np.concatenate([split, end[~good]])
    begins, curves = np.concatenate([one for one, _ in done]), np.concatenate([one for _, one in done])
    order = np.argsort(begins)
    return Fitted(_as_knots(begins[order], curves[order], line.first), np.concatenate(distances))


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

    def curves(self, start: _Numbers, end: _Numbers, tolerance: float) -> tuple[_Places, _Places]:
        """The best curve of each piece, (piece, 4, 2), and how far each of its corners lies from it, all in a row."""
        lengths = end - start + 1
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        piece = np.repeat(np.arange(len(start)), lengths)
        number = np.arange(int(lengths.sum())) - offsets[piece] + start[piece]
        whole = np.maximum(self.along[end] - self.along[start], 1e-9)
        u = (self.along[number] - self.along[start][piece]) / whole[piece]
        batch = _Batch(self.points[number], self.points[start], self.points[end], self.ahead[start], self.back[end])
        curves = batch.solved(u, piece, offsets)
        distance = _distance(curves, u, piece, batch.points)
        far = np.maximum.reduceat(distance, offsets)
        worth = (far > tolerance) & (far <= WORTH_IT * tolerance) & (lengths > 3)
        for _ in range(TURNS):
            if not worth.any():
                break
            chosen = worth[piece]
            some, inner = np.flatnonzero(worth), np.cumsum(worth)[piece[chosen]] - 1
            part = np.concatenate([[0], np.cumsum(lengths[some])[:-1]])
            nearer = _newton(curves[some], u[chosen], inner, batch.points[chosen])
            u[chosen] = nearer
            curves[some] = batch.of(some, chosen).solved(nearer, inner, part)
            distance[chosen] = _distance(curves[some], nearer, inner, batch.points[chosen])
            worth[some] = np.maximum.reduceat(distance[chosen], part) > tolerance
        return curves, distance


@dataclass(frozen=True)
class _Batch:
    """Corners of several pieces in a row; of each piece its ends and the unit vectors into it."""

    points: _Places
    begin: _Places
    end: _Places
    ahead: _Places
    back: _Places

    def of(self, some: _Numbers, chosen: NDArray[np.bool_]) -> _Batch:
        """Only some pieces, which have the ``chosen`` corners."""
        return _Batch(self.points[chosen], self.begin[some], self.end[some], self.ahead[some], self.back[some])

    def solved(self, u: _Places, piece: _Numbers, offsets: _Numbers) -> _Places:
        """The curves (piece, 4, 2) whose tangents have the best lengths for these parameters."""
        v = 1 - u
        b1, b2 = 3 * u * v * v, 3 * u * u * v
        near, far = v * v * v + b1, u * u * u + b2
        rest = self.points - near[:, None] * self.begin[piece] - far[:, None] * self.end[piece]
        along_ahead = np.sum(rest * self.ahead[piece], axis=1)
        along_back = np.sum(rest * self.back[piece], axis=1)
        both = np.sum(self.ahead * self.back, axis=1)
        c00, c01, c11, x0, x1 = (
            np.add.reduceat(values, offsets)
            for values in (b1 * b1, b1 * b2, b2 * b2, along_ahead * b1, along_back * b2)
        )
        c01 = c01 * both
        determinant = c00 * c11 - c01 * c01
        chord = np.hypot(*(self.end - self.begin).T)
        with np.errstate(divide="ignore", invalid="ignore"):
            first, second = (x0 * c11 - x1 * c01) / determinant, (c00 * x1 - c01 * x0) / determinant
        least, most = 1e-3 * chord, 3 * chord + 1
        # where there is nothing to solve, or it makes a loop: a third of the way (Wu and Barsky)
        wild = ~((first > least) & (second > least) & (first < most) & (second < most))
        first, second = (np.where(wild, chord / 3, size)[:, None] for size in (first, second))
        return np.stack([self.begin, self.begin + first * self.ahead, self.end + second * self.back, self.end], axis=1)


def _distance(curves: _Places, u: _Places, piece: _Numbers, points: _Places) -> _Places:
    distances: _Places = np.hypot(*(_on(curves[piece], u) - points).T)
    return distances


def _on(curves: _Places, u: _Places) -> _Places:
    u = u[:, None]
    v = 1 - u
    out: _Places = v**3 * curves[:, 0]
    out += 3 * u * v * v * curves[:, 1] + 3 * u * u * v * curves[:, 2] + u * u * u * curves[:, 3]
    return out


def _newton(curves: _Places, u: _Places, piece: _Numbers, points: _Places) -> _Places:
    """Parameters nearer to the foot of each corner's perpendicular."""
    own = curves[piece]
    t = u[:, None]
    first = 3 * np.diff(own, axis=1)
    second = 2 * np.diff(first, axis=1)
    slope = (1 - t) ** 2 * first[:, 0] + 2 * t * (1 - t) * first[:, 1] + t * t * first[:, 2]
    bend = (1 - t) * second[:, 0] + t * second[:, 1]
    off = _on(own, u) - points
    above = np.sum(off * slope, axis=1)
    below = np.sum(slope * slope, axis=1) + np.sum(off * bend, axis=1)
    moved = u - np.where(below > 1e-12, above / np.where(below > 1e-12, below, 1), 0)
    return np.clip(moved, 0, 1)


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
