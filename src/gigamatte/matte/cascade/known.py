"""Keeps the mask's values: after each step the alpha's mean over a pixel of the mask equals that pixel.

A refiner divides a pixel of the mask into finer ones; their mean is already known from the mask. Where the mask is
trusted, the difference is added back (iterative back-projection: Irani and Peleg, 1991), most of it where the alpha
is undecided, so that an edge stays as sharp as the refiner made it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from gigamatte.matte.cascade.trust import Trust
from gigamatte.matte.mask.area import across, area_means
from gigamatte.matte.mask.axis import Axis
from gigamatte.types import Box, CoarseMatte, Depth, FloatArray, PixelArray

#: How often differences are added back interpolated between the mask's pixels, then each over its own pixel only.
SMOOTH, EXACT = 4, 1
#: Interpolated differences are multiplied by this, because interpolation between centres adds back too little.
STEP = 1.9
#: The weight of a decided pixel when a difference is shared out; an undecided pixel's weight is ¼.
DECIDED = 0.02
#: A mean is left as it is within this part of the mask's rounding: to put all back would carry a stroke's change on
#: from pixel to pixel, and the last digits of a tile's sums into its result.
WITHIN = 0.25
#: How many of the mask's pixels a tile reads beyond its border, so that pixels farther away hardly change the result.
REACH = 6


@dataclass(frozen=True)
class Known:
    """A mask and how far it is trusted, read tile by tile at any level."""

    coarse: CoarseMatte
    trust: Trust

    @property
    def widest(self) -> float:
        """How many photo pixels wide or high a pixel of the mask is, whichever is more."""
        region, grid = self.coarse.fit.region, self.coarse.grid
        return max(region.width / grid.width, region.height / grid.height)

    @property
    def exact(self) -> bool:
        """Whether alphas near 0 and 1 are kept as they are: true of a user's mask; a network's are not exact there."""
        return self.coarse.values is not None

    @property
    def covers(self) -> bool:
        """Whether the mask has at least as many pixels as the photo, so that no detail is left to be found."""
        return self.widest <= 1

    def halo(self, level: int) -> int:
        """How many pixels beyond its border a tile of this level has to read: a multiple of 4."""
        return 4 * int(np.ceil(REACH * min(max(self.widest / 2**level, 1.0), 8.0) / 4))

    def reach(self, level: int) -> int:
        """How far from undecided pixels agreement may still change an alpha, in pixels of a level."""
        steps: int = math.ceil(2 * self.widest / 2**level)
        return steps + 1

    def values(self, box: Box) -> FloatArray:
        """The mask in a box of the photo, where it has at least the photo's size: float32 (row, column) in [0, 1]."""
        out = np.zeros((box.height, box.width), np.float32)
        part = self.part(0, box)
        if part is not None:
            rows, columns = (np.round(axis.borders[[0, -1]]).astype(int) for axis in (part.rows, part.columns))
            out[rows[0] : rows[1], columns[0] : columns[1]] = part.means
        return out

    def part(self, level: int, box: Box) -> KnownPart | None:
        """What the mask says about a box of a level, which may reach beyond the photo; None where it says nothing."""
        fit = self.coarse.fit
        values = self.coarse.values if self.coarse.values is not None else self.coarse.alpha
        rows = Axis.of(box.top, box.height, fit.region.top, fit.region.height, values.shape[0], level)
        columns = Axis.of(box.left, box.width, fit.region.left, fit.region.width, values.shape[1], level)
        if rows is None or columns is None:
            return None
        weight = self.trust.at(rows.centres / values.shape[0], columns.centres / values.shape[1])
        if not weight.any():
            return None
        pixels = _unit(values[rows.first : rows.end, columns.first : columns.end])
        if rows.inside is not None or columns.inside is not None:
            pixels = area_means(pixels, rows.edges, columns.edges)
        weight *= rows.whole[:, None] & columns.whole[None, :]
        depth = Depth(16 if values.dtype == np.uint16 else 8)
        return KnownPart(pixels, weight, WITHIN * 0.5 / depth.full, rows, columns)


@dataclass(frozen=True)
class KnownPart:
    """What the mask says about one tile: ``means`` float32 (row, column) in [0, 1] and how far each counts, 0…1.

    Differences of the means up to ``within`` are left as they are.
    """

    means: FloatArray
    weight: FloatArray
    within: float
    rows: Axis
    columns: Axis

    def __str__(self) -> str:
        """Where its pixels lie, and how they are rounded: what a tile's result depends on besides their values."""
        return f"{self.within} " + " ".join(
            f"{axis.borders[0]:.9g}…{axis.borders[-1]:.9g}/{axis.borders.size}" for axis in (self.rows, self.columns)
        )

    def agreed(self, alpha: FloatArray) -> FloatArray:
        """``alpha`` float32 (row, column) in [0, 1], changed until its means agree with the mask."""
        takes: FloatArray = alpha * (1 - alpha)
        takes += np.float32(DECIDED)
        share = np.float32(1) / np.maximum(self._means(takes), np.float32(1e-6))
        share *= self.weight
        for turn in range(SMOOTH + EXACT):
            missing = self._missing(alpha)
            if not missing.any():
                break
            missing *= share
            change = self._spread(missing, smooth=turn < SMOOTH)
            change *= takes
            change += alpha
            alpha = np.clip(change, 0, 1, out=change)
        return alpha

    def _missing(self, alpha: FloatArray) -> FloatArray:
        """How far the means are from the mask's values, beyond what is left."""
        missing: FloatArray = self.means - self._means(alpha)
        size = np.maximum(np.abs(missing) - np.float32(self.within), 0)
        return np.copysign(size, missing, out=size)

    def _means(self, plane: FloatArray) -> FloatArray:
        """The means of a tile's plane over the mask's pixels; not meaningful where one lies partly beyond the tile."""
        if not (self.rows.aligned and self.columns.aligned):
            return across(self.columns.shares, self.rows.shares(plane))
        # half the time
        out = np.zeros(self.means.shape, np.float32)
        (top, bottom), (left, right) = self.rows.span, self.columns.span
        if bottom > top and right > left:
            rows, columns = (np.round(axis.borders).astype(int) for axis in (self.rows, self.columns))
            inner = plane[rows[top] : rows[bottom], columns[left] : columns[right]]
            out[top:bottom, left:right] = cv2.resize(inner, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        return out

    def _spread(self, plane: FloatArray, smooth: bool) -> FloatArray:
        """A plane of the mask's pixels enlarged to the tile's pixels: interpolated (``smooth``), or repeated."""
        if not smooth:
            return plane.take(self.rows.nearest, 0).take(self.columns.nearest, 1)
        # exact, not by cv2.warpAffine, which rounds to thirty-seconds of a pixel of the tile: tiles would differ
        return self.rows.interpolation(across(self.columns.interpolation, plane * np.float32(STEP)))


def _unit(values: PixelArray | FloatArray) -> FloatArray:
    if values.dtype == np.float32:
        return np.asarray(values, np.float32)
    pixels: PixelArray = values  # type: ignore[assignment]
    return Depth.of(pixels).unit(pixels)
