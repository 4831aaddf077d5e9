"""The photo's levels from a plain array: for tests of what comes after reading."""

from __future__ import annotations

import numpy as np

from gigamatte.photo.levels import SMALLEST
from gigamatte.types import Box, PixelArray, Size


class ArrayLevels:
    """Levels of (row, column, RGB) uint8 or uint16 pixels: each is the rounded 2×2 mean of the one before."""

    def __init__(self, pixels: PixelArray) -> None:
        self._levels = [pixels]
        while max(self._levels[-1].shape[:2]) > SMALLEST:
            self._levels.append(_halved(self._levels[-1]))

    @property
    def levels(self) -> int:
        """How many there are."""
        return len(self._levels)

    def size(self, level: int) -> Size:
        """Width and height of a level; 0 is the finest."""
        return Size.of(self._levels[level])

    def read(self, level: int, box: Box) -> PixelArray:
        """(row, column, RGB) of a box inside the level."""
        return self._levels[level][box.slices()]


def _halved(pixels: PixelArray) -> PixelArray:
    rows, columns = max(1, pixels.shape[0] // 2), max(1, pixels.shape[1] // 2)
    even = pixels[: 2 * rows, : 2 * columns].astype(np.float32)
    mean = even.reshape(rows, 2, columns, 2, -1).mean(axis=(1, 3))
    rounded: PixelArray = np.round(mean).astype(pixels.dtype)
    return rounded
