"""The one-channel results that are made of an alpha: trimap and uncertainty."""

from __future__ import annotations

import numpy as np

from gigamatte.types import PixelArray

#: From this alpha on a pixel keeps the photo's colour, bit for bit.
SOLID = 0.99


def uncertainty(alpha: PixelArray, full: int) -> PixelArray:
    """How undecided each pixel is, 0…``full``: most at an alpha of one half; the shape and dtype of ``alpha``."""
    nearest: PixelArray = np.minimum(alpha, full - alpha)
    return nearest * 2


def trimap(alpha: PixelArray, full: int) -> PixelArray:
    """0 for background (alpha ≤ 1 %), ``full`` for subject (≥ 99 %), else half of it; the dtype of ``alpha``."""
    out: PixelArray = np.full_like(alpha, (full + 1) // 2)
    out[alpha <= 0.01 * full] = 0
    out[alpha >= SOLID * full] = full
    return out
