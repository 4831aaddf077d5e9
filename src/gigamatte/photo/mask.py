"""read_mask: the values of a mask, alpha or trimap, exactly as they were stored. No colour management touches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pyvips

from gigamatte.errors import UnsupportedInput
from gigamatte.photo.read import Source, broken, check_pixels, open_source, quiet_libvips
from gigamatte.photo.turn import Turn
from gigamatte.types import PixelArray, Size

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Mask:
    """The values of a mask: (row, column), uint8 or uint16, upright; and what had to be said about reading it."""

    values: PixelArray
    warnings: tuple[str, ...] = ()


def read_mask(source: Source | Image.Image, *, max_pixels: int) -> Mask:
    """The alpha of a picture that has one, else its grey (0.299 R + 0.587 G + 0.114 B of a coloured one).

    An alpha that is opaque everywhere tells nothing: then the grey is taken, with a warning.
    Raises MissingInput, UnsupportedInput and BudgetExceeded like ``open_photo``.
    """
    quiet_libvips()
    opened = open_source(source)
    check_pixels(opened, max_pixels)
    header = opened.header
    if header.interpretation == "cmyk" or header.format not in ("uchar", "ushort"):
        found = "CMYK" if header.interpretation == "cmyk" else header.format
        raise UnsupportedInput(f"the mask {opened.name} is {found}; expected grey, RGB or RGBA of 8 or 16 bits")
    try:
        image = opened.load()
        data = image.write_to_memory()
    except pyvips.Error as error:
        raise broken(opened.name, error) from error
    dtype: np.dtype[Any] = np.dtype(np.uint8 if header.format == "uchar" else np.uint16)
    flat: PixelArray = np.frombuffer(data, dtype)
    values, note = _values(flat.reshape(*Size(image.width, image.height).shape, image.bands))
    upright = Turn.from_exif(opened.orientation).upright(values).copy()
    return Mask(upright, (*opened.warnings, *note))


def _values(pixels: PixelArray) -> tuple[PixelArray, tuple[str, ...]]:
    bands = pixels.shape[2]
    note: tuple[str, ...] = ()
    if bands in (2, 4):
        alpha = pixels[..., -1]
        if int(alpha.min()) < np.iinfo(pixels.dtype).max:
            return alpha, ()
        note = ("the mask's alpha is opaque everywhere: its grey was taken instead",)
    if bands < 3:
        return pixels[..., 0], note
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    return grey.astype(pixels.dtype, copy=False), note
