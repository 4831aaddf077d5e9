"""A picture placed on a canvas, larger or smaller, strip by strip: colour and alpha together.

Premultiplied, so that hidden colour weighs nothing, and in the values as they are stored: laid on any background
before or after, the result is the same (measured against linear light in docs/design/canvas.md). Bicubic with the
support of the reduction (R. Keys: Cubic Convolution Interpolation, 1981, a = -½; as Pillow has it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from gigamatte.cutout.bicubic import COLUMNS, ROWS, Block, Weights, along_rows, down_columns
from gigamatte.cutout.clear import Clear, rows_at_once
from gigamatte.cutout.divided import NEAR, straight
from gigamatte.cutout.frame import Canvas, reach_of
from gigamatte.cutout.sums import Seen, Sums
from gigamatte.types import Box, Depth, FloatArray, PixelArray

#: rows of the canvas that are made at a time, at least, as far as there are so many, and pixels of the photo that their
#: sums may have for that
FEWEST, FEWEST_PIXELS = 32, 1 << 18

#: rows of a strip, pixels of it, and pixels of the canvas that are worked on at a time: few enough for the processor's
#: cache, and so many that the calls do not count
STRIP, STRIP_PIXELS, BAND_PIXELS = 128, 1 << 17, 1 << 17

Strips = Iterable[tuple[PixelArray, Box]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a canvas of ``length`` pixels: place x of the photo lies at ``start`` + x·``scale``.

    ``first``…``last`` are the pixels of the photo that are given, of ``whole``. What lies beyond them is clear, but
    for an edge of the photo that lies on an edge of the canvas: there nothing lies beyond.
    """

    length: int
    scale: float
    start: float
    first: int
    last: int
    whole: int

    @property
    def reach(self) -> int:
        """How many pixels of the photo beyond its own a pixel of the canvas may depend on, to each side."""
        return reach_of(self.scale)

    @property
    def touched(self) -> tuple[int, int]:
        """The pixels of the canvas, from the first up to the last + 1, that depend on what is given."""
        low = math.floor(self.start + (self.first - self.reach) * self.scale)
        high = math.ceil(self.start + (self.last + self.reach) * self.scale)
        return min(max(0, low), self.length), min(max(0, high), self.length)

    @property
    def weights(self) -> Weights:
        """What the pixels of the canvas take of the photo's; where it goes on beyond an edge, so do the pixels."""
        first, last = self.touched
        low, high = (self.back(place) for place in (first, last))
        begin = 0 if abs(low) < _SAME else math.floor(low) - self.reach
        end = self.whole if abs(high - self.whole) < _SAME else math.ceil(high) + self.reach
        begin, end = min(begin, self.first), max(end, self.last)
        place, step = -self.start / self.scale, 1 / self.scale
        return Weights(first, last, place, step, begin, end, self.first, self.last)

    def back(self, place: float) -> float:
        """The place in the photo of one on the canvas."""
        return (place - self.start) / self.scale

    def ready(self, known: int) -> int:
        """The first pixel of the canvas that depends on more than the photo's first ``known``."""
        return math.floor(self.start + (known - self.reach) * self.scale)


#: two places of a photo this near are one, in pixels
_SAME = 1e-3


def placed(
    strips: Strips, frame: Box, canvas: Canvas, bands: int, depth: Depth, *, beneath: int = 0, hidden: bool = False
) -> Iterator[tuple[PixelArray, Box]]:
    """``strips`` that make ``frame``, a part of the photo, on the canvas: boxes are the canvas' own and make all of it.

    A strip is (row, column, RGBA) with 4 ``bands`` or (row, column) with 1, which is alpha. What is not given is
    clear. ``beneath`` is the colour under alpha 0, red, green and blue alike; with ``hidden`` the strips' own is kept
    as far as there is one.
    """
    columns, rows = canvas.size.width, canvas.size.height
    across = Axis(columns, canvas.scale, canvas.left, frame.left, frame.right, canvas.photo.width)
    down = Axis(rows, canvas.scale, canvas.top, frame.top, frame.bottom, canvas.photo.height)
    clear = Clear(columns, bands, depth, beneath)
    strips = _low(strips, min(STRIP, rows_at_once(columns)))
    made = _Resizer(across, down, clear, hidden).rows(strips) if canvas.resampled else _moved(strips, canvas, clear)
    done = 0
    for strip, top in made:
        yield from clear.between(done, top)
        done = top + len(strip)
        yield strip, Box(0, top, columns, len(strip))
    yield from clear.between(done, rows)


def _low(strips: Strips, most: int) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips in parts of ``most`` rows."""
    for strip, box in strips:
        for top in range(0, len(strip), most):
            part = strip[top : top + most]
            yield part, Box(box.left, box.top + top, box.width, len(part))


def _moved(strips: Strips, canvas: Canvas, clear: Clear) -> Iterator[tuple[PixelArray, int]]:
    """The photo's own pixels at their place."""
    across, down = round(canvas.left), round(canvas.top)
    for strip, box in strips:
        out = clear.rows(len(strip))
        out[:, box.left + across : box.right + across] = strip
        yield out, box.top + down


@dataclass(slots=True)
class _Resizer:
    """Rows of the canvas out of strips of the photo, whose sums grow strip by strip: of the photo nothing is held.

    First the columns are summed up, all channels of a pixel side by side; along the rows each channel is a plane of its
    own. Channels are red, green and blue times alpha, and alpha; with ``hidden`` the colours too, less what lies beyond
    them; or alpha alone. All lie in [0, 1].
    """

    across: Axis
    down: Axis
    clear: Clear
    hidden: bool

    def rows(self, strips: Strips) -> Iterator[tuple[PixelArray, int]]:
        down = self.down
        first, last = down.touched
        rows, columns = down.weights, list(self.across.weights.blocks(COLUMNS))
        done, most, wide = first, rows_at_once(self.clear.columns), self.across.last - self.across.first
        fewest = min(FEWEST, most, max(1, FEWEST_PIXELS // max(1, wide)))
        sums, seen = Sums(first, self._pictures, wide), Seen(self.across.first)
        for strip, box in strips:
            blocks = list(replace(rows, first=sums.first).blocks(ROWS, box.top, box.bottom))
            if blocks:
                sums.reach(blocks[-1].last)
                seen.note(blocks[-1].last, self._add(strip, blocks, box.top, sums))
            ready = last if box.bottom == down.last else min(down.ready(box.bottom) - NEAR, last)
            if ready - done < fewest and ready < last:
                continue
            sums.reach(min(ready + NEAR, last))
            for top in range(done, ready, most):
                bottom = min(top + most, ready)
                yield self._made(sums, top, bottom, seen.between(top - NEAR, columns)), top
            done = max(done, ready)
            sums.forget(done - NEAR)

    def _add(self, strip: PixelArray, blocks: list[Block], top: int, sums: Sums) -> tuple[int, int]:
        """Adds a strip, whose rows begin at ``top``, to the ``sums``.

        Gives the columns of the strip, from the first up to the last + 1, that hold anything.
        """
        alpha = strip if strip.ndim == 2 else cv2.extractChannel(strip, 3)
        some = np.flatnonzero(alpha.any(axis=0)) if not self.hidden else np.arange(alpha.shape[1])
        if not some.size:
            return 0, 0
        first, last = int(some[0]), int(some[-1]) + 1
        for left in range(first, last, step := max(1, STRIP_PIXELS // len(strip))):
            right = min(left + step, last)
            parts = self._unit(strip[:, left:right], alpha[:, left:right])
            for picture, place in zip(parts, sums.places(left, right), strict=True):
                down_columns(picture.reshape(len(strip), -1), blocks, top, sums.first, sums.rows[:, place])
        return first, last

    @property
    def _pictures(self) -> tuple[int, ...]:
        """Channels of the pictures that are resampled: RGBA, and colours that are hidden; or alpha alone."""
        return (1,) if self.clear.bands == 1 else (4, 3) if self.hidden else (4,)

    def _unit(self, strip: PixelArray, alpha: PixelArray) -> Iterator[FloatArray]:
        """The pictures of a part of a strip, float32 (row, column[, channel])."""
        full = self.clear.depth.full
        if strip.ndim == 2:
            yield self.clear.depth.unit(strip)
            return
        # alpha for red, green and blue, and full
        yield cv2.multiply(strip, cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGBA), scale=1 / full**2, dtype=cv2.CV_32F)
        if self.hidden:
            colours: PixelArray = cv2.cvtColor(strip, cv2.COLOR_RGBA2RGB)
            yield self.clear.depth.unit(colours) - np.float32(self.clear.beneath / full)

    def _made(self, sums: Sums, top: int, bottom: int, columns: list[Block]) -> PixelArray:
        """Rows ``top``…``bottom`` of the canvas out of its sums, in bands for the cache."""
        out = self.clear.rows(bottom - top)
        if not columns:
            return out
        first, last = columns[0].first, columns[-1].last
        for start in range(top, bottom, step := max(1, BAND_PIXELS // (last - first))):
            end = min(start + step, bottom)
            above, below = max(sums.first, start - NEAR), min(sums.last, end + NEAR)
            planes = sums.planes(above, below)
            shown = np.zeros((*planes.shape[:2], last - first), np.float32)
            lines, out_lines = planes.reshape(-1, planes.shape[2]), shown.reshape(-1, last - first)
            along_rows(lines, columns, self.across.first, first, out_lines)
            inner = slice(start - above, end - above)
            straight(shown, inner, self.clear, out[start - top : end - top, first:last])
        return out
