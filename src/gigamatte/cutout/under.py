"""The colour of pixels whose alpha is 0: programs that resize without alpha, or drop it, show some of it.

A thin ring around the subject takes colours of pixels that can be seen, so that what is resized without regard to alpha
keeps its edge; beyond it all is white. The photo's own ground is never written. The colours are laid out so that a
ring costs few bytes (docs/design/formats.md): they run along columns, and where no pixel above or below is near, rows
of pixels beside the subject are repeated, so that most of a ring equals the row above it. They are rounded to few
levels: what differs by the noise of a photo alone becomes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.pixels import where
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, PixelArray

#: A colour is taken from so many pixels away, one after another: a ring grows to the sum of them.
STEPS = (1, 2, 4)
#: how many rows, and how many columns, a pixel of the ring may be away from the one that it shows
REACH = sum(STEPS)
#: Of so many rows one takes colours from the left and the right before those above and below it are known.
EVERY = 8
#: bits of each channel that a colour of the ring has; those below are the middle of what they may be
BITS = 4
#: Neighbouring spans are drawn together up to so many columns: an eighth of the time is spent beside them.
WIDE = 512
#: ``spans(box)``: the columns of a strip, as (first, last + 1), that a ring may touch
Spans = Callable[[Box], Iterable[tuple[int, int]]]


def edged(strips: Iterable[tuple[PixelArray, Box]], spans: Spans, pool: Pool) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips, (row, column, RGBA), from top to bottom, with the ring drawn into them.

    A strip is handed on when the ``REACH`` below it are known. The ring does not depend on how the picture is divided.
    Threads of the ``pool`` draw the parts of a strip.
    """
    known: list[tuple[PixelArray, Box]] = []
    above: PixelArray | None = None
    row = 0
    for strip in strips:
        known.append(strip)
        while len(known) > 1 and sum(len(rows) for rows, _ in known[1:]) >= REACH:
            above, row = _draw(above, known, row, spans, pool), row + len(known[0][0])
            yield known.pop(0)
    while known:
        above, row = _draw(above, known, row, spans, pool), row + len(known[0][0])
        yield known.pop(0)


def _draw(
    above: PixelArray | None, known: list[tuple[PixelArray, Box]], row: int, spans: Spans, pool: Pool
) -> PixelArray:
    """Draw the ring into the first of the ``known`` strips, which begins at ``row`` of the picture.

    Gives the rows that the next one has above it.
    """
    strip, box = known[0]
    below = [rows[:REACH] for rows, _ in known[1:]]
    parts = [*([above] if above is not None else []), strip, *below]
    first = len(above) if above is not None else 0
    last = first + len(strip) + min(REACH, sum(map(len, below)))

    def draw(span: tuple[int, int]) -> None:
        left, right = span
        start, end = max(0, left - REACH), min(strip.shape[1], right + REACH)
        window = [part[:, start:end] for part in parts]
        _ring(window, last, row - first, strip[:, left:right], (first, left - start))

    # each reads pixels that can be seen, and writes others
    list(pool.map(draw, _joined(spans(box))))
    tail = strip if above is None or len(strip) >= REACH else np.concatenate([above, strip])
    return tail[-REACH:]


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same columns in fewer spans."""
    first = last = 0
    for left, right in spans:
        if left != last or right - first > WIDE:
            if last > first:
                yield first, last
            first = left
        last = right
    if last > first:
        yield first, last


def _ring(window: list[PixelArray], height: int, row: int, part: PixelArray, place: tuple[int, int]) -> None:
    """Write the ring into ``part``, which lies at ``place`` (row, column) of its surroundings, the ``window``.

    That is the first ``height`` of the rows that stand in several arrays, and begins at ``row`` of the picture.
    """
    inner = (slice(place[0], place[0] + part.shape[0]), slice(place[1], place[1] + part.shape[1]))
    pixels: NDArray[Any] = np.concatenate(window)[:height]
    seen = (cv2.extractChannel(pixels, 3) > 0).view(np.uint8)
    if not cv2.countNonZero(seen) or cv2.countNonZero(seen[inner]) == part.shape[0] * part.shape[1]:
        return
    # each pixel as one number: without its alpha, in rounded colours
    pixel, step = np.dtype(f"u{4 * part.itemsize}"), 1 << (8 * part.itemsize - BITS)
    kept, middle = (np.array([one, one, one, 0]).astype(part.dtype).view(pixel) for one in (-step, step // 2))
    pixels.view(pixel)[...] &= kept
    pixels.view(pixel)[...] |= middle
    filled, some = seen.copy(), slice((EVERY // 2 - row) % EVERY, None, EVERY)
    for step in STEPS:
        _take(pixels[some], filled[some], filled[some], (0, step))
    for step in STEPS:
        _take(pixels, filled, filled, (step, 0))
    _take(pixels, seen, filled, (0, 1))
    where(filled[inner] > seen[inner], pixels[inner], part)


def _take(pixels: PixelArray, known: NDArray[np.uint8], filled: NDArray[np.uint8], away: tuple[int, int]) -> None:
    """Pixels that are not ``filled`` take ``known`` ones so many (rows, columns) away: above or left first."""
    (height, width), (down, across) = filled.shape, away
    first = slice(0, max(0, height - down)), slice(0, max(0, width - across))
    second = slice(down, None), slice(across, None)
    for source, target in ((first, second), (second, first)):
        taken = known[source] > filled[target]
        if cv2.countNonZero(taken.view(np.uint8)):
            where(taken, pixels[source], pixels[target])
            filled[target] |= taken
