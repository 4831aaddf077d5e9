"""A made-up photo with a smooth subject off the middle, which has a hole and a piece apart: its alpha is known."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Size

SIZE = Size(1200, 800)


@functools.cache
def shape(size: Size = SIZE) -> NDArray[np.uint8]:
    """The alpha: uint8 (row, column), averaged down from four times the size."""
    places = np.mgrid[: size.height * 4, : size.width * 4].astype(np.float32) + 0.5
    rows, columns = places * np.float32(SIZE.width / size.width / 8)
    angle = np.arctan2(rows - 190.3, columns - 240.6)
    away = np.hypot(rows - 190.3, columns - 240.6) - 120 * (1 + 0.15 * np.sin(3 * angle))
    away = np.maximum(away, 45 - np.hypot(rows - 180, columns - 260))
    away = np.minimum(away, np.hypot(rows - 300, columns - 480) - 50)
    inside = (away < 0).astype(np.float32)
    covered = cv2.resize(inside, (size.width, size.height), interpolation=cv2.INTER_AREA)
    alpha: NDArray[np.uint8] = np.rint(covered * 255).astype(np.uint8)
    return alpha


def photo(size: Size = SIZE) -> NDArray[np.uint8]:
    """Colours that tell where they are: uint8 (row, column, RGB)."""
    rows, columns = np.mgrid[: size.height, : size.width]
    return np.dstack([rows % 256, columns % 256, (rows + columns) % 256]).astype(np.uint8)


def overlap(one: NDArray[np.unsignedinteger[Any]], other: NDArray[np.unsignedinteger[Any]]) -> float:
    """Intersection over union of two alphas of whole numbers, (row, column), in [0, 1]."""
    a, b = one / np.iinfo(one.dtype).max, other / np.iinfo(other.dtype).max
    return float(np.minimum(a, b).sum() / np.maximum(a, b).sum())
