"""OpenCV's filters, warps and connected pieces, with types: the one place that says what they take and give.

A plane is (row, column), a picture (row, column, channel); both keep their dtype unless something else is said. At the
border the nearest pixel counts for what lies beyond, unless something else is said: ``beyond`` may be "mirrored" about
the outermost pixels, or "zero".
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray, Size

Pixels = TypeVar("Pixels", bound=NDArray[Any])
Chosen = NDArray[np.bool_]
Beyond = Literal["nearest", "mirrored", "zero"]

_BORDERS = {"nearest": cv2.BORDER_REPLICATE, "mirrored": cv2.BORDER_REFLECT_101, "zero": cv2.BORDER_CONSTANT}
#: how exact ``distances`` are: chamfer distances of 3×3 and 5×5 neighbourhoods (2 % off at most), or Euclidean
COARSE, FINE, EXACT = 3, 5, 0


def box_mean(picture: Pixels, radius: int, *, beyond: Beyond = "nearest") -> Pixels:
    """The mean of (2·radius + 1)² pixels, float32 or uint8."""
    side = 2 * radius + 1
    mean: Pixels = cv2.blur(picture, (side, side), borderType=_BORDERS[beyond])
    return mean


def box_sum(picture: FloatArray, side: int, *, beyond: Beyond = "nearest") -> FloatArray:
    """The sum of ``side``² pixels, float32."""
    total: FloatArray = cv2.boxFilter(picture, -1, (side, side), normalize=False, borderType=_BORDERS[beyond])
    return total


def part_chosen(chosen: Chosen, radius: int) -> FloatArray:
    """The part of the (2·radius + 1)² pixels around each that is chosen: float32 in [0, 1]."""
    side = 2 * radius + 1
    part: FloatArray = cv2.boxFilter(
        chosen.view(np.uint8), cv2.CV_32F, (side, side), normalize=True, borderType=cv2.BORDER_REPLICATE
    )
    return part


def gaussian(picture: FloatArray, sigma: float, *, down: float | None = None, beyond: Beyond = "nearest") -> FloatArray:
    """Blurred by a Gaussian of ``sigma`` pixels, ``down`` along columns (None: the same), float32; as it is at 0."""
    if sigma <= 0:
        return picture
    blurred: FloatArray = cv2.GaussianBlur(
        picture, (0, 0), sigma, sigmaY=sigma if down is None else down, borderType=_BORDERS[beyond]
    )
    return blurred


def separable(plane: FloatArray, across: NDArray[Any], down: NDArray[Any]) -> FloatArray:
    """Correlated with ``across`` (tap,) along rows and ``down`` (tap,) along columns, float32."""
    filtered: FloatArray = cv2.sepFilter2D(plane, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE)
    return filtered


def bilateral(plane: FloatArray, diameter: int, noise: float, sigma: float) -> FloatArray:
    """Smoothed where neighbours differ by about ``noise`` or less (C. Tomasi, R. Manduchi, 1998); mirrored."""
    smooth: FloatArray = cv2.bilateralFilter(plane, diameter, noise, sigma)
    return smooth


def highest(plane: Pixels, radius: int = 1) -> Pixels:
    """The highest of the (2·radius + 1)² pixels around each; beyond the border there is nothing."""
    return dilated(plane, np.ones((2 * radius + 1,) * 2, np.uint8))


def lowest(plane: Pixels, radius: int = 1) -> Pixels:
    """The lowest of the (2·radius + 1)² pixels around each; beyond the border there is nothing."""
    low: Pixels = cv2.erode(plane, np.ones((2 * radius + 1,) * 2, np.uint8))
    return low


def extremes(plane: Pixels, radius: int = 1) -> tuple[Pixels, Pixels]:
    """(highest, lowest) of the (2·radius + 1)² pixels around each; beyond the border there is nothing."""
    return highest(plane, radius), lowest(plane, radius)


def dilated(plane: Pixels, window: NDArray[np.uint8]) -> Pixels:
    """The highest pixel under a ``window`` (row, column) of 0 and 1, whose middle lies on each pixel."""
    wider: Pixels = cv2.dilate(plane, window)
    return wider


def highest_in_disc(plane: Pixels, radius: int) -> Pixels:
    """The highest pixel within a disc of ``radius`` pixels."""
    return dilated(plane, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2))


def grown(chosen: Chosen, radius: int) -> Chosen:
    """All that lies within a disc of ``radius`` pixels around what is chosen."""
    return highest_in_disc(chosen.view(np.uint8), radius).view(np.bool_)


def rim(chosen: Chosen) -> Chosen:
    """The pixels with a neighbour on one of four sides that is chosen otherwise; beyond the border there is none."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    edge: Chosen = cv2.morphologyEx(chosen.view(np.uint8), cv2.MORPH_GRADIENT, cross).view(np.bool_)
    return edge


def pieces(chosen: Chosen) -> tuple[int, NDArray[np.int32]]:
    """(count, labels) of the connected pieces, diagonals included: int32 (row, column), 0 for what is not chosen.

    ``count`` includes label 0.
    """
    count, labels = cv2.connectedComponents(chosen.view(np.uint8), connectivity=8)
    return int(count), labels


def measured_pieces(chosen: Chosen, *, corners: bool = True) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(labels, areas) of the connected pieces; areas in pixels by label, of label 0 what is not chosen.

    Without ``corners`` pixels that only meet at a corner are not connected.
    """
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(chosen.view(np.uint8), connectivity=8 if corners else 4)
    return labels, np.asarray(statistics)[:, cv2.CC_STAT_AREA]


def nearest_left_out(chosen: Chosen) -> NDArray[np.int32]:
    """For each pixel the number, from 1, of the nearest one that is not chosen: int32 (row, column)."""
    _, nearest = cv2.distanceTransformWithLabels(
        chosen.view(np.uint8), cv2.DIST_L2, FINE, labelType=cv2.DIST_LABEL_PIXEL
    )
    return np.asarray(nearest, np.int32)


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


def moved(plane: FloatArray, across: float, down: float) -> FloatArray:
    """The plane moved right and down by so many pixels, linear; 0 where nothing comes."""
    place = np.array([[1, 0, across], [0, 1, down]], np.float64)
    taken: FloatArray = cv2.warpAffine(plane, place, plane.shape[::-1], flags=cv2.INTER_LINEAR)
    return taken


def remapped(picture: Pixels, x: NDArray[Any], y: NDArray[Any], *, cubic: bool = False) -> Pixels:
    """The picture at (``x``, ``y``), arrays (row, column) in its pixels, whose centres are whole numbers; linear."""
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    taken: Pixels = cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), how, borderMode=cv2.BORDER_REPLICATE)
    return taken
