"""How far a hint reaches: near it the network's answer to the hints counts, farther away its answer without them.

A network that gets a hint about a small error changes its answer a little everywhere, and mostly not for the better.
People point at the middle of an error: the farther the place lies from the contour that was found, the larger it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import FINE, distances
from gigamatte.hints import Hints
from gigamatte.types import CoarseMatte, Fit, FloatArray

#: σ of a hint's reach: so many times its distance from the contour, and pixels of the answer at least. Each of
#: n points reaches n times as far: there still is an error. Chosen on 218 held-out pictures (docs/models/locator.md).
FARTHER, LEAST = 1.25, 2.0
#: Beyond so many σ nothing changes at all.
GONE = 3.5
#: Alphas are mixed as log odds, which end here.
SUREST = 0.002
#: Places of a stroke that are looked at.
MOST = 32


def within_reach(before: FloatArray, answer: CoarseMatte, hints: Hints) -> CoarseMatte:
    """The ``answer`` to ``hints`` where they reach, ``before`` elsewhere, bit for bit.

    ``before`` is the answer without them in the same frame: float32 (row, column) in [0, 1].
    """
    weight = np.zeros(before.shape, np.float32)
    farther = FARTHER * max(1, len(hints.keep) + len(hints.drop))
    inside = before > 0.5
    apart: dict[bool, FloatArray] = {}
    for column, row in _places(hints, answer.fit):
        np.maximum(weight, _reach(inside, column, row, farther, apart), out=weight)
    odds = weight * _log_odds(answer.alpha) + (1 - weight) * _log_odds(before)
    mixed = np.where(weight > 0, 1 / (1 + np.exp(-odds)), before).astype(np.float32)
    return CoarseMatte(mixed, answer.fit, stray=answer.stray, opaque=answer.opaque, answers=answer.answers)


def _reach(
    inside: NDArray[np.bool_], column: float, row: float, farther: float, apart: dict[bool, FloatArray]
) -> FloatArray:
    """1 at the place, less around it: float32 (row, column). ``apart``: distances from the contour, by side of it."""
    height, width = inside.shape
    cell = min(max(round(row), 0), height - 1), min(max(round(column), 0), width - 1)
    side = bool(inside[cell])
    if side not in apart:
        alike = inside if side else ~inside
        if alike.all():
            return np.ones(inside.shape, np.float32)
        # beyond the frame there is another thing
        apart[side] = distances(np.pad(alike, 1), FINE)[1:-1, 1:-1]
    sigma = max(LEAST, farther * float(apart[side][cell]))
    far = ((np.arange(height) - row)[:, None] ** 2 + (np.arange(width) - column)[None, :] ** 2) / sigma**2
    reach: FloatArray = np.where(far <= GONE**2, np.exp(-far / 2), 0).astype(np.float32)
    return reach


def _places(hints: Hints, fit: Fit) -> Iterator[tuple[float, float]]:
    """(column, row) of what was pointed at, in pixels of the answer, where it lies in its frame."""
    points = [(point.x, point.y) for point in (*hints.keep, *hints.drop)]
    for stroke in hints.strokes:
        if stroke.kind != "hair":
            points += stroke.points[:: -(-len(stroke.points) // MOST)]
    region = fit.region
    for x, y in points:
        if region.left <= x < region.right and region.top <= y < region.bottom:
            across, down = fit.network.width / region.width, fit.network.height / region.height
            yield (x - region.left) * across - 0.5, (y - region.top) * down - 0.5


def _log_odds(alpha: FloatArray) -> FloatArray:
    sure = np.clip(alpha, np.float32(SUREST), np.float32(1 - SUREST))
    odds: FloatArray = np.log(sure / (1 - sure))
    return odds
