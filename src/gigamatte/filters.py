"""OpenCV's filters, warps and connected pieces, with types: the one place that says what they take and give.

A plane is (row, column), a picture (row, column, channel); both keep their dtype unless something else is said. At the
border the nearest pixel counts for what lies beyond, unless something else is said.
"""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray, Size

Pixels = TypeVar("Pixels", bound=NDArray[Any])
Chosen = NDArray[np.bool_]

#: how exact ``distances`` are: chamfer distances of 3×3 and 5×5 neighbourhoods (2 % off at most), or Euclidean
COARSE, FINE, EXACT = 3, 5, 0


def box_mean(picture: FloatArray, radius: int, *, zero_beyond: bool = False) -> FloatArray:
    """The mean of (2·radius + 1)² pixels, float32. ``zero_beyond``: what lies beyond the border counts as 0."""
    side = 2 * radius + 1
    border = cv2.BORDER_CONSTANT if zero_beyond else cv2.BORDER_REPLICATE
    mean: FloatArray = cv2.blur(picture, (side, side), borderType=border)
    return mean


def gaussian(picture: FloatArray, sigma: float) -> FloatArray:
    """Blurred by a Gaussian of ``sigma`` pixels, float32; as it is where that is 0."""
    if sigma <= 0:
        return picture
    blurred: FloatArray = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return blurred


def extremes(plane: Pixels, radius: int = 1) -> tuple[Pixels, Pixels]:
    """(highest, lowest) of the (2·radius + 1)² pixels around each; beyond the border there is nothing."""
    window = np.ones((2 * radius + 1,) * 2, np.uint8)
    return cv2.dilate(plane, window), cv2.erode(plane, window)


def grown(chosen: Chosen, radius: int) -> Chosen:
    """All that lies within a disc of ``radius`` pixels around what is chosen."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    wider: Chosen = cv2.dilate(chosen.view(np.uint8), disc).view(np.bool_)
    return wider


def pieces(chosen: Chosen) -> tuple[int, NDArray[np.int32]]:
    """(count, labels) of the connected pieces, diagonals included: int32 (row, column), 0 for what is not chosen.

    ``count`` includes label 0.
    """
    count, labels = cv2.connectedComponents(chosen.view(np.uint8), connectivity=8)
    return int(count), labels


def distances(chosen: Chosen, exactness: int = EXACT) -> FloatArray:
    """How far each chosen pixel is from the nearest that is not, pixels, float32; 0 for those that are not chosen."""
    away: FloatArray = cv2.distanceTransform(chosen.view(np.uint8), cv2.DIST_L2, exactness)
    return away


def warped(picture: Pixels, places: NDArray[np.float64], size: Size) -> Pixels:
    """A picture of ``size`` whose pixel (x, y) is that at ``places`` · (x, y, 1), an affine (2, 3); linear."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    taken: Pixels = cv2.warpAffine(
        picture, places, (size.width, size.height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return taken


def remapped(picture: Pixels, x: NDArray[Any], y: NDArray[Any]) -> Pixels:
    """The picture at (``x``, ``y``), arrays (row, column) in its pixels, whose centres are whole numbers; linear."""
    taken: Pixels = cv2.remap(
        picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return taken
