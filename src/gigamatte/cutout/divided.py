"""Straight colours out of colours times alpha, where they were resampled together."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.clear import Clear
from gigamatte.filters import box_mean
from gigamatte.types import FloatArray, PixelArray

#: Where less is seen of a colour than this part, it is the mean of what is seen within NEAR pixels of the canvas:
#: bicubic's weights below 0 leave no colour to speak of there.
FAINT, NEAR = 0.04, 2
#: … in parts of so many columns, because most have no such pixel
NEAR_COLUMNS = 128


def straight(picture: FloatArray, inner: slice, clear: Clear, out: PixelArray) -> None:
    """Writes the ``inner`` rows of a picture to ``out``, (row, column[, RGBA]) of the photo's depth.

    ``picture`` float32 (channel, row, column), whose channels are red, green and blue times alpha, alpha, and perhaps
    the colours under alpha 0 less what lies beyond them; or alpha alone. They lie about in [0, 1]: what a filter adds
    beyond is cut off.
    """
    full, kind = float(clear.depth.full), cv2.CV_8U if clear.depth.bits == 8 else cv2.CV_16U
    if len(picture) == 1:
        out[:] = cv2.multiply(picture[0, inner], 1.0, scale=full, dtype=kind)
        return
    opacity = picture[3, inner]
    share = 1 / np.maximum(opacity, np.float32(FAINT))
    planes = [cv2.multiply(picture[channel, inner], share, scale=full, dtype=kind) for channel in range(3)]
    alpha: PixelArray = cv2.multiply(opacity, 1.0, scale=full, dtype=kind)
    faint = (opacity < FAINT) & (alpha > 0)
    if faint.any():
        _near(picture, inner, faint, planes, full)
    cv2.mixChannels([*planes, alpha], [out], [0, 0, 1, 1, 2, 2, 3, 3])
    nothing = alpha == 0
    if len(picture) > 4:
        beyond = [picture[channel, inner] + np.float32(clear.beneath / full) for channel in range(4, 7)]
        hidden = cv2.merge([cv2.multiply(plane, 1.0, scale=full, dtype=kind) for plane in beyond])
        np.copyto(out[..., :3], hidden, where=nothing[..., None])
    elif nothing.any():
        clear.fill(out, nothing)


def _near(picture: FloatArray, inner: slice, faint: NDArray[np.bool_], planes: list[PixelArray], full: float) -> None:
    """Writes the colour of what is seen nearby to the ``planes`` where too little is seen."""
    for left in range(0, faint.shape[1], NEAR_COLUMNS):
        some = slice(left, left + NEAR_COLUMNS)
        if not faint[:, some].any():
            continue
        start = max(0, left - NEAR)
        here, within = slice(start, some.stop + NEAR), slice(left - start, some.stop - start)
        near = [box_mean(np.clip(plane[:, here], 0, 1), NEAR, beyond="zero")[inner, within] for plane in picture[:4]]
        share = 1 / np.maximum(near[3], np.float32(1e-6))
        for plane, seen in zip(planes, near[:3], strict=True):
            colour = cv2.multiply(seen, share, scale=full, dtype=cv2.CV_8U if plane.itemsize == 1 else cv2.CV_16U)
            np.copyto(plane[:, some], colour, where=faint[:, some])
