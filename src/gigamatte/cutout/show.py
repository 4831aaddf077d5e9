"""A cutout as a Pillow image, and as a small PNG for notebooks."""

from __future__ import annotations

import io
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.photo.colour import in_srgb, to_8bit, to_srgb8
from gigamatte.types import Depth, PixelArray, Size

#: a notebook shows a cutout with at most so many pixels on its longer side
SHOWN = 1024


def pillow_image(rgba: PixelArray, icc: bytes | None, resolution: tuple[float, float]) -> Image.Image:
    """An RGBA image of 8 bits (Pillow has none of 16) with the profile and resolution (pixels per millimetre) given."""
    image = Image.fromarray(np.ascontiguousarray(to_8bit(rgba) if rgba.dtype == np.uint16 else rgba))
    if icc is not None:
        image.info["icc_profile"] = icc
    if min(resolution) > 0:
        image.info["dpi"] = (resolution[0] * 25.4, resolution[1] * 25.4)
    return image


def small_png(strips: Iterable[PixelArray], size: Size, icc: bytes | None) -> bytes:
    """A PNG of RGBA strips, from top to bottom, in sRGB and shrunk by a whole number to ``SHOWN`` pixels or fewer.

    Averages of colour times alpha, so that what lies under alpha 0 does not show; never more than a strip in memory.
    """
    step = -(-size.long // SHOWN)
    rows: list[NDArray[np.uint8]] = []
    waiting: PixelArray | None = None
    for strip in strips:
        waiting = strip if waiting is None else np.concatenate([waiting, strip])
        whole = len(waiting) // step * step
        if whole:
            rows.append(_shrunk(waiting[:whole], step, icc))
            waiting = waiting[whole:]
    if waiting is not None and len(waiting):
        rows.append(_shrunk(waiting, step, icc))
    file = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(file, "PNG")
    return file.getvalue()


def _shrunk(rgba: PixelArray, step: int, icc: bytes | None) -> NDArray[np.uint8]:
    alpha = Depth.of(rgba).quotient(rgba[..., 3])
    pixels: PixelArray = np.ascontiguousarray(rgba[..., :3])  # type: ignore[assignment]
    colour = to_srgb8(pixels, icc).astype(np.float32) * alpha[..., None]
    size = (max(1, rgba.shape[1] // step), max(1, len(rgba) // step))
    both = cv2.resize(np.dstack([colour, alpha]), size, interpolation=cv2.INTER_AREA)
    shown: NDArray[np.float32] = both[..., :3] / np.maximum(both[..., 3:], np.float32(1e-3))
    return np.dstack([np.rint(np.clip(shown, 0, 255)), np.rint(both[..., 3] * 255)]).astype(np.uint8)


def as_srgb(pixels: PixelArray, icc: bytes | None) -> PixelArray:
    """(row, column, RGB or RGBA) in the space of ``icc`` as sRGB of the same depth."""
    if icc is None:
        return pixels
    colours: PixelArray = np.ascontiguousarray(pixels[..., :3])  # type: ignore[assignment]
    return np.dstack([in_srgb(colours, icc, depth=8 * pixels.itemsize), pixels[..., 3:]])  # type: ignore[return-value]
