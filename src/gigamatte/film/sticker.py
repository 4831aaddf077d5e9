"""Stickers: animated pictures in a square of a given side, of at most so many bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from gigamatte.errors import UsageError, WriteError
from gigamatte.film import animation
from gigamatte.film.formats import ANIMATED, Plan
from gigamatte.film.resume import Shown
from gigamatte.types import Depth, PixelArray

#: what is tried, one after another: quality of lossy formats, and every n-th frame
_QUALITIES = (85, 70, 55, 40, 25)
_EVERY = (1, 2, 3, 4)


def check(fits: tuple[int, int], plan: Plan) -> None:
    """Raise UsageError for a sticker that cannot be."""
    side, most = fits
    if plan.format not in ANIMATED:
        raise UsageError("a sticker is an animated WebP, APNG, GIF or AVIF", "name the result like sticker.webp")
    if not 16 <= side <= 4096 or most < 1000:
        raise UsageError(f"a sticker has 16…4096 pixels and at least 1000 bytes; found {side} and {most}")


def fitted(pixels: PixelArray, side: int) -> PixelArray:
    """(row, column, channel) shrunk or enlarged into a square, what is left over transparent (or 0)."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        # by weight of alpha: what cannot be seen must not spread
        weighted = pixels.astype(np.float32)
        weighted[..., :3] *= Depth(8).quotient(weighted[..., 3:])
        small = np.clip(cv2.resize(weighted, size, interpolation=how), 0, 255)
        small[..., :3] *= np.float32(255) / np.maximum(small[..., 3:], np.float32(1e-3))
        shrunk = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    else:
        shrunk = cv2.resize(pixels, size, interpolation=how)
    square = np.zeros((side, side, *pixels.shape[2:]), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = shrunk
    return square


def write(
    format: str, pictures: Sequence[Path], shown: Sequence[Shown], file: BinaryIO, *, loop: int, most: int
) -> str:
    """Write the best that has at most ``most`` bytes, and say what it took. Raises WriteError where nothing does."""
    least = 0
    for every in _EVERY:
        chosen = list(pictures)[::every]
        times = [
            Shown(one.time, sum((other.duration for other in shown[at + 1 : at + every]), one.duration))
            for at, one in list(enumerate(shown))[::every]
        ]
        for quality in _QUALITIES if format in ("webp", "avif") else _QUALITIES[:1]:
            made = io.BytesIO()
            animation.encode(format, chosen, times, made, loop=loop, quality=quality)
            least = len(made.getvalue()) if not least else min(least, len(made.getvalue()))
            if len(made.getvalue()) <= most:
                file.write(made.getvalue())
                file.flush()
                frames = "every frame" if every == 1 else f"one of {every} frames"
                how = f", quality {quality}" if format in ("webp", "avif") else ""
                return f"the sticker has {len(made.getvalue())} bytes with {frames}{how}"
    raise WriteError(
        f"the sticker would have {least} bytes at least, allowed are {most}",
        "cut a shorter part with --from and --to, or allow a smaller side",
    )
