"""The mean of a matte over the pixels of a level: read tile by tile, so that no full-size alpha is ever held."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from gigamatte.matte.cascade.reading import nearest_inside, repeated
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, Depth, FloatArray, Matte, PixelArray, Size


class Alphas(Protocol):
    """What is read of a matte."""

    @property
    def size(self) -> Size: ...  # noqa: D102

    @property
    def tile(self) -> int: ...  # noqa: D102

    @property
    def depth(self) -> Depth: ...  # noqa: D102

    def read(self, box: Box, /) -> PixelArray:
        """The alpha in ``box``: (row, column), uint8 or uint16."""
        ...


class ReadOnce:
    """A matte of which a box (it may reach outside) is read once, for all scales."""

    def __init__(self, matte: Matte, box: Box) -> None:
        self.size, self.tile, self.depth = matte.size, matte.tile, matte.depth
        self._box = box.within(matte.size)
        self._alpha = matte.read(self._box)

    def read(self, box: Box, /) -> PixelArray:
        """The alpha in ``box``, which lies in that box."""
        return self._alpha[box.relative_to(self._box).slices()]


def alpha_at(matte: Alphas, box: Box, level: int, pool: Pool | None = None) -> FloatArray:
    """The matte's mean over 2**level × 2**level pixels, in ``box`` of that level: float32 (row, column) in [0, 1].

    Tile by tile, so that no full-size alpha is ever held. Beyond the border, border pixels are repeated.
    """
    size = Size(max(1, matte.size.width >> level), max(1, matte.size.height >> level))
    inside = nearest_inside(box, size)
    step = 1 << level
    out = np.empty((inside.height, inside.width), np.float32)
    rows_at_once = max(1, matte.tile // step)

    def read(top: int) -> None:
        rows = min(rows_at_once, inside.height - top)
        strip = Box(inside.left * step, (inside.top + top) * step, inside.width * step, rows * step)
        fine = matte.read(strip.within(matte.size))
        if level == 0:
            out[top : top + rows] = fine
        else:
            # a picture narrower than one step has a single pixel at this level
            out[top : top + rows] = cv2.resize(fine, (inside.width, rows), interpolation=cv2.INTER_AREA)

    list((map if pool is None else pool.map)(read, range(0, inside.height, rows_at_once)))
    out *= np.float32(1 / matte.depth.full)
    return repeated(out, inside, box)
