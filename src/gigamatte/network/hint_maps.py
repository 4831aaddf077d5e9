"""Turns hints into the decoder's input: three maps of the network's size, for keep, drop and the earlier answer."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.hints import Hints
from gigamatte.types import Fit, FloatArray

_Canvas = NDArray[np.uint8]

#: radius of a click's disc, a part of the side, as in training; strokes are chains of such discs
RADIUS = 0.02
#: cv2 draws at whole sixteenths of a pixel
_SHIFT = 4


def hint_maps(hints: Hints, fit: Fit, earlier: FloatArray) -> FloatArray:
    """The maps of ``hints`` for ``fit.region``: float32 (1, 3, row, column) in [0, 1] at the network's size.

    ``earlier`` is the answer before these hints, float32 (row, column) in [0, 1], at that size too.
    """
    keep, drop = (np.zeros(fit.network.shape, np.uint8) for _ in range(2))
    for points, canvas in ((hints.keep, keep), (hints.drop, drop)):
        for point in points:
            _draw(canvas, fit, ((point.x, point.y),))
    for stroke in hints.strokes:
        if stroke.kind != "hair":
            _draw(keep if stroke.kind == "keep" else drop, fit, stroke.points)
    return np.stack([keep, drop, earlier]).astype(np.float32)[np.newaxis]


def _draw(canvas: _Canvas, fit: Fit, points: tuple[tuple[float, float], ...]) -> None:
    """A chain of discs through ``points`` (photo pixels)."""
    height, width = canvas.shape
    across, down = width / fit.region.width, height / fit.region.height
    scale = 1 << _SHIFT
    # a disc that lies whole outside must not be drawn at numbers that overflow
    places = [((x - fit.region.left) * across - 0.5, (y - fit.region.top) * down - 0.5) for x, y in points]
    inside = [(np.clip(x, -width, 2 * width), np.clip(y, -height, 2 * height)) for x, y in places]
    fixed = np.array([(round(float(x) * scale), round(float(y) * scale)) for x, y in inside], np.int32)
    radius = RADIUS * min(height, width)
    for x, y in fixed:
        cv2.circle(canvas, (int(x), int(y)), round(radius * scale), 1, -1, cv2.LINE_8, _SHIFT)
    if len(fixed) > 1:
        cv2.polylines(canvas, [fixed], False, 1, max(1, round(2 * radius)), cv2.LINE_8, _SHIFT)
