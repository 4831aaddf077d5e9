"""Computes where a mask's pixels lie in a tile of some level of the photo, along one direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigamatte.matte.mask.area import Between, Places, Shares

#: Borders nearer to each other than this are one.
_NEAR = 1e-6


@dataclass(frozen=True)
class Axis:
    """Which part of the mask lies in a tile, and where: what is known there are means between ``borders``.

    ``first``, ``end``: the mask's pixels that are read. ``borders``: in pixels of the tile, ascending, the outer ones
    perhaps beyond it. ``whole``: which of the rectangles between them lie in the tile. ``centres``: their middles, in
    pixels of the whole mask. ``reads``: the middles of the tile's pixels, counted in rectangles. ``inside``: where the
    level's pixels are larger than the mask's, the borders in pixels of what is read of it; else None.
    """

    first: int
    end: int
    borders: Places
    whole: NDArray[np.bool_]
    centres: Places
    reads: Places
    inside: Places | None

    @classmethod
    def of(cls, start: int, length: int, origin: int, extent: int, count: int, level: int) -> Axis | None:
        """Of a tile of ``length`` pixels from ``start`` on, of a level, and a mask of ``count`` pixels.

        The mask covers ``extent`` photo pixels from ``origin`` on. None where it does not reach the tile.
        """
        step = 2**level
        across = count / extent * step  # pixels of the mask that a pixel of the level covers
        begin = (start * step - origin) / extent * count  # the tile's first border, in pixels of the mask
        if across > 1 + _NEAR:
            return cls._averaging(length, across, begin, count)
        first = max(0, math.floor(begin + _NEAR))
        end = min(count, math.ceil(begin + length * across - _NEAR))
        if end <= first:
            return None
        borders: Places = (np.arange(first, end + 1, dtype=np.float64) - begin) / across
        whole = (borders[:-1] >= -_NEAR) & (borders[1:] <= length + _NEAR)
        reads: Places = (np.arange(length, dtype=np.float64) + 0.5) * across + (begin - first - 0.5)
        return cls(first, end, borders, whole, np.arange(first, end, dtype=np.float64) + 0.5, reads, None)

    @classmethod
    def _averaging(cls, length: int, across: float, begin: float, count: int) -> Axis | None:
        """For a level whose pixels are larger than the mask's: the rectangles are the level's pixels under the mask."""
        edges: Places = np.arange(length + 1, dtype=np.float64) * across + begin
        covered = np.flatnonzero((edges[:-1] >= -_NEAR) & (edges[1:] <= count + _NEAR))
        if not covered.size:
            return None
        low, high = int(covered[0]), int(covered[-1]) + 1
        edges = edges[low : high + 1]
        first, end = max(0, math.floor(edges[0] + _NEAR)), min(count, math.ceil(edges[-1] - _NEAR))
        borders = np.arange(low, high + 1, dtype=np.float64)
        reads = np.arange(-low, length - low, dtype=np.float64)
        return cls(
            first, end, borders, np.ones(high - low, np.bool_), (edges[1:] + edges[:-1]) / 2, reads, edges - first
        )

    @property
    def edges(self) -> Places:
        """The borders in pixels of what is read of the mask."""
        return np.arange(self.end - self.first + 1, dtype=np.float64) if self.inside is None else self.inside

    @cached_property
    def shares(self) -> Shares:
        """How the tile's pixels are averaged between the borders."""
        return Shares.of(self.borders, self.reads.size)

    @cached_property
    def interpolation(self) -> Between:
        """How the tile's pixels lie between the middles of the rectangles."""
        return Between.of(self.reads, self.whole.size)

    @cached_property
    def nearest(self) -> NDArray[np.intp]:
        """For each of the tile's pixels, (pixel,), the index of the rectangle in which its middle lies."""
        # a middle that lies on a border belongs to the rectangle before it, whichever tile looks
        return np.clip(np.ceil(self.reads - (0.5 + _NEAR)), 0, self.whole.size - 1).astype(np.intp)

    @property
    def span(self) -> tuple[int, int]:
        """(first, end) of the rectangles that lie in the tile; (0, 0) if none does."""
        found = np.flatnonzero(self.whole)
        return (int(found[0]), int(found[-1]) + 1) if found.size else (0, 0)

    @cached_property
    def aligned(self) -> bool:
        """Whether every border lies between two of the tile's pixels, and all rectangles are alike."""
        rounded = np.round(self.borders)
        return bool(np.abs(self.borders - rounded).max() < _NEAR) and bool(np.ptp(np.diff(rounded)) == 0)
