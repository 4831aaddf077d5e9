"""Alphas as numbers that are kept: 8 or 16 bits deep, and in tiles, of which only the undecided hold pixels."""

from __future__ import annotations

import numpy as np

from gigamatte.matte.cascade.band import BACKGROUND_BELOW, SUBJECT_ABOVE, decided
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.types import UNDECIDED, Depth, FloatArray, Grid, Matte, PixelArray, Pixels16, Place, Size


def quantised(alpha: FloatArray, bits: int, exact: bool = False) -> PixelArray:
    """``alpha``, float32 (row, column) in [0, 1], as uint8 or uint16 by ``bits``, rounded.

    Alphas that count as decided become exactly 0 or full, unless ``exact``. This is done for each pixel, with the same
    limits as for whole tiles, so that no pixel depends on where a tile ends.
    """
    if not exact:
        alpha = np.where(alpha <= BACKGROUND_BELOW, 0, np.where(alpha >= SUBJECT_ABOVE, 1, alpha))
    return Depth(bits).from_unit(alpha)


def quantised16(alpha: FloatArray, exact: bool = False) -> Pixels16:
    """``quantised`` to 16 bits, as every level but the last keeps its alpha."""
    return quantised(alpha, 16, exact).astype(np.uint16, copy=False)


def as_matte(alpha: FloatArray, bits: int, edge: int = EDGE, exact: bool = False) -> Matte:
    """A whole alpha, float32 (row, column) in [0, 1], as sparse tiles; ``exact`` keeps what counts as decided too."""
    grid = Grid(Size.of(alpha), edge)
    states = np.zeros(grid.shape, np.uint8)
    found: dict[Place, PixelArray] = {}
    for place in grid.places():
        part = alpha[grid.home(place).slices()]
        states[place] = decided(part, exact)
        if states[place] == UNDECIDED:
            found[place] = quantised(part, bits, exact)
    return Matte(grid.size, bits, edge, states, found)


def as_bits(matte: Matte, bits: int, exact: bool = False) -> Matte:
    """The same matte, 8 or 16 bits deep; alphas that count as decided become exactly so, unless ``exact``."""
    if bits != 8:
        return Matte(matte.size, bits, matte.tile, matte.decided, dict(matte.tiles))
    every = Depth(16).unit(np.arange(65536, dtype=np.uint16))
    table = quantised(every, bits, exact)
    found = {place: table.take(pixels) for place, pixels in matte.tiles.items()}
    return Matte(matte.size, bits, matte.tile, matte.decided, found)
