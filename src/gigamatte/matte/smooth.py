"""The edge hardening that users know: ImageMagick's ``-alpha on -channel A -blur 0x0.8 -level 10%,90% +channel``.

A blur of two passes with ImageMagick's own taps, then a steeper ramp. The taps are not samples of a Gaussian: each is
the sum of a Gaussian three times as wide, sampled three times as finely, which differs by up to 11 levels.
It weakens hair: a strand one pixel wide and fully opaque keeps less than half of its opacity, a faint one nearly none.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError
from gigamatte.filters import separable
from gigamatte.types import UNDECIDED, Depth, Matte, PixelArray, Place

SIGMA = 0.8
#: black and white point of the steeper ramp, percent
LEVELS = (10.0, 90.0)
#: smaller taps change nothing in 16 bits: ImageMagick leaves them out
SMALLEST_WEIGHT = 1 / 65535


def smooth_alpha(alpha: PixelArray, sigma: float = SIGMA, levels: tuple[float, float] = LEVELS) -> PixelArray:
    """``alpha`` (row, column; uint8 or uint16) blurred by ``sigma`` pixels, then stretched so that ``levels`` percent
    become transparent and opaque. Same shape and dtype; edges are replicated.

    Strips may be smoothed one by one when each is given ``smooth_halo(sigma)`` rows of its neighbours.
    Raises UsageError for values out of range.
    """
    if alpha.ndim != 2 or alpha.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise UsageError(f"an alpha to smooth is uint8 or uint16 (row, column), found {alpha.dtype} {alpha.shape}")
    low, high = _checked(sigma, levels)
    taps = blur_taps(sigma)
    full = float(Depth.of(alpha).full)
    blurred = separable(alpha.astype(np.float32), taps, taps)
    black, white = full * low / 100, full * high / 100
    blurred -= black
    blurred *= full / (white - black)
    np.clip(blurred, 0, full, out=blurred)
    blurred += 0.5
    return Depth.of(alpha).pixels(blurred)


def smooth_halo(sigma: float = SIGMA) -> int:
    """Rows above and below (columns left and right) that a pixel's result depends on."""
    return len(blur_taps(sigma)) // 2


def smooth_matte(matte: Matte, sigma: float = SIGMA, levels: tuple[float, float] = LEVELS) -> Matte:
    """The same step on a whole matte, tile by tile with its neighbours' pixels. Tiles whose surroundings are decided
    alike stay decided. Raises UsageError for values out of range.
    """
    _checked(sigma, levels)
    halo, reach = smooth_halo(sigma), -(-smooth_halo(sigma) // matte.tile)
    padded = np.pad(matte.decided, reach, mode="edge")
    decided, tiles = matte.decided.copy(), dict[Place, PixelArray]()
    for place in matte.grid.places():
        row, column = place
        around = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        if around[0, 0] != UNDECIDED and (around == around[0, 0]).all():
            continue
        write = matte.grid.home(place)
        read = write.grown(halo).within(matte.size)
        smooth = smooth_alpha(matte.read(read), sigma, levels)[write.relative_to(read).slices()]
        decided[place] = UNDECIDED
        tiles[place] = smooth.copy()
    return Matte(matte.size, matte.bits, matte.tile, decided, tiles)


def blur_taps(sigma: float) -> NDArray[np.float64]:
    """ImageMagick's one-dimensional blur kernel, float64 (tap,), for radius 0 and ``sigma`` pixels.

    It sums to 1 and has an odd length.
    """
    width = _kernel_width(sigma)
    reach = (3 * width - 1) // 2
    taps = np.zeros(width)
    for step in range(-reach, reach + 1):
        taps[(step + reach) // 3] += math.exp(-(step**2) / (2 * (3 * sigma) ** 2))
    normalised: NDArray[np.float64] = taps / taps.sum()
    return normalised


def _kernel_width(sigma: float) -> int:
    # the widest odd kernel whose outermost weight still counts
    width = 3
    while True:
        half = (width + 1) // 2
        weights = [math.exp(-(step**2) / (2 * sigma**2)) for step in range(-half, half + 1)]
        if weights[0] / sum(weights) < SMALLEST_WEIGHT:
            return width
        width += 2


def _checked(sigma: float, levels: tuple[float, float]) -> tuple[float, float]:
    if not 0.1 <= sigma <= 100:
        raise UsageError(f"the blur's sigma lies in 0.1…100 pixels; found {sigma}")
    low, high = levels
    if not 0 <= low < high <= 100:
        raise UsageError(f"the levels are two percentages, 0 ≤ low < high ≤ 100; found {low},{high}")
    return low, high
