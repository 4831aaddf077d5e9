"""How far a hint reaches: near it the network's answer to the hints counts, farther away its answer without them.

A network that gets a hint about a small error changes its answer a little everywhere, and mostly not for the better.
People point at the middle of an error: the farther the place lies from the contour that was found, the larger it is.
So each hint is taken in turn, the one at the largest error first, and how far it reaches is measured in what the
earlier ones left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import FINE, distances
from gigamatte.hints import Hints
from gigamatte.types import CoarseMatte, Fit, FloatArray

#: σ of a hint's reach: so many times its distance from the contour, and pixels of the answer at least. Both this and
#: ``AGAIN`` were chosen on 72 held-out pictures and confirmed on 67 others (docs/models/locator.md).
FARTHER, LEAST = 1.25, 2.0
#: With every later hint the earlier ones count once more, so much: an error that was left in part is mended further.
AGAIN = 0.5
#: Beyond so many σ nothing changes at all.
GONE = 3.5
#: Alphas are mixed as log odds, which end here.
SUREST = 0.002
#: Places of a stroke that are looked at.
MOST = 32
#: Hints that are taken in turn; those at smaller errors than these are taken together, last.
TURNS = 16


@dataclass(frozen=True, slots=True)
class _Told:
    """A point or a stroke: its places, (column, row) in pixels of the answer, and whether they are to be kept."""

    places: tuple[tuple[float, float], ...]
    keep: bool


def within_reach(before: FloatArray, answer: CoarseMatte, hints: Hints) -> CoarseMatte:
    """The ``answer`` to ``hints`` where they reach, ``before`` elsewhere, bit for bit.

    ``before`` is the answer without them in the same frame: float32 (row, column) in [0, 1].
    """
    odds = _log_odds(answer.alpha)
    apart: dict[bool, FloatArray] = {}
    # Python's sort is stable: hints at errors of one size stay in the order in which they were given
    told = sorted(_all_told(hints, answer.fit), key=lambda one: -_error(before, one, apart))
    turns = [(one,) for one in told[:TURNS]] + ([tuple(told[TURNS:])] if len(told) > TURNS else [])
    mixed, earlier = before, np.zeros(before.shape, np.float32)
    for turn in turns:
        new = _weight(mixed > 0.5, [place for one in turn for place in one.places])
        weight = np.maximum(new, np.float32(AGAIN) * earlier)
        said = weight * odds + (1 - weight) * _log_odds(mixed)
        mixed = np.where(weight > 0, 1 / (1 + np.exp(-said)), mixed).astype(np.float32)
        earlier = np.maximum(earlier, new)
    return CoarseMatte(mixed, answer.fit, stray=answer.stray, opaque=answer.opaque, answers=answer.answers)


def _error(before: FloatArray, told: _Told, apart: dict[bool, FloatArray]) -> float:
    """How deep in an error of ``before`` a hint lies, in pixels; negative where ``before`` agrees with it."""
    inside = before > 0.5
    deep = -1.0
    for column, row in told.places:
        cell = _cell(inside, column, row)
        if bool(inside[cell]) != told.keep:
            deep = max(deep, _distance(inside, cell, apart))
    return deep


def _weight(inside: NDArray[np.bool_], places: list[tuple[float, float]]) -> FloatArray:
    """1 at the places, less around them: float32 (row, column)."""
    weight = np.zeros(inside.shape, np.float32)
    apart: dict[bool, FloatArray] = {}
    for column, row in places:
        np.maximum(weight, _reach(inside, column, row, apart), out=weight)
    return weight


def _reach(inside: NDArray[np.bool_], column: float, row: float, apart: dict[bool, FloatArray]) -> FloatArray:
    """1 at the place, less around it: float32 (row, column). ``apart``: distances from the contour, by side of it."""
    height, width = inside.shape
    distance = _distance(inside, _cell(inside, column, row), apart)
    if distance == np.inf:
        return np.ones(inside.shape, np.float32)
    sigma = max(LEAST, FARTHER * distance)
    far = ((np.arange(height) - row)[:, None] ** 2 + (np.arange(width) - column)[None, :] ** 2) / sigma**2
    reach: FloatArray = np.where(far <= GONE**2, np.exp(-far / 2), 0).astype(np.float32)
    return reach


def _cell(inside: NDArray[np.bool_], column: float, row: float) -> tuple[int, int]:
    height, width = inside.shape
    return min(max(round(row), 0), height - 1), min(max(round(column), 0), width - 1)


def _distance(inside: NDArray[np.bool_], cell: tuple[int, int], apart: dict[bool, FloatArray]) -> float:
    """Pixels from the contour; infinite where there is none. ``apart`` remembers them all, by side of the contour."""
    side = bool(inside[cell])
    if side not in apart:
        alike = inside if side else ~inside
        # beyond the frame there is another thing
        apart[side] = (
            np.full(inside.shape, np.inf, np.float32) if alike.all() else distances(np.pad(alike, 1), FINE)[1:-1, 1:-1]
        )
    return float(apart[side][cell])


def _all_told(hints: Hints, fit: Fit) -> Iterator[_Told]:
    """What was pointed at, where it lies in the answer's frame."""
    said: list[tuple[bool, list[tuple[float, float]]]] = []
    for keep, points in ((True, hints.keep), (False, hints.drop)):
        said += [(keep, [(point.x, point.y)]) for point in points]
    for stroke in hints.strokes:
        if stroke.kind != "hair":
            said.append((stroke.kind == "keep", list(stroke.points[:: -(-len(stroke.points) // MOST)])))
    region = fit.region
    across, down = fit.network.width / region.width, fit.network.height / region.height
    for keep, points_of_it in said:
        places = tuple(
            ((x - region.left) * across - 0.5, (y - region.top) * down - 0.5)
            for x, y in points_of_it
            if region.left <= x < region.right and region.top <= y < region.bottom
        )
        if places:
            yield _Told(places, keep)


def _log_odds(alpha: FloatArray) -> FloatArray:
    sure = np.clip(alpha, np.float32(SUREST), np.float32(1 - SUREST))
    odds: FloatArray = np.log(sure / (1 - sure))
    return odds
