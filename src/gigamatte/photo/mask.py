"""read_mask: the values of a mask, alpha or trimap, exactly as they were stored. No colour management touches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvips

from gigamatte.errors import UnsupportedInput
from gigamatte.forked import threads_begin
from gigamatte.photo.encoded import Opened
from gigamatte.photo.read import Source, check_pixels, open_source, quiet_libvips
from gigamatte.photo.turn import Turn
from gigamatte.photo.unread import broken
from gigamatte.types import PixelArray, Size

if TYPE_CHECKING:
    from PIL import Image


#: how much red, green and blue count (ITU-R BT.601)
_GREY = [0.299, 0.587, 0.114]


@dataclass(frozen=True)
class Mask:
    """The values of a mask: (row, column), uint8 or uint16, upright; and what had to be said about reading it."""

    values: PixelArray
    warnings: tuple[str, ...] = ()


def read_mask(source: Source | Image.Image, *, max_pixels: int, strokes: bool = False) -> Mask:
    """The alpha of a picture that has one, else its grey (0.299 R + 0.587 G + 0.114 B of a coloured one).

    ``strokes`` may be of any colour: what counts of them is the brightest of R, G and B. An alpha that
    is opaque everywhere tells nothing: then the grey is taken, with a warning.
    Raises MissingInput, UnsupportedInput and BudgetExceeded like ``open_photo``.
    """
    threads_begin()
    quiet_libvips()
    opened = open_source(source)
    check_pixels(opened, max_pixels)
    header = opened.header
    if header.interpretation == "cmyk" or header.format not in ("uchar", "ushort"):
        found = "CMYK" if header.interpretation == "cmyk" else header.format
        raise UnsupportedInput(f"the mask {opened.name} is {found}; expected grey, RGB or RGBA of 8 or 16 bits")
    dtype: np.dtype[Any] = np.dtype(np.uint8 if header.format == "uchar" else np.uint16)
    try:
        band, note = _band(opened, np.iinfo(dtype).max, strokes)
        data = band.write_to_memory()
    except pyvips.Error as error:
        raise broken(opened.name, error) from error
    flat: PixelArray = np.frombuffer(data, dtype)
    values = flat.reshape(Size(header.width, header.height).shape)
    upright: PixelArray = np.ascontiguousarray(Turn.from_exif(opened.orientation).upright(values)).view(dtype)
    return Mask(upright, (*opened.warnings, *note))


def mask_bytes(source: Source | Image.Image) -> int:
    """Bytes that reading a mask takes at its worst, from its header alone; raises like ``read_mask``."""
    header = open_source(source).header
    # the values, and once more while they are turned upright or drawn from
    return 2 * int(header.width * header.height) * (1 if header.format == "uchar" else 2)


def _band(opened: Opened, full: int, strokes: bool) -> tuple[pyvips.Image, tuple[str, ...]]:
    """The lazy band that holds the mask, and what had to be said. A mask of several bands is never held whole."""
    bands, image = opened.bands(), opened.load()
    note: tuple[str, ...] = ()
    if bands.alpha is not None:
        if image.extract_band(bands.alpha).min() < full:
            return opened.load().extract_band(bands.alpha), ()
        note = ("the mask's alpha is opaque everywhere: its grey was taken instead",)
        image = opened.load()
    if bands.colours < 3:
        return image.extract_band(0), note
    if strokes:
        red, green, blue = (image.extract_band(number) for number in range(3))
        warm = (red > green).ifthenelse(red, green)
        return (warm > blue).ifthenelse(warm, blue), note
    colours = image.extract_band(0, n=3)
    # rounded to nearest, so that a grey stored as RGB comes out as it is
    grey = (colours * _GREY).bandmean() * 3 + 0.5
    return grey.floor().cast(image.format), note
