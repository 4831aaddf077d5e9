"""Means over rectangles whose borders need not fall between pixels, and values between the centres of such rectangles.

Both are exact for any ratio of two grids and do not depend on where a tile begins.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray

#: Borders or centres along one axis, in pixels of an array, ascending; 0 is the array's own border.
Places = NDArray[np.float64]


def area_means(pixels: FloatArray, rows: Places, columns: Places) -> FloatArray:
    """The mean of ``pixels`` between neighbouring borders: float32 (len(rows) − 1, len(columns) − 1[, channel]).

    ``pixels`` float32 (row, column[, channel]). What lies beyond the array does not count; a rectangle that lies beyond
    it altogether has the mean 0. By a summed-area table (Crow, 1984), read between its pixels.
    """
    table = cv2.integral(pixels, sdepth=cv2.CV_64F)
    height, width = pixels.shape[:2]
    rows, columns = np.clip(rows, 0, height), np.clip(columns, 0, width)
    sums = np.diff(_read(table, rows, 0), axis=0)
    sums = np.diff(_read(sums, columns, 1), axis=1)
    areas = np.diff(rows)[:, None] * np.diff(columns)
    areas = np.maximum(areas, 1e-9).reshape(areas.shape + (1,) * (sums.ndim - 2))
    return np.asarray(sums / areas, np.float32)


def between(plane: FloatArray, rows: Places, columns: Places) -> FloatArray:
    """Linear interpolation of ``plane`` at (row, column) places; whole numbers are centres, the rim is repeated."""
    half: FloatArray = _read(plane, np.clip(rows, 0, plane.shape[0] - 1), 0)
    out: FloatArray = _read(half, np.clip(columns, 0, plane.shape[1] - 1), 1)
    return out


def _read(table: NDArray[Any], at: Places, axis: int) -> NDArray[Any]:
    """``table`` at fractional places along an axis."""
    low = np.minimum(at.astype(np.intp), max(0, table.shape[axis] - 2))
    high = np.minimum(low + 1, table.shape[axis] - 1)
    part = (at - low).astype(table.dtype).reshape((-1,) + (1,) * (table.ndim - 1 - axis))
    first = table.take(low, axis)
    second = table.take(high, axis)
    second -= first
    second *= part
    first += second
    return first
