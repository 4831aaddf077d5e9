"""Reads of the photo and of the matte that may reach beyond the border, where border pixels are repeated."""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Box, Depth, FloatArray, Matte, PixelArray, Size


class Levels(Protocol):
    """The photo at full size, half, quarter …: what ``photo.levels.PhotoLevels`` is.

    ``read`` gives (row, column, RGB), uint8 or uint16, of a box inside that level.
    """

    @property
    def levels(self) -> int: ...  # noqa: D102

    def size(self, level: int) -> Size: ...  # noqa: D102

    def read(self, level: int, box: Box) -> PixelArray: ...  # noqa: D102


def photo_in(levels: Levels, level: int, box: Box) -> FloatArray:
    """The photo in ``box`` of a level: float32 (row, column, RGB) in [0, 1]."""
    inside = nearest_inside(box, levels.size(level))
    pixels = levels.read(level, inside)
    return repeated(Depth.of(pixels).unit(pixels), inside, box)


def planes_in(levels: Levels, level: int, box: Box) -> FloatArray:
    """``photo_in``, one channel after another: float32 (RGB, row, column) in [0, 1]."""
    inside = nearest_inside(box, levels.size(level))
    pixels = levels.read(level, inside)
    planes = np.empty((3, inside.height, inside.width), np.float32)
    for plane, channel in zip(planes, cv2.split(pixels), strict=True):
        np.multiply(channel, np.float32(1 / Depth.of(pixels).full), out=plane)
    return repeated(planes, inside, box, axis=1)


def alpha_in(matte: Matte, box: Box) -> FloatArray:
    """The matte in ``box``: float32 (row, column) in [0, 1]."""
    inside = nearest_inside(box, matte.size)
    return repeated(matte.depth.unit(matte.read(inside)), inside, box)


def nearest_inside(box: Box, size: Size) -> Box:
    """The part of the box inside a picture, and at least the border pixel next to it."""
    left, top = min(max(box.left, 0), size.width - 1), min(max(box.top, 0), size.height - 1)
    right, bottom = max(min(box.right, size.width), left + 1), max(min(box.bottom, size.height), top + 1)
    return Box(left, top, right - left, bottom - top)


def repeated(array: NDArray[Any], inside: Box, box: Box, axis: int = 0) -> NDArray[Any]:
    """``array``, which shows ``inside``, widened to ``box`` by repeating its border; rows lie along ``axis``."""
    if inside == box:
        return array
    rows = np.clip(np.arange(box.top, box.bottom) - inside.top, 0, inside.height - 1)
    columns = np.clip(np.arange(box.left, box.right) - inside.left, 0, inside.width - 1)
    return array.take(rows, axis=axis).take(columns, axis=axis + 1)
