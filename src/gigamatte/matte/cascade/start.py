"""The start of the cascade: resamples a mask of any size to a level of the photo."""

from __future__ import annotations

import cv2
import numpy as np

from gigamatte.filters import warped
from gigamatte.types import CoarseMatte, Fit, FloatArray, Size


def laid_on_level(coarse: CoarseMatte, size: Size, level: int) -> FloatArray:
    """The mask resampled to a level of the photo: float32 (row, column) in [0, 1], background outside its region.

    ``size`` is the level's size; one of its pixels is 2**level photo pixels wide. Averages where the mask has more
    pixels than the level, else linear: neither rings.
    """
    region, alpha = coarse.fit.region, coarse.alpha
    step = 2**level
    wanted = Size(max(1, round(region.width / step)), max(1, round(region.height / step)))
    if wanted.width < alpha.shape[1] or wanted.height < alpha.shape[0]:
        shrunk = Size(min(wanted.width, alpha.shape[1]), min(wanted.height, alpha.shape[0]))
        alpha = cv2.resize(alpha, (shrunk.width, shrunk.height), interpolation=cv2.INTER_AREA)
    laid = warped(alpha, coarse.fit.to_mask((0, 0), (step, step), Size.of(alpha)), size)
    return cleared_outside(laid, coarse.fit, level)


def cleared_outside(alpha: FloatArray, fit: Fit, level: int) -> FloatArray:
    """An alpha of a whole ``level``, float32 (row, column) in [0, 1], set to 0 outside the region of ``fit``."""
    region = fit.region
    if region == fit.photo.box:
        return alpha
    rows, columns = ((np.arange(length) + 0.5) * 2**level for length in alpha.shape)
    inside_row = (rows >= region.top) & (rows < region.bottom)
    inside_column = (columns >= region.left) & (columns < region.right)
    kept: FloatArray = alpha * (inside_row[:, None] & inside_column[None, :])
    return kept
