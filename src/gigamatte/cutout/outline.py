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
#: columns that are looked at a time, without those beside them that matter
COLUMNS = 4096


def outlined(
    strips: Iterable[tuple[PixelArray, Box]], width: float, depth: Depth
) -> Iterator[tuple[PixelArray, Box, FloatArray]]:
    """The same strips (row, column, RGBA) from top to bottom, each with the alpha of its outline's outer edge.

    That alpha, float32 (row, column) in [0, 1], covers the subject too, which lies upon it. A strip is handed on when
    the rows below it that matter are known; how the picture is divided changes nothing.
    """
    reach = math.ceil(width) + 1
    known: list[tuple[PixelArray, Box]] = []
    above: PixelArray = np.zeros((0, 0), depth.dtype)
    for strip in _high(strips, reach):
        known.append(strip)
        while len(known) > 1 and sum(len(rows) for rows, _ in known[1:]) >= reach:
            made, above = _grown(above, known, reach, width, depth)
            yield *known.pop(0), made
    while known:
        made, above = _grown(above, known, reach, width, depth)
        yield *known.pop(0), made


def _high(strips: Iterable[tuple[PixelArray, Box]], least: int) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips, as many in one as have ``least`` rows: with lower ones all rows would be looked at too often."""
    low: list[tuple[PixelArray, Box]] = []
    for strip in strips:
        low.append(strip)
        if sum(len(rows) for rows, _ in low) >= least:
            yield _joined(low)
            low = []
    if low:
        yield _joined(low)


def _joined(strips: list[tuple[PixelArray, Box]]) -> tuple[PixelArray, Box]:
    if len(strips) == 1:
        return strips[0]
    rows = np.concatenate([rows for rows, _ in strips])
    first = strips[0][1]
    return rows, Box(first.left, first.top, first.width, len(rows))


def _grown(
    above: PixelArray, known: list[tuple[PixelArray, Box]], reach: int, width: float, depth: Depth
) -> tuple[FloatArray, PixelArray]:
    """The outline of the first of the ``known`` strips, and the rows that the next one has above it."""
    parts = [rows[..., 3] for rows, _ in known]
    first, count = len(above), len(parts[0])
    window: PixelArray = np.concatenate([*([above] if first else []), *parts])[: first + count + reach]
    inside = slice(first, first + count)
    sums: FloatArray = np.zeros(parts[0].shape, np.float32)
    columns = parts[0].shape[-1]
    for left in range(0, columns, COLUMNS):
        begin, right = max(0, left - reach), min(left + COLUMNS, columns)
        alpha = depth.unit(window[:, begin : right + reach])
        if not alpha.any():
            continue
        for level in LEVELS:
            clear = (alpha < level).view(np.uint8)
            if clear.all():
                continue
            away = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            away = away[inside, left - begin : right - begin]
            # squares of distances are whole numbers: rounding differs with how the picture is divided
            away = np.sqrt(np.rint(away * away))
            sums[:, left:right] += np.clip(np.float32(width + 0.5) - away, 0, 1)
    sums *= np.float32(1 / len(LEVELS))
    return sums, window[: first + count][-reach:]
