"""What pictures of one channel show of an alpha."""

from __future__ import annotations

import numpy as np

from gigamatte.types import PixelArray

#: From this alpha on a pixel keeps the photo's colour, bit for bit.
SOLID = 0.99


def uncertainty(alpha: PixelArray, full: int) -> PixelArray:
    """full where the matte is torn between subject and background, 0 where it is either: the same dtype."""
    nearest: PixelArray = np.minimum(alpha, full - alpha)
    return nearest * 2


def trimap(alpha: PixelArray, full: int) -> PixelArray:
    """0 where background, full where subject, half where undecided: the same dtype."""
    out: PixelArray = np.full_like(alpha, (full + 1) // 2)
    out[alpha <= 0.01 * full] = 0
    out[alpha >= SOLID * full] = full
    return out
