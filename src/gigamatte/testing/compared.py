"""How the pixels that a program reads differ from those that were written, in a few words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


def compared(found: Pixels, right: Pixels) -> str:
    """How a reader's pixels differ from those that were written, both (row, column, RGBA), in a few words."""
    if found.shape != right.shape:
        return f"another size: {found.shape[1]}×{found.shape[0]}"
    if not found.any():
        return "all zeros"
    ours, theirs = _as_floats(right), _as_floats(found)
    weight = ours[..., 3:] / 255
    seen = ours[..., 3] > 0
    thin = np.abs(theirs[..., 3] - ours[..., 3]).max()
    laid = ours[..., :3] * weight + 255 * (1 - weight)
    on_white = np.abs(theirs[..., :3] - laid).max() < 3
    if theirs[..., 3].min() == 255 and ours[..., 3].min() < 255:
        if on_white:
            return "no alpha, laid on white"
        solid = ours[..., 3] == 255
        shown = not solid.any() or np.abs(theirs - ours)[solid].max() < 20
        return "no alpha" if shown else "another picture"
    shift = np.abs((theirs[..., :3] - ours[..., :3]) * weight)[seen].max()
    worst = max(thin, shift)
    if worst == 0:
        return "exact"
    if worst <= 1.01 and found.dtype == np.uint8 and right.dtype == np.uint16:
        return "8 bits"
    if thin <= 1.01 and on_white:
        return "alpha, laid on white"
    if thin <= 1.01 and np.abs(theirs[..., :3] - ours[..., :3] * weight)[seen].max() < 3 < shift:
        return "weighed by alpha"
    if max(thin, np.abs(theirs * 16 - ours).max()) > 20 and theirs.max() <= 16:
        return "nearly black"
    return f"alpha ±{thin:.0f}, colours ±{shift:.0f}" if worst > 1.01 else "±1"


def _as_floats(pixels: Pixels) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = pixels.astype(np.float64) * (255 / np.iinfo(pixels.dtype).max)
    return scaled
