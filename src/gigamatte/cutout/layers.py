"""Composites layers with alpha, from the lowest up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigamatte.types import Depth, FloatArray, PixelArray


@dataclass(frozen=True, slots=True)
class Beneath:
    """A layer of one colour below the subject, 0…full of the photo's depth, whose alpha comes strip by strip."""

    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """A line around the subject: ``width`` in pixels of the result, ``colour`` 0…full in the result's colour space."""

    width: float
    colour: tuple[int, int, int]


class Laid:
    """Rows of layers, from the lowest up, by weight of alpha (T. Porter, T. Duff: Compositing Digital Images, 1984).

    ``lowest`` (row, column, RGB or RGBA), straight, 0…full, or None where all can be seen through. ``shape`` begins
    with (row, column).
    """

    def __init__(self, depth: Depth, lowest: PixelArray | FloatArray | None, shape: Sequence[int]) -> None:
        self._depth, self._full = depth, np.float32(depth.full)
        self._opaque = lowest is not None and lowest.shape[2] == 3
        rows, columns = shape[:2]
        if lowest is None:
            self._sum = np.zeros((rows, columns, 3), np.float32)
            self._alpha = np.zeros((rows, columns, 1), np.float32)
        elif self._opaque:
            self._sum, self._alpha = lowest.astype(np.float32), np.ones((1, 1, 1), np.float32)
        else:
            self._alpha = depth.quotient(lowest[..., 3:])
            self._sum = lowest[..., :3] * self._alpha

    def put(self, colour: PixelArray | FloatArray, alpha: FloatArray) -> None:
        """Lay ``colour``, (row, column, RGB) or one for all, with ``alpha`` (row, column, 1) in [0, 1] on top."""
        rest = 1 - alpha
        self._sum *= rest
        self._sum += colour * alpha
        if not self._opaque:
            self._alpha = self._alpha * rest + alpha

    def pixels(self, beneath: int) -> PixelArray:
        """(row, column, RGB), or straight RGBA where some is seen through; ``beneath`` is the colour under alpha 0."""
        half = np.float32(0.5)
        if self._opaque:
            return self._depth.pixels(self._sum + half)
        colour = self._sum / np.maximum(self._alpha, np.float32(1e-9))
        laid = self._depth.pixels(np.concatenate([colour, self._alpha * self._full], axis=2) + half)
        laid[laid[..., 3] == 0, :3] = beneath
        return laid
