"""The cubic Bezier curves that lie nearest to many pieces of a line, all worked out at once.

(P. J. Schneider: An Algorithm for Automatically Fitting Digitized Curves, Graphics Gems, 1990.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Numbers = NDArray[np.int64]
_Places = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """Corners of several pieces in a row; of each piece its ends and the unit vectors into it."""

    points: _Places
    begin: _Places
    end: _Places
    ahead: _Places
    back: _Places

    def of(self, some: _Numbers, chosen: NDArray[np.bool_]) -> Batch:
        """Only some pieces, which have the ``chosen`` corners."""
        return Batch(self.points[chosen], self.begin[some], self.end[some], self.ahead[some], self.back[some])

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


def distances(curves: _Places, u: _Places, piece: _Numbers, points: _Places) -> _Places:
    """How far each corner lies from its piece's curve, (piece, 4, 2), at the parameter ``u``, pixels."""
    away: _Places = np.hypot(*(_on(curves[piece], u) - points).T)
    return away


def _on(curves: _Places, u: _Places) -> _Places:
    u = u[:, None]
    v = 1 - u
    out: _Places = v**3 * curves[:, 0]
    out += 3 * u * v * v * curves[:, 1] + 3 * u * u * v * curves[:, 2] + u * u * u * curves[:, 3]
    return out


def nearer(curves: _Places, u: _Places, piece: _Numbers, points: _Places) -> _Places:
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
