"""Large masks made smaller: exact area averages, in strips, so that no full-size float is ever held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Depth, FloatArray, PixelArray, Size

#: rows that are averaged at a time
STRIP = 256

#: makes float32 of some rows
Measure = Callable[[PixelArray], FloatArray]


def unit(rows: PixelArray) -> FloatArray:
    """uint8 or uint16 (row, column) as float32 in [0, 1]."""
    return Depth.of(rows).unit(rows)


def area_mean(values: PixelArray, size: Size, measure: Measure = unit) -> FloatArray:
    """The mean of ``measure`` over the area of each pixel of the smaller ``size``: float32 (row, column).

    ``values`` is (row, column), uint8 or uint16. A ``size`` that is larger in some direction is interpolated linearly.
    """
    rows, columns = values.shape
    if size.height > rows or size.width > columns:
        return _resized(measure(values), size)
    if size.shape == values.shape:
        return measure(values)
    out = np.zeros(size.shape, np.float32)
    for top in range(0, rows, STRIP):
        strip = measure(values[top : top + STRIP])
        narrow = cv2.resize(strip, (size.width, len(strip)), interpolation=cv2.INTER_AREA)
        first, shares = _shares(top, len(strip), rows, size.height)
        out[first : first + len(shares)] += shares @ narrow
    return np.clip(out, 0, 1, out=out)


def _shares(top: int, count: int, rows: int, wanted: int) -> tuple[int, NDArray[np.float32]]:
    """How much each of ``count`` rows from ``top`` on counts in the rows that they lie in: (first such row, shares)."""
    first, last = top * wanted // rows, -(-(top + count) * wanted // rows)
    edges = np.arange(first, last + 1) * (rows / wanted)
    own = np.arange(top, top + count)
    inside: NDArray[Any] = np.minimum(own + 1, edges[1:, None]) - np.maximum(own, edges[:-1, None])
    return first, (np.clip(inside, 0, None) * (wanted / rows)).astype(np.float32)


def _resized(alpha: FloatArray, size: Size) -> FloatArray:
    return np.asarray(cv2.resize(alpha, (size.width, size.height), interpolation=cv2.INTER_LINEAR), np.float32)
