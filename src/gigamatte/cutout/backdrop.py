"""What a cutout is laid on: a colour or a picture, in the photo's own depth and colour space, strip by strip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
from PIL import ImageColor

from gigamatte.errors import UsageError
from gigamatte.photo.colour import srgb_profile
from gigamatte.photo.read import open_photo
from gigamatte.types import PixelArray, Size

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
    scale = max(size.width / image.width, size.height / image.height)
    image = image.resize(scale, vscale=scale) if scale != 1 else image
    left, top = (image.width - size.width) // 2, (image.height - size.height) // 2
    image = _in_space(image.crop(max(0, left), max(0, top), min(size.width, image.width), size.height), bits, icc)
    return lambda first, count: image.crop(0, first, size.width, count).numpy()


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
