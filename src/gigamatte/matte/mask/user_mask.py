"""A mask from the user, used in place of a network's answer: a coarse mask, an alpha or a trimap, of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import InputError
from gigamatte.filters import box_mean
from gigamatte.matte.mask.area_mean import area_mean
from gigamatte.options import MaskKind
from gigamatte.photo.mask import levels_of
from gigamatte.types import Answers, Box, CoarseMatte, Depth, Fit, FloatArray, PixelArray, Size

#: Aspects that differ by no more than this count as equal.
ASPECT_TOLERANCE = 0.01
#: Where the middle level of a trimap lies, in levels of 255.
TRIMAP_MIDDLE = (64, 192)
#: A larger mask is judged by its average at this size; values that are kept are read from the mask itself.
MASK_PIXELS = 16_000_000


def is_trimap(values: PixelArray) -> bool:
    """Whether a mask, (row, column) uint8 or uint16, has exactly three values, one of which lies in the middle."""
    levels = levels_of(values)
    if levels.size != 3:
        return False
    middle = float(levels[1]) * Depth(8).full / Depth.of(values).full
    return TRIMAP_MIDDLE[0] <= middle <= TRIMAP_MIDDLE[1]


def aspect_warning(what: str, size: Size, photo: Size) -> tuple[str, ...]:
    """A warning when a mask or stroke picture has not the photo's aspect and is no square, as networks see it."""
    skew = (size.width / size.height) / (photo.width / photo.height)
    if abs(skew - 1) <= ASPECT_TOLERANCE or size.width == size.height:
        return ()
    return (f"{what} of {size} pixels has neither the photo's aspect ({photo}) nor is it square: stretched",)


def as_coarse(
    values: PixelArray, photo: Size, region: Box | None = None, answers: Answers | None = None
) -> tuple[CoarseMatte, tuple[str, ...]]:
    """A mask, (row, column) uint8 or uint16, stretched to the photo's frame; and warnings.

    ``region`` keeps only that box of the photo. ``answers``: what the user says that it is. The aspect may be
    the photo's or square (a network's input).
    """
    size = Size.of(values)
    warnings = aspect_warning("the mask", size, photo)
    if size.pixels > MASK_PIXELS:
        shrink = (MASK_PIXELS / size.pixels) ** 0.5
        size = Size(max(1, round(size.width * shrink)), max(1, round(size.height * shrink)))
    alpha = area_mean(values, size)
    if region is not None:
        alpha = alpha * _inside(region, photo, size)
        values = np.where(_inside(region, photo, Size.of(values)), values, values.dtype.type(0))
    return CoarseMatte(np.clip(alpha, 0, 1), Fit.whole(photo, size), answers=answers, values=values), warnings


def _inside(region: Box, photo: Size, size: Size) -> NDArray[np.bool_]:
    rows = (np.arange(size.height) + 0.5) * photo.height / size.height
    columns = (np.arange(size.width) + 0.5) * photo.width / size.width
    row_in = (rows >= region.top) & (rows < region.bottom)
    column_in = (columns >= region.left) & (columns < region.right)
    inside: NDArray[np.bool_] = row_in[:, None] & column_in[None, :]
    return inside


def kind_of(values: PixelArray, kind: MaskKind) -> MaskKind:
    """auto decided: trimap or alpha. Raises InputError when a trimap is asked for and the mask has no known pixel."""
    if kind == "trimap":
        low, high = (bool(known.any()) for known in _known(values))
        if not (low and high):
            found = "background" if low else "subject" if high else "unknown"
            raise InputError(
                f"the trimap knows only {found}; expected black (background), grey (unknown) and white (subject)",
                "use --mask-kind alpha if it is a mask",
            )
        return "trimap"
    if kind == "auto" and is_trimap(values):
        return "trimap"
    return "alpha"


def _known(values: PixelArray) -> tuple[NDArray[Any], NDArray[Any]]:
    full = Depth.of(values).full
    return values <= full * 0.05, values >= full * 0.95


def settled_trimap(values: PixelArray, photo: Size, colour: FloatArray) -> CoarseMatte:
    """A first alpha from a trimap: each unknown pixel is projected on the line between the nearest known colours.

    ``values`` (row, column) uint8 or uint16: black background, white subject, anything between unknown. ``colour``
    float32 (row, column, RGB) in [0, 1]: the whole photo at a size that may be solved at once. The nearest known
    colours are averages over growing windows, near ones counting most (a normalised convolution: Knutsson and Westin,
    1993).
    """
    size = Size.of(colour)
    background = area_mean(values, size, lambda rows: _known(rows)[0].astype(np.float32)) > 0.999
    subject = area_mean(values, size, lambda rows: _known(rows)[1].astype(np.float32)) > 0.999
    far = max(size.width, size.height)
    front, back = (_filled(colour, known.astype(np.float32), far) for known in (subject, background))
    line = front - back
    length = np.einsum("ijk,ijk->ij", line, line)
    projected = np.einsum("ijk,ijk->ij", colour - back, line) + 0.5 * 1e-3
    alpha = np.clip(projected / (length + 1e-3), 0, 1).astype(np.float32)
    alpha[background], alpha[subject] = 0, 1
    return CoarseMatte(alpha, Fit.whole(photo, size), answers="contour")


def _filled(colour: FloatArray, known: FloatArray, far: int) -> FloatArray:
    """The colours of ``known`` pixels spread over the whole picture."""
    total, weight = colour * known[..., None] * 1e3, known * np.float32(1e3)
    radius, strength = 2, np.float32(1)
    while radius < 2 * far:
        near = box_mean(known, min(radius, far), beyond="zero")
        spread = box_mean(colour * known[..., None], min(radius, far), beyond="zero")
        total, weight = total + strength * spread, weight + strength * near
        radius, strength = radius * 2, strength * np.float32(0.02)
    filled: FloatArray = total / np.maximum(weight, np.float32(1e-30))[..., None]
    return filled
