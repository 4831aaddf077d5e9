"""Where a polygon turns sharply: there the curves that follow it may have an angle."""

from __future__ import annotations

import bisect
import math

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.contour.trace import Polygon

#: how far before and behind a corner the direction is looked at, pixels
ARM = 6.0
#: the least turn, degrees
TURN = 50.0


def corners_of(polygon: Polygon, arm: float = ARM) -> NDArray[np.int64]:
    """Numbers of the corners of a closed polygon where it turns by more than TURN within ``arm`` pixels, in order.

    Of several that are nearer to each other than ``arm`` the sharpest counts. Empty for a polygon that is all corner.
    """
    step = np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T)
    along = np.concatenate([[0], np.cumsum(step)])
    length = along[-1]
    if length < 8 * arm:
        return np.empty(0, np.int64)
    before, behind = (_at(polygon, along, along[:-1] + way) for way in (-arm, arm))
    first, second = polygon - before, behind - polygon
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    turn = np.degrees(np.abs(np.arctan2(cross, np.sum(first * second, axis=1))))
    found: list[int] = []
    places = [-math.inf, math.inf]  # of those found, in order; all of them once more a length before and behind
    for number in np.flatnonzero(turn > TURN)[np.argsort(-turn[turn > TURN], kind="stable")].tolist():
        place = float(along[number])
        at = bisect.bisect(places, place)
        if min(place - places[at - 1], places[at] - place) > arm:
            found.append(number)
            for same in (place - length, place, place + length):
                bisect.insort(places, float(same))
    return np.sort(np.array(found, np.int64))


def _at(polygon: Polygon, along: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """The places so far along a closed polygon: float64 (place, 2)."""
    closed = np.vstack([polygon, polygon[:1]])
    way = way % along[-1]
    return np.column_stack([np.interp(way, along, closed[:, axis]) for axis in (0, 1)])
