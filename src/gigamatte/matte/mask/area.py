"""Means over rectangles whose borders need not fall between pixels, and values between the centres of such rectangles.

Both are exact for any ratio of two grids and do not depend on where a tile begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray

#: Borders nearer to a pixel's than this are one with it.
_NEAR = 1e-6

#: Borders or centres along one axis, in pixels of an array, ascending; 0 is the array's own border.
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """How rows of pixels are averaged between borders: of each mean, the rows and how much each counts.

    ``rows`` intp and ``weights`` float32, both (turn, mean): a mean is the sum of all turns. Only the few rows that lie
    between two borders are read, so that it does not matter where an array begins.
    """

    rows: NDArray[np.intp]
    weights: FloatArray

    @classmethod
    def of(cls, borders: Places, length: int) -> Shares:
        """Of an array of ``length`` rows. What lies beyond it does not count."""
        borders = np.clip(borders, 0, length)
        start, end = borders[:-1, None], borders[1:, None]
        first = np.floor(start + _NEAR)
        turns = max(1, int((np.ceil(end - _NEAR) - first).max()))
        rows = first + np.arange(turns)
        inside = np.clip(np.minimum(rows + 1, end) - np.maximum(rows, start), 0, None)
        weights = (inside / np.maximum(end - start, 1e-9)).astype(np.float32)
        return cls(np.minimum(rows, length - 1).astype(np.intp).T.copy(), weights.T.copy())

    def __call__(self, pixels: FloatArray) -> FloatArray:
        """The means: float32 (mean, column[, channel]) of (row, column[, channel])."""
        sums: FloatArray | None = None
        for rows, weights in zip(self.rows, self.weights, strict=True):
            part: FloatArray = pixels.take(rows, 0)
            part *= weights.reshape(-1, *[1] * (pixels.ndim - 1))
            sums = part if sums is None else np.add(sums, part, out=sums)
        return sums if sums is not None else pixels[:0]


@dataclass(frozen=True)
class Between:
    """How rows are interpolated linearly: ``low`` intp (place,), the row before each place, and how far it is."""

    low: NDArray[np.intp]
    part: FloatArray

    @classmethod
    def of(cls, places: Places, length: int) -> Between:
        """In an array of ``length`` rows; whole numbers are their middles, the first and the last are repeated."""
        places = np.clip(places, 0, length - 1)
        low = np.minimum(places.astype(np.intp), max(0, length - 2))
        return cls(low, (places - low).astype(np.float32))

    def __call__(self, plane: FloatArray) -> FloatArray:
        """The values: float32 (place, column) of (row, column)."""
        if len(plane) == 1:
            return plane.take(self.low, 0)
        values: FloatArray = (plane[1:] - plane[:-1]).take(self.low, 0)
        values *= self.part[:, None]
        values += plane.take(self.low, 0)
        return values


def across(how: Shares | Between, pixels: FloatArray) -> FloatArray:
    """The same for columns: (row, column[, channel])."""
    return np.asarray(cv2.transpose(how(cv2.transpose(pixels))), np.float32)


def area_means(pixels: FloatArray, rows: Places, columns: Places) -> FloatArray:
    """The mean of ``pixels`` between neighbouring borders: float32 (len(rows) − 1, len(columns) − 1[, channel]).

    ``pixels`` float32 (row, column[, channel]). What lies beyond the array does not count; a rectangle that lies beyond
    it altogether has the mean 0.
    """
    height, width = pixels.shape[:2]
    return across(Shares.of(columns, width), Shares.of(rows, height)(pixels))


def between(plane: FloatArray, rows: Places, columns: Places) -> FloatArray:
    """Linear interpolation of ``plane`` at (row, column) places; whole numbers are centres, the rim is repeated."""
    height, width = plane.shape
    return Between.of(rows, height)(across(Between.of(columns, width), plane))
