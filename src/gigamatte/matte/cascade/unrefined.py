"""A matte of the photo's own size is used as the result: no pixel is computed again."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gigamatte.matte.mask.correct import Correction
from gigamatte.types import UNDECIDED, Box, Depth, FloatArray, Grid, Matte, PixelArray, Place, decided_by


class Values(Protocol):
    """An alpha of the photo's own size."""

    def values(self, box: Box) -> FloatArray:
        """What it is in a box of the photo: float32 (row, column) in [0, 1]."""


def unrefined(known: Values, grid: Grid, bits: int, correction: Correction) -> Matte:
    """The alpha unchanged, as a ``Matte`` of ``bits`` (8 or 16) on ``grid``, with the strokes drawn in."""
    depth = Depth(bits)
    decided = np.zeros(grid.shape, np.uint8)
    found: dict[Place, PixelArray] = {}
    for place in grid.places():
        home = grid.home(place)
        alpha = known.values(home)
        pixels = depth.from_unit(alpha)
        plain = Depth(16).from_unit(alpha).astype(np.uint16, copy=False)
        drawn = correction.enforced(plain, home, grid.size)
        if drawn is not plain:  # strokes are 0 or full
            pixels = depth.pixels(np.where(drawn == plain, pixels, drawn >> (16 - bits)))
        decided[place] = decided_by(pixels)
        if decided[place] == UNDECIDED:
            found[place] = pixels
    return Matte(grid.size, bits, grid.edge, decided, found)
