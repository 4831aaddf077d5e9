"""Alphas as numbers that are kept: 8 or 16 bits deep, and in tiles, of which only the undecided hold pixels."""

from __future__ import annotations

import numpy as np

from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.band import BACKGROUND, SUBJECT, settled
from gigamatte.matte.cascade.tiles import Place
from gigamatte.types import FloatArray, Matte, PixelArray, Pixels16, Size, to_pixels


def quantised(alpha: FloatArray, bits: int) -> PixelArray:
    """float32 in [0, 1] → uint8 or uint16, rounded. What counts as decided becomes exactly 0 or full.

    Pixel by pixel, like the tiles that are decided as a whole: so no pixel depends on where a tile ends.
    """
    alpha = np.where(alpha <= BACKGROUND, 0, np.where(alpha >= SUBJECT, 1, alpha))
    return to_pixels(alpha * np.float32((1 << bits) - 1) + np.float32(0.5), bits)


def quantised16(alpha: FloatArray) -> Pixels16:
    """``quantised`` to 16 bits, as every level but the last keeps its alpha."""
    return quantised(alpha, 16).astype(np.uint16, copy=False)


def as_matte(alpha: FloatArray, bits: int, edge: int = tiling.EDGE) -> Matte:
    """A whole alpha, float32 (row, column) in [0, 1], as sparse tiles."""
    size = Size.of(alpha)
    decided = np.zeros(tiling.grid(size, edge), np.uint8)
    found: dict[Place, PixelArray] = {}
    for place in np.ndindex(decided.shape):
        part = alpha[tiling.home(place[0], place[1], size, edge).slices()]
        constant = settled(part)
        decided[place] = 2 if constant is None else constant
        if constant is None:
            found[place[0], place[1]] = quantised(part, bits)
    return Matte(size, bits, edge, decided, found)


def as_bits(matte: Matte, bits: int) -> Matte:
    """The same matte, 8 or 16 bits deep; alphas that count as decided become exactly so."""
    found = {place: _finished(pixels, bits) for place, pixels in matte.tiles.items()}
    return Matte(matte.size, bits, matte.tile, matte.decided, found)


def _finished(pixels: PixelArray, bits: int) -> PixelArray:
    return quantised(pixels.astype(np.float32) * np.float32(1 / 65535), bits) if bits == 8 else pixels
