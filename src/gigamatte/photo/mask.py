"""read_mask: the values of a mask, alpha or trimap, exactly as they were stored, without colour management."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.errors import UnsupportedInput
from gigamatte.forked import threads_begin
from gigamatte.photo.encoded import Opened
from gigamatte.photo.read import Source, check_pixels, open_source, quiet_libvips
from gigamatte.photo.turn import Turn
from gigamatte.photo.unsupported import broken
from gigamatte.types import PixelArray, Size

if TYPE_CHECKING:
    from PIL import Image


#: how much red, green and blue count (ITU-R BT.601)
_GREY = [0.299, 0.587, 0.114]
#: levels up to which a mask's colours are looked at
FEW = 64


@dataclass(frozen=True)
class Mask:
    """The values of a mask: (row, column), uint8 or uint16, upright; and what had to be said about reading it.

    ``of_alpha``: they are the picture's alpha. ``coloured``: they are the grey of a picture that has colours, and few
    levels (``FEW`` at most; of others it is not looked for). ``contour``: they only say where the contour runs, not how
    soft it is.
    """

    values: PixelArray
    warnings: tuple[str, ...] = ()
    of_alpha: bool = False
    coloured: bool = False
    contour: bool = False


def read_mask(source: Source | Image.Image, *, max_pixels: int, strokes: bool = False) -> Mask:
    """The alpha of a picture that has one, else its grey (0.299 R + 0.587 G + 0.114 B of a coloured one).

    ``strokes`` may be of any colour: what counts of them is the brightest of R, G and B. An alpha that
    is opaque everywhere holds no mask: then the grey is taken, with a warning.
    Raises MissingInput, UnsupportedInput and BudgetExceeded like ``open_photo``.
    """
    opened, dtype = _open_mask(source, max_pixels)
    header = opened.header
    try:
        band, note, of_alpha = _band(opened, np.iinfo(dtype).max, strokes)
        data = band.write_to_memory()
        flat: PixelArray = np.frombuffer(data, dtype)
        values = flat.reshape(Size(header.width, header.height).shape)
        coloured = not (of_alpha or strokes) and levels_of(values).size <= FEW and _is_coloured(opened)
    except pyvips.Error as error:
        raise broken(opened.name, error) from error
    upright: PixelArray = np.ascontiguousarray(Turn.from_exif(opened.orientation).upright(values)).view(dtype)
    return Mask(upright, (*opened.warnings, *note), of_alpha, coloured)


def check_mask(source: Source, *, max_pixels: int, strokes: bool = False) -> None:
    """Raises what ``read_mask`` would raise; pixels are decoded and not kept."""
    opened, dtype = _open_mask(source, max_pixels)
    try:
        _band(opened, np.iinfo(dtype).max, strokes)[0].avg()
    except pyvips.Error as error:
        raise broken(opened.name, error) from error


def _open_mask(source: Source | Image.Image, max_pixels: int) -> tuple[Opened, np.dtype[Any]]:
    """(the picture, the type of its values). Raises MissingInput, UnsupportedInput, BudgetExceeded."""
    threads_begin()
    quiet_libvips()
    opened = open_source(source)
    check_pixels(opened, max_pixels)
    header = opened.header
    if header.interpretation == "cmyk" or header.format not in ("uchar", "ushort"):
        found = "CMYK" if header.interpretation == "cmyk" else header.format
        raise UnsupportedInput(f"the mask {opened.name} is {found}; expected grey, RGB or RGBA of 8 or 16 bits")
    return opened, np.dtype(np.uint8 if header.format == "uchar" else np.uint16)


def levels_of(values: PixelArray) -> NDArray[np.int64]:
    """The distinct values of a mask (row, column), int64 (value,), from the lowest."""
    depth = 256 if values.dtype == np.uint8 else 65536
    return np.flatnonzero(cv2.calcHist([values], [0], None, [depth], [0, depth]))


def mask_bytes(source: Source | Image.Image) -> int:
    """Bytes that reading a mask takes at its worst, from its header alone; raises like ``read_mask``."""
    header = open_source(source).header
    # the values, and once more while they are turned upright or drawn from
    return 2 * int(header.width * header.height) * (1 if header.format == "uchar" else 2)


def _is_coloured(opened: Opened) -> bool:
    if opened.bands().colours < 3:
        return False
    red, green, blue = (opened.load().extract_band(number) for number in range(3))
    return bool((red - green).abs().max() > 0 or (green - blue).abs().max() > 0)


def _band(opened: Opened, full: int, strokes: bool) -> tuple[pyvips.Image, tuple[str, ...], bool]:
    """The lazy band that holds the mask, what had to be said, and whether it is the picture's alpha.

    A mask of several bands is never held whole.
    """
    bands, image = opened.bands(), opened.load()
    note: tuple[str, ...] = ()
    if bands.alpha is not None:
        if image.extract_band(bands.alpha).min() < full:
            return opened.load().extract_band(bands.alpha), (), True
        note = ("the mask's alpha is opaque everywhere: its grey was taken instead",)
        image = opened.load()
    if bands.colours < 3:
        return image.extract_band(0), note, False
    if strokes:
        red, green, blue = (image.extract_band(number) for number in range(3))
        warm = (red > green).ifthenelse(red, green)
        return (warm > blue).ifthenelse(warm, blue), note, False
    colours = image.extract_band(0, n=3)
    # rounded to nearest, so that a grey stored as RGB comes out as it is
    grey = (colours * _GREY).bandmean() * 3 + 0.5
    return grey.floor().cast(image.format), note, False
