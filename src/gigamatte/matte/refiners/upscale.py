"""No refinement: the mask is enlarged. Used for ``--refine off``, and as the first step when a matte is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gigamatte.filters import extremes
from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.types import FloatArray, Size

#: How far a ridge or a valley may rise or sink between its pixels, in its own heights.
RIDGE = 4


@dataclass(frozen=True, slots=True)
class UpscaleRefiner:
    """Lifts by cubic interpolation; does not look at the photo."""

    name: str = "off"
    halo: int = 8
    looks: bool = False

    def at(self, _finer: Size, _blur: float = 0.0, /) -> Refiner:
        """Itself: it lifts to every level."""
        return self

    def keeping(self) -> Refiner:
        """Itself."""
        return self

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level."""
        return [twice(patch.alpha) if patch.plain is None else patch.plain for patch in patches]


def twice(alpha: FloatArray) -> FloatArray:
    """An alpha, float32 (row, column) in [0, 1], at twice the size, by cubic interpolation (Keys, 1981).

    A cubic overshoots beside a step. So each result is limited to the range of its 3×3 neighbours, except on strands of
    a few pixels' width, whose true highest or lowest value may lie between two pixels.
    """
    enlarged = cv2.resize(alpha, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    highest, lowest = extremes(alpha)
    highest = highest + np.float32(RIDGE) * _ridges(alpha)
    lowest = lowest - np.float32(RIDGE) * _ridges(-alpha)
    np.clip(highest, 0, 1, out=highest)
    np.clip(lowest, 0, 1, out=lowest)
    # one bound for each 2×2 pixels
    rows, columns = alpha.shape
    pairs = enlarged.reshape(rows, 2, 2 * columns)
    bounds = (cv2.merge((bound, bound)).reshape(rows, 1, 2 * columns) for bound in (lowest, highest))
    np.clip(pairs, *bounds, out=pairs)
    return np.asarray(enlarged, np.float32)


def _ridges(alpha: FloatArray) -> FloatArray:
    """By how much each pixel is higher than what lies within two pixels on both sides, across or down."""
    found = np.zeros_like(alpha)
    padded: FloatArray = cv2.copyMakeBorder(alpha, 2, 2, 2, 2, cv2.BORDER_REPLICATE)
    rows, columns = alpha.shape

    def at(down: int, right: int) -> FloatArray:
        return padded[2 + down : 2 + down + rows, 2 + right : 2 + right + columns]

    for down, right in ((0, 1), (1, 0)):
        before = np.minimum(at(-down, -right), at(-2 * down, -2 * right))
        after = np.minimum(at(down, right), at(2 * down, 2 * right))
        np.maximum(found, alpha - np.maximum(before, after), out=found)
    return found
