"""Measures how sharp a mask's edges are, which decides at which level of the photo its refinement starts."""

from __future__ import annotations

import math

import cv2
import numpy as np

from gigamatte.filters import extremes
from gigamatte.types import CoarseMatte, FloatArray

#: Peak slope of a unit step blurred by a Gaussian of σ = 1.
_PEAK = 1 / math.sqrt(2 * math.pi)
#: Networks steepen the edges that they blur, so a slope understates the blur. Measured over five kinds of coarse mask.
_STEEPENED = 1.25
#: How far around a slope its contrast is looked for, in blurs, and the least that is believed.
_AROUND, _LEAST_CONTRAST = 2.5, 0.25
#: A contrast of a solid thing's edge, and the share of the contour from which on such edges alone count.
_SOLID, _ENOUGH_SOLID = 0.7, 0.05
#: A mask with a well placed contour starts on a level of more than half this side: on smaller ones strands are lost.
_WELL_PLACED = 256


def edge_blur(alpha: FloatArray) -> float:
    """The blur of a mask's contour: σ of a Gaussian, in the mask's own pixels, at least 0.5.

    ``alpha`` float32 (row, column) in [0, 1]. Taken from the steepest of the contour's slopes, because hair is soft
    by nature, however sharp the mask is. A slope counts as a part of the contrast around it: beside wires that are
    thinner than the blur the alpha never reaches 1, and every slope is low. Where enough of the contour is a solid
    thing's, less contrast is hair or the like, whose slopes tell nothing.
    """
    across = cv2.Sobel(alpha, cv2.CV_32F, 1, 0, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(alpha, cv2.CV_32F, 0, 1, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE)
    undecided = (alpha > 0.25) & (alpha < 0.75)
    slopes = np.hypot(across, down)[undecided]
    if slopes.size < 16:  # a binary mask has no pixel between: its contour is as sharp as its pixels
        return 0.8 * _STEEPENED
    most = _blur(slopes)
    highest, lowest = extremes(alpha, min(math.ceil(_AROUND * most), max(alpha.shape)))
    contrast = (highest - lowest)[undecided]
    solid = np.count_nonzero(contrast > _SOLID) > _ENOUGH_SOLID * contrast.size
    contrast = np.maximum(contrast, np.float32(_SOLID if solid else _LEAST_CONTRAST))
    return _blur(slopes / contrast)


def _blur(slopes: FloatArray) -> float:
    """The blur of a contour with these slopes, (place,), alpha a pixel, that goes from 0 to 1."""
    return max(0.5, _STEEPENED * _PEAK / max(_percentile(slopes, 97), 1e-3))


def _percentile(values: FloatArray, percent: int) -> float:
    """``np.percentile``, but for the last digit. That one imports ``numpy.ma``, a twentieth of a cut's start."""
    place = np.float32(values.size - 1) * (np.float32(percent) / np.float32(100))
    low = min(int(place), values.size - 2)
    below, above = np.partition(values, (low, low + 1))[low : low + 2]
    part, apart = place - np.float32(low), above - below
    return float(below + apart * part if part < 0.5 else above - apart * (1 - part))


def starting_level(coarse: CoarseMatte, deepest: int) -> tuple[int, float]:
    """(level, blur): where the mask's contour is blurred by about one pixel, and σ of that blur in the level's pixels.

    Level 0 is the photo at full size, each next one is half as wide. A mask that was enlarged by another tool is
    blurred by several of its own pixels and starts at a coarser level than its size suggests. ``deepest`` is the last
    level.
    """
    blur = edge_blur(coarse.alpha) * coarse.fit.pixel
    level = min(max(0, round(math.log2(blur))), _halvings(coarse.fit.photo.long), deepest)
    return level, blur / 2**level


def searching_level(coarse: CoarseMatte, deepest: int) -> int:
    """The level on which the contour's error is about one pixel: there its search starts. At most ``deepest``."""
    return min(max(0, round(math.log2(coarse.stray))), deepest) if coarse.stray else 0


def _halvings(side: int) -> int:
    """How often ``side`` is halved, rounding down, until it is at most _WELL_PLACED."""
    count = 0
    while side >> count > _WELL_PLACED:
        count += 1
    return count
