"""Small operations on rows of pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import PixelArray, Watch


def on_white(strip: PixelArray, full: int) -> PixelArray:
    """(row, column, RGBA) whose colours lie on white, the alpha as it was."""
    alpha = strip[..., 3:].astype(np.uint64)
    mixed = (strip[..., :3] * alpha + full * (full - alpha) + full // 2) // full
    flat = strip.copy()
    flat[..., :3] = mixed
    return flat


def with_alpha(colour: PixelArray, alpha: PixelArray) -> PixelArray:
    """(row, column, RGBA) of (row, column, RGB) and (row, column), one dtype."""
    out: PixelArray = np.empty((*alpha.shape, 4), colour.dtype)
    cv2.mixChannels([colour, alpha], [out], [0, 0, 1, 1, 2, 2, 3, 3])
    return out


def where(chosen: NDArray[np.bool_], colour: PixelArray, other: PixelArray | None = None) -> PixelArray:
    """``colour`` where ``chosen``, else ``other`` (zero), which it may be written into: (row, column, channel).

    Ten times faster than an index.
    """
    background = np.zeros_like(colour) if other is None else other
    out: PixelArray = cv2.copyTo(colour, chosen.view(np.uint8), background)
    return out


def watching(strips: Iterable[PixelArray], watch: Watch | None) -> Iterator[PixelArray]:
    """The same strips; ``watch`` is called before each and may stop by raising."""
    for strip in strips:
        if watch is not None:
            watch("path", 0.0)
        yield strip
