"""A calm contour of an alpha with hair: where its contour runs to and fro the alpha is averaged, elsewhere it stays.

How long the contour is within a window of Gaussian weights tells hair from an edge: a straight edge through the middle
gives one, two edges beside each other two. The window is made as wide as it takes until the contour that is left grows
hardly shorter when the window is doubled (B. Mandelbrot: How Long Is the Coast of Britain?, 1967). All of it is worked
out on a coarse grid, in memory for that alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.contour.trace import Polygon, areas_of, traced
from gigamatte.filters import gaussian, highest_in_disc
from gigamatte.types import Depth, FloatArray, PixelArray, Size

#: cells of the coarse grid
CELLS = 1_000_000
#: the first window's standard deviation: this part of the root of the subject's area, but no less than so many pixels,
#: nor than so many cells
WINDOW, LEAST, CELLS_WIDE = 0.007, 3.0, 3.0
#: so much length of contour in the window is taken for an edge at most, and from so much on for hair
EDGE, HAIR = 1.5, 2.0
#: a contour is calm that a window twice as wide makes shorter by no more than this; and windows that are tried
CALM, WINDOWS = 1.2, 4
#: pieces and holes among hair that are smaller than so many squares of the window are left out
PIECE = 12.0
#: columns of cells that are averaged at a time; of those where the average alone decides, by so much, none are
BLOCK, SURE = 32, 0.501
#: a straight edge in any direction crosses so many borders of pixels a pixel of its length, on average
_CROSSED = 4 / math.pi

Strips = Callable[[], Iterable[PixelArray]]


@dataclass(frozen=True)
class Coarse:
    """An alpha on a grid of cells of ``side`` pixels: float32 (row, column) each."""

    #: mean alpha in [0, 1]
    mean: FloatArray
    #: how many of a pixel's two borders, above it and to its left, the contour crosses; mean over the cell
    crossed: FloatArray
    side: int
    size: Size

    @classmethod
    def of(cls, strips: Iterable[PixelArray], size: Size) -> Coarse:
        """Of ``strips`` (row, column), uint8 or uint16, that make ``size``, from top to bottom."""
        side = max(1, math.ceil((size.pixels / CELLS) ** 0.5))
        cells = np.concatenate(list(averaged(_with_crossed(strips), side)))
        cells /= np.array([Depth(8).full, _STEP], np.float32)
        return cls(cells[..., 0], cells[..., 1], side, size)

    def halved(self) -> Coarse:
        """The same with cells twice as wide and high."""
        return Coarse(_shrunk(self.mean, 2), _shrunk(self.crossed, 2), self.side * 2, self.size)

    @property
    def subject(self) -> float:
        """The subject's area, pixels."""
        return float(self.mean.sum(dtype=np.float64)) * self.side**2

    def contour(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Middles of the cells that the contour runs through, (cell, 2), x and y, and how much of it lies there."""
        row, column = np.nonzero(self.crossed)
        places = (np.column_stack([column, row]).astype(np.float64) + 0.5) * self.side
        return places, self.crossed[row, column].astype(np.float64)


@dataclass(frozen=True)
class Calm:
    """An alpha that is averaged among hair, with a window of this standard deviation in pixels."""

    coarse: Coarse
    window: float
    #: where it is averaged, and the average times that: float32 (row, column) in [0, 1], of the coarse grid
    weight: FloatArray
    averaged: FloatArray

    @classmethod
    def of(cls, strips: Strips, size: Size) -> Calm:
        """With the narrowest window of those tried that makes the contour calm."""
        coarse = Coarse.of(strips(), size)
        window = max(LEAST, CELLS_WIDE * coarse.side, WINDOW * coarse.subject**0.5)
        found = cls.with_window(coarse, window)
        for _ in range(WINDOWS - 1):
            wider = found.twice()
            if found._length() <= CALM * wider._length():
                break
            found = wider
        return found

    @classmethod
    def with_window(cls, coarse: Coarse, window: float) -> Calm:
        """With this standard deviation of the window, pixels."""
        wide = window / coarse.side
        mean, crossed = (gaussian(field, wide) for field in (coarse.mean, coarse.crossed))
        length = crossed * np.float32(window * math.sqrt(2 * math.pi) / _CROSSED)
        hair: FloatArray = np.clip((length - EDGE) / (HAIR - EDGE), 0, 1)
        reach = math.ceil(wide)  # the ends of hairs, where its length is half
        weight = gaussian(highest_in_disc(hair, reach), wide / 2)
        return cls(coarse, window, weight, weight * mean)

    def twice(self) -> Calm:
        """With a window twice as wide."""
        return self.with_window(self.coarse.halved(), 2 * self.window)

    def polygons(self, strips: Strips) -> list[Polygon]:
        """The polygons of the calm contour, in pixels, without specks. Raises TooMany."""
        return self._kept(traced(self._strips(strips()), self.coarse.size), 1)

    def _length(self) -> float:
        """The length of the contour on the coarse grid, pixels."""
        cells = self.weight.shape
        mixed = (1 - self.weight) * self.coarse.mean + self.averaged
        whole = Depth(16).from_unit(np.clip(mixed, 0, 1).astype(np.float32))
        kept = self._kept(traced([whole], Size(cells[1], cells[0])), self.coarse.side)
        return sum(float(np.hypot(*(np.roll(one, -1, axis=0) - one).T).sum()) for one in kept) * self.coarse.side

    def _kept(self, polygons: list[Polygon], unit: int) -> list[Polygon]:
        """Those that are no specks, of polygons in units of so many pixels; the largest is always one."""
        areas = np.abs(areas_of(polygons)) * unit**2
        least = np.where(self._among_hair(polygons, unit), PIECE * self.window**2, SPECK)
        kept = np.flatnonzero(areas >= np.minimum(least, areas.max(initial=0)))
        return [polygons[number] for number in kept]

    def _among_hair(self, polygons: list[Polygon], unit: int) -> NDArray[np.bool_]:
        """Whether some of each one's corners lie where the alpha is averaged."""
        if not polygons:
            return np.empty(0, np.bool_)
        some = [polygon[:: max(1, len(polygon) // 16)] for polygon in polygons]
        column, row = (np.concatenate(some) * (unit / self.coarse.side)).astype(np.int64).T
        rows, columns = self.weight.shape
        weight = self.weight[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
        among: NDArray[np.bool_] = np.maximum.reduceat(weight, np.cumsum([0, *map(len, some[:-1])])) > 0.25
        return among

    def _strips(self, strips: Iterable[PixelArray]) -> Iterator[NDArray[np.uint16]]:
        """The averaged alpha in the same strips: steps of 8 bits would show in a slope so gentle."""
        weight, averaged = (np.pad(field, 1, mode="edge") for field in (self.weight, self.averaged))
        full = Depth(16).full
        own, added = 1 - weight, averaged * np.float32(full) + np.float32(0.5)
        side, top = self.coarse.side, 0
        for strip in strips:
            plain = strip.reshape(len(strip), -1)
            out: NDArray[np.uint16] = np.empty(plain.shape, np.uint16)
            first = top // side
            # one more above and below, as the padded fields have them
            rows = slice(first, (top + len(plain) - 1) // side + 3)
            above = side + top - first * side
            seen = weight[rows].max(axis=0) > 1e-3
            # whatever the alpha is itself, the average keeps it below one half here, or above
            outside = (averaged[rows] + own[rows]).max(axis=0) < 1 - SURE
            inside = averaged[rows].min(axis=0) > SURE
            for left in range(0, len(seen) - 2, BLOCK):
                here, columns = slice(left, left + BLOCK + 2), slice(left * side, (left + BLOCK) * side)
                part = out[:, columns]
                if inside[here].all() or outside[here].all():
                    part[:] = full if inside[left] else 0
                    continue
                part[:] = plain[:, columns]
                if plain.dtype == np.uint8:
                    part *= np.uint16(full // Depth(8).full)
                if seen[here].any():
                    within = np.s_[above : above + len(part), side : side + part.shape[1]]
                    mixed = part * _enlarged(own[rows, here], side)[within]
                    mixed += _enlarged(added[rows, here], side)[within]
                    part[:] = mixed
            yield out
            top += len(plain)


#: pieces and holes of less than so many pixels are left out anywhere
SPECK = 4.0
#: 8 bits for none, one and two borders
_STEP = 100


def _with_crossed(strips: Iterable[PixelArray]) -> Iterator[NDArray[np.uint8]]:
    """Of each strip the alpha in 8 bits, and how many borders of a pixel the contour crosses: (row, column, 2)."""
    above: NDArray[np.bool_] | None = None
    for strip in strips:
        plain = strip.reshape(len(strip), -1)
        inside = plain > Depth.of(plain).full // 2
        crossed = np.zeros(plain.shape, np.uint8)
        crossed[:, 1:] += inside[:, 1:] != inside[:, :-1]
        crossed[1:] += inside[1:] != inside[:-1]
        if above is not None:
            crossed[0] += inside[0] != above
        above = inside[-1]
        alpha = plain if plain.dtype == np.uint8 else (plain >> 8).astype(np.uint8)
        yield np.dstack([alpha, crossed * np.uint8(_STEP)])


def averaged(strips: Iterable[NDArray[np.uint8]], side: int) -> Iterator[FloatArray]:
    """Means over squares; at the right and lower rim over what there is of them."""
    waiting: NDArray[np.uint8] | None = None
    for strip in strips:
        waiting = strip if waiting is None else np.concatenate([waiting, strip])
        whole = len(waiting) // side * side
        if whole:
            yield _shrunk(waiting[:whole], side)
            waiting = waiting[whole:]
    if waiting is not None and len(waiting):
        yield _shrunk(waiting, side)


def _enlarged(cells: FloatArray, side: int) -> FloatArray:
    size = (cells.shape[1] * side, len(cells) * side)
    return np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _shrunk(rows: NDArray[np.uint8] | FloatArray, side: int) -> FloatArray:
    down, across = -len(rows) % side, -rows.shape[1] % side
    padded = cv2.copyMakeBorder(rows, 0, down, 0, across, cv2.BORDER_REPLICATE) if down or across else rows
    size = (padded.shape[1] // side, len(padded) // side)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.float32)
