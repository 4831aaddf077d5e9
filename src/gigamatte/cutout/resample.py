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
from gigamatte.cutout.frame import Canvas, reach_of
from gigamatte.filters import box_mean
from gigamatte.types import Box, Depth, FloatArray, PixelArray

#: rows of the canvas that are made at a time: at least, as far as there are so many, and at most; and pixels of them
FEWEST, MOST, MOST_PIXELS = 32, 256, 1 << 20

#: pixels of a strip, and of the canvas, that are worked on at a time: few enough for the processor's cache
STRIP_PIXELS, BAND_PIXELS = 1 << 16, 1 << 14

#: Where less is seen of a colour than this part, it is the mean of what is seen within NEAR pixels of the canvas:
#: bicubic's weights below 0 leave no colour to speak of there.
FAINT, NEAR = 0.04, 2

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
    clear = _Clear(columns, bands, depth, beneath)
    strips = _low(strips, rows_at_once(columns))
    made = _Resizer(across, down, clear, hidden).rows(strips) if canvas.resampled else _moved(strips, canvas, clear)
    done = 0
    for strip, top in made:
        yield from clear.between(done, top)
        done = top + len(strip)
        yield strip, Box(0, top, columns, len(strip))
    yield from clear.between(done, rows)


def rows_at_once(columns: int) -> int:
    """How many rows of so many pixels are made at a time, at most."""
    return min(MOST, max(4, MOST_PIXELS // columns))


def _low(strips: Strips, most: int) -> Iterator[tuple[PixelArray, Box]]:
    """The same strips in parts of ``most`` rows."""
    for strip, box in strips:
        for top in range(0, len(strip), most):
            part = strip[top : top + most]
            yield part, Box(box.left, box.top + top, box.width, len(part))


@dataclass(frozen=True, slots=True)
class _Clear:
    """Rows of a canvas on which nothing lies; ``beneath`` is the colour there, which nobody sees."""

    columns: int
    bands: int
    depth: Depth
    beneath: int

    def rows(self, count: int) -> PixelArray:
        shape = (count, self.columns) if self.bands == 1 else (count, self.columns, self.bands)
        out: PixelArray = np.zeros(shape, self.depth.dtype)
        if self.bands == 4 and self.beneath:  # each pixel as one number: a fifth of the time
            pixel = np.array([self.beneath, self.beneath, self.beneath, 0], out.dtype)
            out.view(f"u{4 * out.itemsize}")[:] = pixel.view(f"u{4 * out.itemsize}")
        return out

    def between(self, first: int, last: int) -> Iterator[tuple[PixelArray, Box]]:
        most = rows_at_once(self.columns)
        for top in range(first, last, most):
            count = min(most, last - top)
            yield self.rows(count), Box(0, top, self.columns, count)


def _moved(strips: Strips, canvas: Canvas, clear: _Clear) -> Iterator[tuple[PixelArray, int]]:
    """The photo's own pixels at their place."""
    across, down = round(canvas.left), round(canvas.top)
    for strip, box in strips:
        out = clear.rows(len(strip))
        out[:, box.left + across : box.right + across] = strip
        yield out, box.top + down


@dataclass(slots=True)
class _Resizer:
    """Rows of the canvas out of strips of the photo, whose sums grow strip by strip: of the photo nothing is held."""

    across: Axis
    down: Axis
    clear: _Clear
    hidden: bool

    def rows(self, strips: Strips) -> Iterator[tuple[PixelArray, int]]:
        down = self.down
        first, last = down.touched
        rows, columns = down.weights, list(self.across.weights.blocks(COLUMNS))
        done, begin, most = first, first, rows_at_once(self.clear.columns)
        sums = self._zeros(0)
        for strip, box in strips:
            blocks = list(replace(rows, first=begin).blocks(ROWS, box.top, box.bottom))
            if blocks:
                sums = self._longer(sums, blocks[-1].last - begin)
                low, high = blocks[0].first, blocks[-1].last
                for picture, total in zip(self._shrunk(strip, blocks, box.top), sums, strict=True):
                    here = total[:, low - begin : high - begin]
                    along_rows(picture, columns, self.across.first, self.across.touched[0], here)
            ready = last if box.bottom == down.last else min(down.ready(box.bottom) - NEAR, last)
            if ready - done < min(FEWEST, most) and ready < last:
                continue
            sums = self._longer(sums, min(ready + NEAR, last) - begin)
            for top in range(done, ready, most):
                bottom = min(top + most, ready)
                yield self._made(sums, begin, top, bottom), top
            done = max(done, ready)
            spent = min(max(0, done - NEAR - begin), sums[0].shape[1])
            sums, begin = [total[:, spent:].copy() for total in sums], begin + spent

    def _shrunk(self, strip: PixelArray, blocks: list[Block], top: int) -> list[FloatArray]:
        """What a strip, whose rows begin at ``top``, adds to the rows of the ``blocks``: (row, column, channel)."""
        first, width = blocks[0].first, strip.shape[1]
        out = [np.zeros((blocks[-1].last - first, width * count), np.float32) for count in self._channels]
        for left in range(0, width, step := max(1, STRIP_PIXELS // len(strip))):
            for number, picture in enumerate(self._pictures(strip[:, left : left + step])):
                count = picture.shape[2]
                samples = slice(left * count, (left + step) * count)
                down_columns(picture.reshape(len(strip), -1), blocks, top, first, out[number][:, samples])
        return [picture.reshape(len(picture), width, -1) for picture in out]

    @property
    def _channels(self) -> tuple[int, ...]:
        """Channels of the pictures that are resampled: RGBA, and colours that are hidden; or alpha alone."""
        return (1,) if self.clear.bands == 1 else (4, 3) if self.hidden else (4,)

    def _zeros(self, rows: int) -> list[FloatArray]:
        """Sums of no rows yet: float32 (column, row, channel); turned, as ``along_rows`` adds to them."""
        first, last = self.across.touched
        return [np.zeros((last - first, rows, count), np.float32) for count in self._channels]

    def _longer(self, sums: list[FloatArray], rows: int) -> list[FloatArray]:
        """The sums with ``rows`` rows at least."""
        missing = rows - sums[0].shape[1]
        if missing <= 0:
            return sums
        return [np.concatenate(both, axis=1) for both in zip(sums, self._zeros(missing), strict=True)]

    def _pictures(self, strip: PixelArray) -> Iterator[FloatArray]:
        """A strip in [0, 1], float32 (row, column, channel): alpha; or colours times alpha, and alpha.

        And then hidden colours less what lies beyond them.
        """
        full = self.clear.depth.full
        if strip.ndim == 2:
            yield self.clear.depth.unit(strip)[..., None]
            return
        *colours, alpha = cv2.split(strip)
        by = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, full)])
        yield cv2.multiply(strip, by, scale=1 / full**2, dtype=cv2.CV_32F)
        if self.hidden:
            yield self.clear.depth.unit(cv2.merge(colours)) - np.float32(self.clear.beneath / full)

    def _made(self, sums: list[FloatArray], begin: int, top: int, bottom: int) -> PixelArray:
        """Rows ``top``…``bottom`` of the canvas out of its sums, which begin at ``begin``."""
        above, below = max(begin, top - NEAR), min(begin + sums[0].shape[1], bottom + NEAR)
        shown, *hidden = (total[:, above - begin : below - begin] for total in sums)
        under = [picture + np.float32(self.clear.beneath / self.clear.depth.full) for picture in hidden]
        turned = straight(shown, self.clear.depth, self.clear.beneath, *under)
        made: PixelArray = cv2.transpose(turned[:, top - above :][:, : bottom - top])
        first, last = self.across.touched
        if last - first == self.clear.columns:
            return made
        out = self.clear.rows(bottom - top)
        out[:, first:last] = made
        return out


def straight(picture: FloatArray, depth: Depth, beneath: int = 0, hidden: FloatArray | None = None) -> PixelArray:
    """RGBA, (row, column, channel), of colours times alpha and alpha, float32; ``hidden`` colours go where alpha is 0.

    With alpha alone (row, column, 1). They lie about in [0, 1]: what a filter adds beyond is cut off. In bands that
    fit into the processor's cache.
    """
    kind = cv2.CV_8U if depth.bits == 8 else cv2.CV_16U
    if picture.shape[2] == 1:
        alpha: PixelArray = cv2.multiply(picture, np.float64(depth.full), dtype=kind).reshape(picture.shape)
        return alpha
    rows, columns = picture.shape[:2]
    out: PixelArray = np.empty((rows, columns, 4), depth.dtype)
    for top in range(0, rows, step := max(1, BAND_PIXELS // columns)):
        band = out[top : top + step]
        above = max(0, top - NEAR)
        _band(picture[above : top + step + NEAR], slice(top - above, top - above + len(band)), kind, band)
        clear = band[..., 3] == 0
        if hidden is not None:
            beyond = cv2.multiply(hidden[top : top + step], (depth.full,) * 3, dtype=kind)
            np.copyto(band[..., :3], beyond, where=clear[..., None])
        else:  # each pixel as one number
            pixel = np.array([beneath, beneath, beneath, 0], out.dtype).view(f"u{4 * out.itemsize}")
            np.copyto(band.view(pixel.dtype), pixel, where=clear[..., None])
    return out


def _band(picture: FloatArray, inner: slice, kind: int, out: PixelArray) -> None:
    """Writes the ``inner`` rows of a picture like that of ``straight`` to ``out``, of the OpenCV ``kind``."""
    full = np.iinfo(out.dtype).max
    opacity = cv2.extractChannel(picture[inner], 3)
    share = 1 / np.maximum(opacity, np.float32(FAINT))
    cv2.multiply(picture[inner], cv2.cvtColor(share, cv2.COLOR_GRAY2RGBA), out, scale=full, dtype=kind)
    faint = (opacity < FAINT) & (out[..., 3] > 0)
    if faint.any():
        near = box_mean(np.clip(picture, 0, 1), NEAR, beyond="zero")[inner]
        share = 1 / np.maximum(cv2.extractChannel(near, 3), np.float32(1e-6))
        colour = cv2.multiply(near, cv2.cvtColor(share, cv2.COLOR_GRAY2RGBA), scale=full, dtype=kind)
        np.copyto(out[..., :3], colour[..., :3], where=faint[..., None])
