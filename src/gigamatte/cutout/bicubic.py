"""Bicubic resampling of planes whose rows come in parts: what each part adds to the result, by products of matrices.

A pixel of the result is the sum of the pixels around its place, weighed by a cubic as wide as the reduction (R. Keys:
Cubic Convolution Interpolation, 1981, a = -½; as Pillow has it). Along a column, and then along a row, neighbouring
results share most of their pixels, so a few of them are one product of a small matrix of weights with the pixels:
a third of the time of sums one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.frame import SUPPORT
from gigamatte.types import FloatArray

#: rows, and columns, of the result that are one product: few, because most weights of a wide one are 0
ROWS, COLUMNS = 8, 16
#: multiplications of one product: a library that has threads for them begins none for so few, and stays in the cache
PRODUCT = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """``weights`` float32 (result, source) of the results ``first``… from the source pixels ``begin``…"""

    first: int
    begin: int
    weights: FloatArray

    @property
    def last(self) -> int:
        """The first result after it."""
        return self.first + len(self.weights)

    @property
    def end(self) -> int:
        """The first source pixel after it."""
        return self.begin + int(self.weights.shape[1])


@dataclass(frozen=True, slots=True)
class Weights:
    """What each pixel ``first``…``last`` of a result takes of a row of pixels, of which ``begin``…``end`` are given.

    Pixel i of the result lies at ``place`` + (i + ½) · ``step`` of the source. Weights are shared out among the pixels
    ``low``…``high``; those that are not given are 0.
    """

    first: int
    last: int
    place: float
    step: float
    low: int
    high: int
    begin: int
    end: int

    def blocks(self, length: int, begin: int | None = None, end: int | None = None) -> Iterator[Block]:
        """Blocks of ``length`` results that take anything of the source pixels ``begin``…``end`` (default: all)."""
        begin, end = self.begin if begin is None else begin, self.end if end is None else end
        wide = max(1.0, self.step)
        reach = SUPPORT * wide + 1
        first = max(self.first, math.floor((begin - reach - self.place) / self.step - 0.5))
        last = min(self.last, math.ceil((end + reach - self.place) / self.step - 0.5) + 1)
        if last <= first:
            return
        # all blocks at once: (block, result, source)
        starts = np.arange(first, last, length)
        centre = self.place + (starts[:, None] + np.arange(length) + 0.5) * self.step
        counts = np.minimum(length, last - starts)
        lows = np.maximum(self.low, np.floor(centre[:, 0] - reach)).astype(np.intp)
        ends = np.ceil(centre[np.arange(len(starts)), counts - 1] + reach).astype(np.intp) + 1
        highs = np.minimum(self.high, ends)
        source = lows[:, None] + np.arange(max(0, int((highs - lows).max())))
        weights = _cubic((source[:, None] + 0.5 - centre[..., None]) / wide)
        weights *= (source < highs[:, None])[:, None]
        total = weights.sum(axis=2, keepdims=True)
        weights /= np.where(total == 0, 1, total)
        for number, (start, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True)):
            low, high = int(lows[number]), int(highs[number])
            seen = max(low, begin)
            part = weights[number, :count, seen - low : max(seen, min(high, end)) - low]
            if part.any():
                yield Block(start, seen, np.ascontiguousarray(part, np.float32))


def _cubic(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' kernel at a distance in pixels: float64, same shape."""
    x = np.abs(away)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < SUPPORT, far, 0.0))


def down_columns(picture: FloatArray, blocks: list[Block], top: int, first: int, out: FloatArray) -> None:
    """Adds what the rows of a picture, which begin at ``top``, add to the rows ``first``… to ``out``.

    Both float32 (row, sample): how many channels a pixel has does not matter.
    """
    for block in blocks:
        source, target = picture[block.begin - top : block.end - top], out[block.first - first : block.last - first]
        for left in range(0, source.shape[1], step := max(1, PRODUCT // block.weights.size)):
            target[:, left : left + step] += block.weights @ source[:, left : left + step]


def along_rows(picture: FloatArray, blocks: list[Block], begin: int, first: int, out: FloatArray) -> None:
    """Writes the columns ``first``… of the result of a picture, whose columns begin at ``begin``, to ``out``.

    Both float32 (line, column); channels that lie below one another are lines, too. Columns of ``out`` that take
    nothing of the picture stay as they are.
    """
    for block in blocks:
        source = picture[:, block.begin - begin : block.end - begin]
        target = out[:, block.first - first : block.last - first]
        for top in range(0, len(source), step := max(1, PRODUCT // block.weights.size)):
            np.matmul(source[top : top + step], block.weights.T, out=target[top : top + step])
