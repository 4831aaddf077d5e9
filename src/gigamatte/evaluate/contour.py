"""Measures an edge: how ragged its contour is, and over how many pixels its alpha rises.

Both follow the α = .5 contour, found to a fraction of a pixel by linear interpolation between neighbouring pixels.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.metrics import unit_alpha
from gigamatte.filters import remapped
from gigamatte.types import FloatArray

Points = NDArray[np.float64]

#: contour points (about as many pixels) that one line is fitted to
WINDOW = 48
#: how far along the normal an edge's ramp is followed, pixels
REACH = 24.0
#: at most this many places are looked at per picture
PLACES = 20_000


def raggedness(alpha: NDArray[Any], window: int = WINDOW) -> float:
    """How far the contour strays from straight lines fitted to ``window`` points of it, in pixels.

    The root mean square distance about each total-least-squares line, and of all windows the median, so that real
    corners do not decide. A perfect straight edge gives 0, whatever its angle; a curve of radius R adds about
    window²/(27 R). NaN when no contour is ``window`` points long.
    """
    alpha = unit_alpha(alpha)
    residuals = [_line_residuals(points, window)[0] for points in contours(alpha) if len(points) >= window]
    return float(np.median(np.concatenate(residuals))) if residuals else float("nan")


def edge_width(alpha: NDArray[Any], window: int = 9) -> float:
    """The 10–90 % width of the edge: the median over the contour, in pixels, at most ``2 · REACH``.

    Measured along the normal of a line fitted to ``window`` contour points. A sharp antialiased edge has about 1.6; one
    blurred by a Gaussian of σ has 2.56 σ. NaN without a contour.
    """
    alpha = unit_alpha(alpha)
    widths = [
        _ramp_widths(alpha, *_subsample(*_line_residuals(points, window)[1:]))
        for points in contours(alpha)
        if len(points) >= window
    ]
    return float(np.median(np.concatenate(widths))) if widths else float("nan")


def contours(alpha: FloatArray) -> list[Points]:
    """The α = .5 contours as float64 (point, [x, y]) in order along the curve; pixel centres are whole numbers."""
    inside = (alpha >= 0.5).astype(np.uint8)
    chains, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    padded = cv2.copyMakeBorder(alpha, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return [_refined(padded, chain[:, 0, :]) for chain in chains]


def _refined(padded: FloatArray, chain: NDArray[np.int32]) -> Points:
    # each border pixel moves to the mean of its crossings with the neighbours outside; frame pixels have none and go
    x, y = chain[:, 0].astype(np.int64) + 1, chain[:, 1].astype(np.int64) + 1
    here = padded[y, x].astype(np.float64)
    count = np.zeros(len(chain))
    shift = np.zeros((len(chain), 2))
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        there = padded[y + dy, x + dx].astype(np.float64)
        crosses = there < 0.5
        step = np.where(crosses, (here - 0.5) / np.maximum(here - there, 1e-9), 0)
        shift += step[:, None] * (dx, dy)
        count += crosses
    kept = count > 0
    return chain[kept] + shift[kept] / count[kept, None]


def _line_residuals(points: Points, window: int) -> tuple[Points, Points, Points]:
    """RMS distance, centre and unit direction of the total-least-squares line through every window of ``points``."""
    x, y = (points - points.mean(axis=0)).T  # centred: the squares below would lose digits otherwise
    mean_x, mean_y = _sliding_mean(x, window), _sliding_mean(y, window)
    xx = _sliding_mean(x * x, window) - mean_x**2
    yy = _sliding_mean(y * y, window) - mean_y**2
    xy = _sliding_mean(x * y, window) - mean_x * mean_y
    # smaller eigenvalue of the 2×2 covariance = mean squared distance to the line; its axis turns by ½·atan2
    lesser = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    centre = np.stack([mean_x, mean_y], axis=1) + points.mean(axis=0)
    return np.sqrt(np.maximum(lesser, 0)), centre, np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _sliding_mean(values: Points, window: int) -> Points:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: Points = (sums[window:] - sums[:-window]) / window
    return means


def _subsample(centres: Points, directions: Points) -> tuple[Points, Points]:
    stride = -(-len(centres) // PLACES)
    return centres[::stride], directions[::stride]


def _ramp_widths(alpha: FloatArray, centres: Points, directions: Points) -> Points:
    offsets = np.arange(-REACH, REACH + 0.125, 0.125)
    normals = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    across = (centres[:, 0, None] + normals[:, 0, None] * offsets).astype(np.float32)
    down = (centres[:, 1, None] + normals[:, 1, None] * offsets).astype(np.float32)
    profile = remapped(alpha, across, down)
    middle = len(offsets) // 2
    falling = profile[:, middle + 8] < profile[:, middle - 8]  # a pixel to either side
    profile = np.where(falling[:, None], profile[:, ::-1], profile)  # now every profile rises from outside to inside
    up = _first(profile[:, middle:] >= 0.9)
    out = _first(profile[:, middle::-1] <= 0.1)
    return (up + out) * 0.125


def _first(hits: NDArray[np.bool_]) -> Points:
    """Index of the first hit of each row; the last index where there is none."""
    index: Points = np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1] - 1).astype(np.float64)
    return index
