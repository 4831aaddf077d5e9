"""A line of one colour around what can be seen, outside of it: every level set of the alpha grown by a disc.

A pixel at the distance d from a set is covered by r + ½ − d, cut to 0…1. The mean over several sets is a grown alpha,
as smooth as the alpha itself (grey dilation by level sets: J. Serra, Image Analysis and Mathematical Morphology, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from gigamatte.types import Box, Depth, FloatArray, PixelArray

#: the alphas whose sets are grown: around hair that is hardly half opaque the line is still solid
LEVELS = (0.1, 0.2, 0.3, 0.4)


def outlined(
    strips: Iterable[tuple[PixelArray, Box]], width: float, depth: Depth
) -> Iterator[tuple[PixelArray, Box, FloatArray]]:
    """The same strips (row, column, RGBA) from top to bottom, each with the alpha of its outline's outer edge.

    That alpha, float32 (row, column) in [0, 1], covers the subject too, which lies upon it. A strip is handed on when
    the rows below it that matter are known; how the picture is divided changes nothing.
    """
    reach = math.ceil(width) + 1
    known: list[tuple[PixelArray, Box]] = []
    above = np.zeros((0, 0), np.float32)
    for strip in strips:
        known.append(strip)
        while len(known) > 1 and sum(len(rows) for rows, _ in known[1:]) >= reach:
            made, above = _grown(above, known, reach, width, depth)
            yield *known.pop(0), made
    while known:
        made, above = _grown(above, known, reach, width, depth)
        yield *known.pop(0), made


def _grown(
    above: FloatArray, known: list[tuple[PixelArray, Box]], reach: int, width: float, depth: Depth
) -> tuple[FloatArray, FloatArray]:
    """The outline of the first of the ``known`` strips, and the rows that the next one has above it."""
    parts = [depth.unit(rows[..., 3]) for rows, _ in known]
    first, count = len(above), len(parts[0])
    window = np.concatenate([*([above] if first else []), *parts])[: first + count + reach]
    inside = slice(first, first + count)
    tail = window[: first + count][-reach:]
    if not window.any():
        return np.zeros_like(parts[0]), tail
    sums = np.zeros_like(parts[0])
    for level in LEVELS:
        clear = (window < level).view(np.uint8)
        if clear.all():
            continue
        away = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[inside]
        # squares of distances are whole numbers: rounding differs with how the picture is divided
        away = np.sqrt(np.rint(away * away))
        sums += np.clip(np.float32(width + 0.5) - away, 0, 1)
    sums *= np.float32(1 / len(LEVELS))
    return sums, tail
