"""A picture stored at a lower resolution and interpolated when rows of the result are read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.frame import Canvas
from gigamatte.types import FloatArray


@dataclass(frozen=True)
class Sampled:
    """``values`` float32 (row, column[, channel]) on pixels of ``step`` photo pixels, from (``left``, ``top``) on.

    Between their centres it is interpolated linearly. Beyond its border lies 0, or with ``repeated`` the border itself.
    """

    values: FloatArray
    step: float
    left: float = 0.0
    top: float = 0.0
    repeated: bool = False

    def rows(self, canvas: Canvas, first: int, count: int) -> FloatArray:
        """``count`` rows from ``first`` of the canvas: (row, column[, channel]). The same however they are divided."""
        down, lower = self._axis(canvas.top, canvas.scale, self.top, self.values.shape[0], range(first, first + count))
        across, right = self._axis(canvas.left, canvas.scale, self.left, self.values.shape[1], range(canvas.size.width))
        known = (
            self.values if self.repeated else np.pad(self.values, [(1, 1), (1, 1)] + [(0, 0)] * (self.values.ndim - 2))
        )
        shape = (-1, 1, 1)[: self.values.ndim]
        lower = lower.reshape(shape)
        narrow = known[down[0]] * (1 - lower) + known[down[1]] * lower
        if not narrow.any():
            return np.zeros((count, canvas.size.width, *self.values.shape[2:]), np.float32)
        right = right.reshape((-1, 1)[: self.values.ndim - 1])
        out: FloatArray = narrow.take(across[0], axis=1)
        out *= 1 - right
        other = narrow.take(across[1], axis=1)
        other *= right
        out += other
        return out

    def _axis(
        self, start: float, scale: float, corner: float, length: int, pixels: range
    ) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], FloatArray]:
        """The two neighbours of each pixel, and how much the second weighs."""
        place = ((np.arange(pixels.start, pixels.stop) + 0.5 - start) / scale - corner) / self.step - 0.5
        low = np.floor(place)
        share = (place - low).astype(np.float32)
        border = 0 if self.repeated else 1
        last = length - 1 + 2 * border
        one, other = (np.clip(low + border + more, 0, last).astype(np.intp) for more in (0, 1))
        return (one, other), share
