"""What a cutout is laid on: a colour or a picture, in the photo's own depth and colour space, strip by strip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyvips
from PIL import ImageColor

from gigamatte.errors import UsageError
from gigamatte.photo.colour import srgb_profile
from gigamatte.photo.read import open_photo
from gigamatte.types import PixelArray, Size

#: A picture is kept in memory up to this size, and enlarged on the way out beyond it.
MEMORY_PIXELS = 32_000_000

#: ``rows(top, count)``: (row, column, RGB) of the backdrop, asked for from top to bottom
Rows = Callable[[int, int], PixelArray]


def open_backdrop(background: str, size: Size, bits: int, icc: bytes | None, max_pixels: int) -> Rows:
    """A backdrop of ``size`` from a colour (white, #ff00ff, ``255,0,255``) or from a picture's path.

    A picture is enlarged or shrunk until it covers, then cut at its centre. Raises UsageError when it is neither.
    """
    colour = parse_colour(background)
    if colour is not None:
        pixel = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb") + list(colour)
        row = _in_space(pixel.cast("uchar").copy(interpretation="srgb"), bits, icc).numpy()
        return lambda _top, count: np.broadcast_to(row, (count, size.width, 3))
    if not Path(background).exists():
        raise UsageError(
            f"--background takes a colour or a picture; {background!r} is neither a known colour nor a file",
            "try white, '#ff00ff' or 255,0,255",
        )
    photo = open_photo(background, max_pixels=max_pixels)
    image = photo.open()
    image = image[:3] if photo.has_alpha else image
    if photo.icc is not None:
        image = image.icc_transform("srgb", embedded=True, intent="relative")
    else:
        image = image.copy(interpretation="srgb" if photo.bits == 8 else "rgb16").colourspace("srgb")
    # a picture behind a gigapixel cutout is enlarged row by row, so that it never lies in memory at that size
    shrink = min(1.0, (MEMORY_PIXELS / size.pixels) ** 0.5)
    wanted = Size(max(1, round(size.width * shrink)), max(1, round(size.height * shrink)))
    scale = max(wanted.width / image.width, wanted.height / image.height)
    image = image.resize(scale, vscale=scale) if scale != 1 else image
    wanted = Size(min(wanted.width, image.width), min(wanted.height, image.height))
    left, top = (image.width - wanted.width) // 2, (image.height - wanted.height) // 2
    pixels = _in_space(image.crop(max(0, left), max(0, top), wanted.width, wanted.height), bits, icc).numpy()
    return lambda first, count: _rows(pixels, size, first, count)


def _rows(pixels: PixelArray, size: Size, first: int, count: int) -> PixelArray:
    """``count`` rows from ``first`` of the picture stretched to ``size``."""
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (size.width, size.height):
        return pixels[first : first + count]
    across, down = columns / size.width, rows / size.height
    place = np.array([[across, 0, across / 2 - 0.5], [0, down, (first + 0.5) * down - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    stretched: PixelArray = cv2.warpAffine(
        pixels, place, (size.width, count), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return stretched


def parse_colour(text: str) -> tuple[int, int, int] | None:
    """(red, green, blue), 0…255, or None when the text is no colour."""
    parts = text.split(",")
    try:
        if len(parts) == 3 and all(0 <= int(part) <= 255 for part in parts):
            red, green, blue = (int(part) for part in parts)
            return red, green, blue
        colour = ImageColor.getrgb(text)
    except ValueError:
        return None
    return colour[0], colour[1], colour[2]


def _in_space(image: pyvips.Image, bits: int, icc: bytes | None) -> pyvips.Image:
    """An 8-bit sRGB image in the depth and the colour space of the photo."""
    if icc is not None and icc != srgb_profile():
        lab = image.colourspace("lab").copy()
        lab.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
        return lab.icc_export(depth=bits, intent="relative")
    return (image.cast("ushort") * 257).cast("ushort") if bits == 16 else image
