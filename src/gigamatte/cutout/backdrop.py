"""The background behind a cutout, in strips: a colour, a gradient, a picture, or the photo's own background, blurred.

In the photo's own depth and colour space.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from gigamatte.cutout.alpha_levels import alpha_at
from gigamatte.cutout.backdrop_picture import (
    Backdrop,
    Rows,
    in_space,
    picture_backdrop,
    picture_seen_through,
    repeated,
)
from gigamatte.cutout.css_colour import parse_colour
from gigamatte.cutout.fill_unknown import filled
from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.gradient import Gradient, parse_gradient
from gigamatte.cutout.sampled import Sampled
from gigamatte.errors import UsageError
from gigamatte.filters import gaussian, lowest
from gigamatte.matte.cascade.reading import Levels, photo_in
from gigamatte.types import Depth, FloatArray, Matte, Size

#: A blur's standard deviation where none is named: percent of the photo's longer side; the least and most.
USUAL_BLUR, BLURS = 2.0, (0.1, 20.0)
#: Pixels of the level on which the photo's ground is blurred, at most, and how soft it is there, at least, pixels.
BLUR_PIXELS, LEAST_SOFT = 1_600_000, 2.0
#: Pixels of a higher alpha are not taken for background (0…1).
SUBJECT_ALPHA = 0.02

_BLUR = re.compile(r"blur(?::\s*([^/\\]*?)\s*%?)?", re.IGNORECASE)
_STRENGTH = re.compile(r"\d{1,3}(?:\.\d{1,4})?")


def open_backdrop(
    background: str,
    size: Size,
    bits: int,
    icc: bytes | None,
    max_pixels: int,
    fit: str = "cover",
    ground: Callable[[float], Rows] | None = None,
) -> Backdrop:
    """A backdrop of ``size`` from a colour, a gradient or a picture's path, in the space of ``icc``.

    A picture is turned upright; it covers all, cut at its centre, or lies whole in the middle (contain), or is repeated
    from the top left corner (tile). ``ground(strength)`` gives the photo's own, blurred. Raises UsageError when it is
    none of these, and what opening the picture raises.
    """
    strength = blur_of(background)
    if strength is not None and ground is not None:
        return Backdrop(ground(strength))
    gradient = parse_gradient(background)
    if gradient is not None:
        return _graded(gradient, size, bits, icc)
    colour = parse_colour(background)
    if colour is not None:
        pixel = np.array([[colour]], np.uint8)
        row = in_space(pixel, bits, icc)
        alpha = colour[3] < 255
        row = row if alpha else row[..., :3]
        return Backdrop(lambda _top, count: repeated(row, count, size.width), alpha)
    return picture_backdrop(background, size, bits, icc, max_pixels, fit)


def check_backdrop(background: str, max_pixels: int, fit: str = "cover") -> bool:
    """Whether a part of it is transparent; reads no more than headers. Raises like ``open_backdrop``."""
    if blur_of(background) is not None:
        return False
    gradient = parse_gradient(background)
    if gradient is not None:
        return any(colour[3] < 255 for colour in gradient.colours)
    colour = parse_colour(background)
    if colour is not None:
        return colour[3] < 255
    return picture_seen_through(background, max_pixels, fit)


def names_no_file(background: str) -> bool:
    """Whether it is a colour, a gradient or a blur: HTTP clients may name no files. Raises UsageError."""
    drawn = blur_of(background) is not None or parse_gradient(background) is not None
    return drawn or parse_colour(background) is not None


def blur_of(background: str) -> float | None:
    """The strength that ``blur`` or ``blur:3`` means, percent of the photo's longer side; None where it is no blur.

    Raises UsageError for a strength out of range.
    """
    found = _BLUR.fullmatch(background.strip())
    if found is None:
        return None
    typed = found[1] or f"{USUAL_BLUR:g}"
    strength = float(typed) if _STRENGTH.fullmatch(typed) else math.nan
    if not BLURS[0] <= strength <= BLURS[1]:
        raise UsageError(f"--background blur:STRENGTH lies in {BLURS[0]:g}…{BLURS[1]:g}; found {typed}")
    return strength


def blurred_ground(levels: Levels, matte: Matte, canvas: Canvas, strength: float, bits: int) -> Rows:
    """The photo's own ground without the subject, blurred: what the subject hides is filled from around it."""
    sigma = strength / 100 * levels.size(0).long
    allowed = [level for level in range(levels.levels) if levels.size(level).pixels <= BLUR_PIXELS] or [
        levels.levels - 1
    ]
    level = max(allowed[0], min(allowed[-1], int(math.log2(max(1.0, sigma / LEAST_SOFT)))))
    box = levels.size(level).box
    colour = photo_in(levels, level, box)
    known = (alpha_at(matte, box, level) <= SUBJECT_ALPHA).astype(np.float32)
    known = lowest(known)
    whole = filled(colour, known) if known.any() else colour
    soft = gaussian(whole, max(0.5, sigma / 2**level))
    full = np.float32(Depth(bits).full)
    sampled = Sampled(soft * full, float(2**level), repeated=True)
    return lambda first, count: _dithered(sampled.rows(canvas, first, count), first, bits)


def _graded(gradient: Gradient, size: Size, bits: int, icc: bytes | None) -> Backdrop:
    """Between its colours in the space of the photo; weighed by alpha."""
    stops = Depth(16).quotient(in_space(np.array([gradient.colours], np.uint8), 16, icc)[0])
    full = np.float32(Depth(bits).full)
    alpha = bool((stops[:, 3] < 1).any())
    weighted = np.concatenate([stops[:, :3] * stops[:, 3:], stops[:, 3:]], axis=1)

    def rows(first: int, count: int) -> FloatArray:
        along = gradient.along(size, first, count)
        planes = [np.interp(along, gradient.places, weighted[:, band]).astype(np.float32) for band in range(4)]
        if not alpha:
            return _dithered(np.dstack(planes[:3]) * full, first, bits)
        share = np.maximum(planes[3], np.float32(1e-6))
        colours = _dithered(np.dstack([plane / share for plane in planes[:3]]) * full, first, bits)
        return np.dstack([colours, planes[3] * full])

    return Backdrop(rows, alpha)


def _dithered(values: FloatArray, first: int, bits: int) -> FloatArray:
    """8-bit values with ordered dithering, against visible bands (B. Bayer, 1973); rounded, they are within 1."""
    if bits != 8:
        return values
    rows, columns = values.shape[:2]
    down, across = (np.arange(first, first + rows) % 8)[:, None], (np.arange(columns) % 8)[None]
    values = values + _BAYER[down, across][..., None]
    return np.clip(values, 0, 255, out=values)


def _bayer() -> FloatArray:
    """8 × 8 thresholds within ±½."""
    order = np.zeros((1, 1))
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return ((order + 0.5) / 64 - 0.5).astype(np.float32)


_BAYER = _bayer()
