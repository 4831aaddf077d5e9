"""The colour of pixels whose alpha is 0: programs that resize without alpha, or drop it, show some of it.

A thin ring around the subject takes the colour of the nearest pixel that can be seen, so that what is resized without
regard to alpha keeps its edge; beyond it all is white. The photo's own ground is never written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import dilated
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, PixelArray

#: width of the ring in pixels: where every pixel is kept (docs/design/formats.md: what other widths leave of programs'
#: errors, and what they cost), and where an encoder smears blocks of 8
REACH, LOSSY_REACH = 4, 8
#: ``spans(box)``: the columns of a strip, as (first, last + 1), that a ring may touch
Spans = Callable[[Box], Iterable[tuple[int, int]]]


def edged(
    strips: Iterable[tuple[PixelArray, Box]], reach: int, spans: Spans, pool: Pool
) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips, (row, column, RGBA), from top to bottom, with the ring drawn into them.

    A strip is handed on when the ``reach`` rows below it are known. Each pixel of the ring takes the nearest colour
    that is seen within ``reach`` pixels; which one that is does not depend on how the picture is divided. Threads of
    the ``pool`` draw the parts of a strip.
    """
    known: list[tuple[PixelArray, Box]] = []
    above: PixelArray | None = None
    for strip in strips:
        known.append(strip)
        while len(known) > 1 and sum(len(rows) for rows, _ in known[1:]) >= reach:
            above = _draw(above, known, reach, spans, pool)
            yield known.pop(0)
    while known:
        above = _draw(above, known, reach, spans, pool)
        yield known.pop(0)


def _draw(
    above: PixelArray | None, known: list[tuple[PixelArray, Box]], reach: int, spans: Spans, pool: Pool
) -> PixelArray:
    """Draw the ring into the first of the ``known`` strips; gives the rows that the next one has above it."""
    strip, box = known[0]
    below = [rows[:reach] for rows, _ in known[1:]]
    parts = [*([above] if above is not None else []), strip, *below]
    first = len(above) if above is not None else 0
    last = first + len(strip) + min(reach, sum(map(len, below)))

    def draw(span: tuple[int, int]) -> None:
        left, right = span
        start, end = max(0, left - reach), min(strip.shape[1], right + reach)
        window = [part[:, start:end] for part in parts]
        _ring(window, last, first, left - start, strip[:, left:right], reach)

    # each reads pixels that can be seen, and writes others
    list(pool.map(draw, spans(box)))
    tail = strip if above is None or len(strip) >= reach else np.concatenate([above, strip])
    return tail[-reach:]


def _ring(window: list[PixelArray], height: int, top: int, left: int, part: PixelArray, reach: int) -> None:
    """Write the ring into ``part``, which lies at (top, left) of its surroundings, the ``window``.

    That is the first ``height`` of the rows that stand in several arrays.
    """
    count, columns = part.shape[:2]
    inner = (slice(top, top + count), slice(left, left + columns))
    alpha = np.concatenate([rows[..., 3] for rows in window])[:height]
    if not cv2.countNonZero(alpha) or cv2.countNonZero(alpha[inner]) == count * columns:
        return
    seen = (alpha > 0).view(np.uint8)
    near = dilated(seen, _disc(reach))
    points = cv2.findNonZero((near[inner] > seen[inner]).view(np.uint8))
    if points is None:
        return
    x, y = points.reshape(-1, 2).astype(np.intp).T
    found, across = nearest(seen, y + top, x + left, reach)
    # each pixel as one number, without its alpha
    pixel = np.dtype(f"u{4 * part.itemsize}")
    colour = np.array([-1, -1, -1, 0]).astype(part.dtype).view(pixel)
    target, begin = part.view(pixel)[..., 0], 0
    for piece in window:  # only pixels that can be seen are read, and only others are written
        here = np.flatnonzero((found >= begin) & (found < begin + len(piece)))
        target[y[here], x[here]] = piece.view(pixel)[..., 0][found[here] - begin, across[here]] & colour
        begin += len(piece)


def nearest(
    seen: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp], reach: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The nearest pixels that are set in ``seen``, of those given, which all have one within ``reach`` pixels.

    Of several at one distance, the first in a fixed order.
    """
    height, width = seen.shape
    padded = np.zeros((height + 2 * reach, width + 2 * reach), np.uint8)
    padded[reach:-reach, reach:-reach] = seen
    flat, step = padded.reshape(-1), width + 2 * reach
    place = (rows + reach) * step + columns + reach
    found, unfound = place.copy(), np.arange(len(place))
    for down, across in _around(reach):
        there = place + (down * step + across)
        hit = flat[there] > 0
        found[unfound[hit]] = there[hit]
        place, unfound = place[~hit], unfound[~hit]
        if not unfound.size:
            break
    return found // step - reach, found % step - reach


@functools.cache
def _around(reach: int) -> list[tuple[int, int]]:
    """Steps (rows, columns) to all pixels within ``reach`` of one, nearest first."""
    steps = [(int(y) - reach, int(x) - reach) for y, x in np.argwhere(_disc(reach))]
    return sorted(steps, key=lambda step: (step[0] ** 2 + step[1] ** 2, step))


@functools.cache
def _disc(reach: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc: NDArray[np.uint8] = (y**2 + x**2 <= reach**2).astype(np.uint8)
    return disc
