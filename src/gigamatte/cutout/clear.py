"""Rows of a canvas on which nothing lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Box, Depth, PixelArray

#: rows of a canvas that are made at a time, at most, and pixels of them
MOST, MOST_PIXELS = 256, 1 << 20


def rows_at_once(columns: int) -> int:
    """How many rows of so many pixels are made at a time, at most."""
    return min(MOST, max(4, MOST_PIXELS // columns))


@dataclass(frozen=True, slots=True)
class Clear:
    """Rows of a canvas on which nothing lies; ``beneath`` is the colour there, which nobody sees."""

    columns: int
    bands: int
    depth: Depth
    beneath: int

    def rows(self, count: int) -> PixelArray:
        """So many rows: (row, column) with 1 band, else (row, column, band)."""
        shape = (count, self.columns) if self.bands == 1 else (count, self.columns, self.bands)
        out: PixelArray = np.zeros(shape, self.depth.dtype)
        if self.bands == 4 and self.beneath:
            self.fill(out)
        return out

    def fill(self, out: PixelArray, where: NDArray[np.bool_] | None = None) -> None:
        """Clears pixels, (row, column, RGBA): each as one number, which takes a fifth of the time."""
        pixel = np.array([self.beneath, self.beneath, self.beneath, 0], out.dtype).view(f"u{4 * out.itemsize}")
        np.copyto(out.view(pixel.dtype), pixel, where=True if where is None else where[..., None])

    def between(self, first: int, last: int) -> Iterator[tuple[PixelArray, Box]]:
        """The rows ``first`` up to ``last`` and where they lie, a few at a time."""
        most = rows_at_once(self.columns)
        for top in range(first, last, most):
            count = min(most, last - top)
            yield self.rows(count), Box(0, top, self.columns, count)
