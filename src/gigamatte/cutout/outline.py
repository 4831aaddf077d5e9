"""Draws a line of one colour outside the visible subject: level sets of the alpha are dilated by a disc.

A pixel at the distance d from a set is covered by r + ½ − d, cut to 0…1. The mean over several sets is a grown alpha,
as smooth as the alpha itself (grey dilation by level sets: J. Serra, Image Analysis and Mathematical Morphology, 1982).
Gaps are filled by a closing (the same book): one set is grown further, by a room, and shrunk by it. The lower sets
count only near the highest one: around hairs that are far from it a disc each would be a veil, no line. Of the highest
one an opening (the same book) leaves out hairs that grow from a body; pieces that are thin throughout stay.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.thin import Thin
from gigamatte.filters import distances, highest
from gigamatte.types import Box, Depth, FloatArray, PixelArray, Size

#: the alphas whose sets are grown: around hair that is hardly half opaque the line is still solid
LEVELS = (0.1, 0.2, 0.3, 0.4)
#: the one of them that is closed
CLOSED = 0.3
#: the lower sets count as far as this from the highest one, in pixels along rows and columns
NEAR = 2
#: what grows from a body and is narrower than two thirds of the line is hair, and than twice this, pixels; of its roots
#: so many radii stay, which keeps corners
HAIR, MOST_HAIR, ROOT = 1 / 3, 16.0, 0.5
#: a body is so many times as wide as hair
BODY = 2.0
#: gaps between lines are filled up to twice the line's width, and at most twice this, pixels
MOST_ROOM = 64
#: columns that are looked at a time, without those beside them that matter
COLUMNS = 4096


def outlined(
    strips: Iterable[tuple[PixelArray, Box]], width: float, depth: Depth, alpha: Iterable[PixelArray], size: Size
) -> Iterator[tuple[PixelArray, Box, FloatArray]]:
    """The same strips (row, column, RGBA) from top to bottom, each with the alpha of its outline's outer edge.

    That alpha, float32 (row, column) in [0, 1], covers the subject too, which lies upon it. A strip is handed on when
    the rows below it that matter are known; how the picture is divided changes nothing. ``alpha``: the same picture's
    alone, in strips (row, column) that make ``size``; read first, to tell hair from pieces that are thin throughout.
    """
    thin = Thin.of(alpha, size, depth, BODY * _hair(width))
    reach = math.ceil(width + 2 * _room(width) + (2 + ROOT) * _hair(width)) + 4 + NEAR
    top = 0
    known: list[tuple[PixelArray, Box]] = []
    above: PixelArray = np.zeros((0, 0), depth.dtype)
    for strip in _high(strips, 2 * reach):
        known.append(strip)
        while len(known) > 1 and sum(len(rows) for rows, _ in known[1:]) >= reach:
            made, above, top = *_grown(above, known, reach, width, depth, thin, top), top + len(known[0][0])
            yield *known.pop(0), made
    while known:
        made, above, top = *_grown(above, known, reach, width, depth, thin, top), top + len(known[0][0])
        yield *known.pop(0), made


def _high(strips: Iterable[tuple[PixelArray, Box]], least: int) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips, as many in one as have ``least`` rows: with lower ones rows would be looked at too often."""
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
    above: PixelArray,
    known: list[tuple[PixelArray, Box]],
    reach: int,
    width: float,
    depth: Depth,
    thin: Thin,
    top: int,
) -> tuple[FloatArray, PixelArray]:
    """The outline of the first of the ``known`` strips, at the row ``top``, and the rows that the next has above it."""
    parts = [rows[..., 3] for rows, _ in known]
    first, count = len(above), len(parts[0])
    window: PixelArray = np.concatenate([*([above] if first else []), *parts])[: first + count + reach]
    around = math.ceil(_room(width)) + 2
    inside = slice(around + first, around + first + count)
    sums: FloatArray = np.zeros(parts[0].shape, np.float32)
    columns = parts[0].shape[-1]
    for left in range(0, columns, COLUMNS):
        begin, right = max(0, left - reach), min(left + COLUMNS, columns)
        part = window[:, begin : right + reach]
        if not part.any():
            continue
        # the line goes on beyond the picture
        alpha = depth.unit(cv2.copyMakeBorder(part, around, around, around, around, cv2.BORDER_CONSTANT, value=0))
        solid = alpha >= LEVELS[-1]
        narrow = thin.over(top - first - around, len(alpha), begin - around, alpha.shape[1])
        body = _without_hair(solid, narrow, _hair(width)).view(np.uint8)
        if not body.any():
            continue
        near = highest(body, NEAR) > 0
        here = inside, slice(around + left - begin, around + right - begin)
        closed: FloatArray | None = None
        for level in LEVELS:
            away = _away(~((alpha >= level) & near))
            sums[:, left:right] += np.clip(np.float32(width + 0.5) - away[here], 0, 1)
            if level == CLOSED:
                closed = _closed(away, width)[here]
        np.multiply(sums[:, left:right], np.float32(1 / len(LEVELS)), out=sums[:, left:right])
        if closed is not None:
            np.maximum(sums[:, left:right], closed, out=sums[:, left:right])
    return sums, window[: first + count][-reach:]


def _hair(width: float) -> float:
    """Discs of this radius, pixels, do not fit into what is hair to an outline of this width."""
    return min(max(1.0, width * HAIR), MOST_HAIR)


def _without_hair(solid: NDArray[np.bool_], narrow: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """The pixels of a set that lie in, or next to, a disc within it, and those that are of a ``narrow`` piece."""
    deep = _away(solid) >= np.float32(radius)
    near = _away(~deep) <= np.float32((1 + ROOT) * radius) if deep.any() else deep
    kept: NDArray[np.bool_] = solid & (near | narrow)
    return kept


def _closed(away: FloatArray, width: float) -> FloatArray:
    """How far each pixel is covered by a set, grown and closed: float32 (row, column) in [0, 1].

    ``away``: the distance of each pixel from the set.
    """
    room = _room(width)
    covered: FloatArray = np.clip(_away(away <= np.float32(width + room)) - np.float32(room + 0.5), 0, 1)
    return covered


def _away(inside: NDArray[np.bool_]) -> FloatArray:
    """The distance of each pixel of a set from the nearest outside of it, pixels; 0 outside."""
    away = distances(inside)
    # squares of distances are whole numbers: rounding differs with how the picture is divided
    exact: FloatArray = np.sqrt(np.rint(away * away))
    return exact


def _room(width: float) -> float:
    return min(width, float(MOST_ROOM))
