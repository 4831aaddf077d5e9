"""Which pieces of an alpha are thin throughout, as wires and letters are, and which have a body that hair grows from.

A piece has a body where discs of a radius fit into it (opening: J. Serra, Image Analysis and Mathematical Morphology,
1982). It is thin throughout where less than half of it lies in such discs. Worked out on a coarse grid, in memory for
that alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.contour.calm import averaged
from gigamatte.filters import distances, grown, pieces
from gigamatte.types import Depth, FloatArray, PixelArray, Size

#: cells of the coarse grid
CELLS = 1_000_000
#: alphas from which on a pixel belongs to the subject, and joins what lies beside it
SOLID, JOINS = 0.4, 0.1
#: a piece of which no larger part lies in its body is thin throughout
BODY = 0.5


@dataclass(frozen=True, eq=False)
class Thin:
    """The cells, ``side`` pixels wide and high, of pieces that are thin throughout: bool (row, column)."""

    side: int
    cells: NDArray[np.bool_]

    @classmethod
    def of(cls, strips: Iterable[PixelArray], size: Size, depth: Depth, radius: float) -> Thin:
        """Of the alpha whose ``strips`` (row, column), from top to bottom, make ``size``.

        A piece has a body where a disc of ``radius`` pixels fits into it. Gaps of about that width do not divide it:
        hair is not opaque everywhere.
        """
        side = max(1, math.ceil((size.pixels / CELLS) ** 0.5))
        cells = Depth(8).quotient(np.concatenate(list(averaged((_levels(strip, depth) for strip in strips), side))))
        solid, joins = cells[..., 0], cells[..., 1] > 0
        deep = (_away(solid >= 0.999) - 0.5) * side >= radius - 0.5
        body = _away(~deep) * side <= radius + side / 2 if deep.any() else deep
        _, labels = pieces(grown(joins, max(1, round(radius / 2 / side))))
        count = int(labels.max()) + 1
        whole, inner = (np.bincount(labels.ravel(), part.ravel(), count) for part in (solid, solid * body))
        return cls(side, (inner < BODY * whole)[labels] & joins)

    def over(self, top: int, rows: int, left: int, columns: int) -> NDArray[np.bool_]:
        """Of which of these pixels the piece is thin: bool (row, column)."""
        down = np.clip(np.arange(top, top + rows) // self.side, 0, len(self.cells) - 1)
        across = np.clip(np.arange(left, left + columns) // self.side, 0, self.cells.shape[1] - 1)
        found: NDArray[np.bool_] = self.cells[down[:, None], across]
        return found


def _levels(strip: PixelArray, depth: Depth) -> NDArray[np.uint8]:
    alpha = depth.unit(strip.reshape(len(strip), -1))
    return np.dstack([(alpha >= SOLID) * np.uint8(255), (alpha >= JOINS) * np.uint8(255)])


def _away(chosen: NDArray[np.bool_]) -> FloatArray:
    """The distance from the nearest cell that is not chosen; the frame is none."""
    return distances(chosen) if not chosen.all() else np.full(chosen.shape, np.inf, np.float32)
