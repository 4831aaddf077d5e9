"""A photo's pixels as a screen shows them: upright, 8-bit sRGB, in strips from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.forked import threads_begin
from gigamatte.photo.colour import to_srgb
from gigamatte.photo.unsupported import broken
from gigamatte.types import Photo, PixelArray


def openly(photo: Photo, rows: int) -> pyvips.Image:
    """``photo.open()``, to be read ``rows`` rows at a time; decoded into memory where the photo has other strips.

    Raises UnsupportedInput where its pixels are broken.
    """
    threads_begin()
    image = photo.open()
    if rows % photo.rows == 0:
        return image
    try:
        return image.copy_memory()
    except pyvips.Error as error:
        raise broken(photo.name, error) from error


def screen_image(photo: Photo, rows: int = 16) -> pyvips.Image:
    """A lazy image of 3 or 4 bands, uint8 sRGB, upright, to be read ``rows`` rows at a time.

    A turned photo, or one with strips of another height, is decoded into memory here. Raises UnsupportedInput where
    its pixels are broken.
    """
    image = _shown(openly(photo, rows), converted=photo.icc is not None)
    if photo.orientation == 1:
        return image
    try:
        image = image.copy_memory()
    except pyvips.Error as error:
        raise broken(photo.name, error) from error
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", photo.orientation)
    return image.autorot()


def _shown(image: pyvips.Image, *, converted: bool) -> pyvips.Image:
    """A lazy image in 8-bit sRGB; ``converted`` from its embedded profile."""
    if converted:
        image = to_srgb(image)
    if image.format == "ushort":
        # the upper byte of 0…65535, for colours and alpha alike
        image = (image >> 8).cast("uchar").copy(interpretation="srgb")
    return image


def shown_strip(strip: PixelArray, icc: bytes | None) -> NDArray[np.uint8]:
    """What ``strips`` gives of a file with this strip: (row, column, RGB or RGBA), uint8 or uint16, in ``icc``."""
    if icc is None and strip.dtype == np.uint8:
        return strip.view(np.uint8)
    form, space = ("uchar", "srgb") if strip.dtype == np.uint8 else ("ushort", "rgb16")
    height, width, bands = strip.shape
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(strip).data, width, height, bands, form)
    image = image.copy(interpretation=space)
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    data = _shown(image, converted=icc is not None).write_to_memory()
    return np.frombuffer(data, np.uint8).reshape(height, width, bands)


def strips(photo: Photo, rows: int) -> Iterator[NDArray[np.uint8]]:
    """The photo as uint8 sRGB (row, column, RGB or RGBA) arrays of ``rows`` rows, the last one shorter.

    ``rows`` is a multiple of 16: libvips reads ahead to the end of such a block, and cannot go back.
    Raises UnsupportedInput when the file turns out to be broken.
    """
    return _strips_of(photo, screen_image(photo, rows), np.dtype(np.uint8), rows)


def stored_strips(photo: Photo, rows: int) -> Iterator[PixelArray]:
    """The photo as its file stores it, in the same strips: not turned, in its own colours and depth."""
    return _strips_of(photo, openly(photo, rows), photo.depth.dtype, rows)


def _strips_of(photo: Photo, image: pyvips.Image, dtype: np.dtype[Any], rows: int) -> Iterator[NDArray[Any]]:
    for top in range(0, image.height, rows):
        height = min(rows, image.height - top)
        try:
            data = image.crop(0, top, image.width, height).write_to_memory()
        except pyvips.Error as error:
            raise broken(photo.name, error) from error
        yield np.frombuffer(data, dtype).reshape(height, image.width, image.bands)
