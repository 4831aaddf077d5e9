"""Points and strokes of hints, painted into an alpha of any level, the same wherever a tile begins.

Coverage is that of a round brush, antialiased over one pixel of the level. Where marks overlap, the later one counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gigamatte.hints import Hints
from gigamatte.types import Box, FloatArray, Pixels16, Size

_Numbers = NDArray[np.float64]

#: The radius of a point that has none: a part of the photo's longer side, and at least so many pixels.
POINT_PART, POINT_LEAST = 1 / 2000, 1.5
#: Under a hair stroke an alpha is kept at least this far from 0 and 1, so that it is undecided.
UNDECIDED = 0.05


@dataclass(frozen=True)
class _Mark:
    """A painted line: ``points`` float64 (n, 2) x, y and ``radius`` in photo pixels; ``value`` 1 keep, 0 drop."""

    points: _Numbers
    radius: float
    value: float

    @cached_property
    def span(self) -> tuple[float, float, float, float]:
        """The leftmost, topmost, rightmost and lowest of the points."""
        (left, top), (right, bottom) = self.points.min(axis=0).tolist(), self.points.max(axis=0).tolist()
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Painted:
    """The points and strokes of hints, in pixels of a photo of the size ``photo``."""

    marks: tuple[_Mark, ...]
    hair: tuple[_Mark, ...]
    photo: Size

    @classmethod
    def of(cls, hints: Hints, photo: Size) -> Painted:
        """Strokes in their order, then the points, so that a point counts where it lies on a stroke."""
        strokes = [
            (_Mark(np.array(s.points, np.float64), s.radius, float(s.kind == "keep")), s.kind) for s in hints.strokes
        ]
        usual = usual_radius(photo)
        points = [
            _Mark(np.array([[p.x, p.y]], np.float64), usual if p.radius is None else max(p.radius, 0.5), value)
            for group, value in ((hints.keep, 1.0), (hints.drop, 0.0))
            for p in group
        ]
        marks = tuple(mark for mark, kind in strokes if kind != "hair")
        return cls((*marks, *points), tuple(mark for mark, kind in strokes if kind == "hair"), photo)

    def __bool__(self) -> bool:
        return bool(self.marks or self.hair)

    def drawn_on(self, alpha: FloatArray) -> FloatArray:
        """An alpha of the whole photo, float32 (row, column) in [0, 1], of any size, after all that was painted.

        Places under a hair stroke become undecided, so that the refiner works there.
        """
        size = Size.of(alpha)
        alpha = alpha.copy()
        for mark in self.hair:
            for part, covered in self._coverage(mark, size.box, size):
                seen = alpha[part]
                alpha[part] = np.where(covered > 0, np.clip(seen, UNDECIDED, 1 - UNDECIDED), seen)
        for mark in self.marks:
            for part, covered in self._coverage(mark, size.box, size):
                alpha[part] += covered * (np.float32(mark.value) - alpha[part])
        return alpha

    def enforced(self, alpha: Pixels16, box: Box, size: Size) -> Pixels16:
        """The ``alpha`` of ``box`` on a level of this ``size``, uint16 (row, column), with the marks painted again."""
        touched = alpha
        for mark in self.marks:
            for part, covered in self._coverage(mark, box, size):
                if touched is alpha:
                    touched = alpha.copy()
                before = touched[part].astype(np.float32)
                touched[part] = (before + covered * (np.float32(65535 * mark.value) - before) + 0.5).astype(np.uint16)
        return touched

    def _coverage(self, mark: _Mark, box: Box, size: Size) -> Iterator[tuple[tuple[slice, slice], FloatArray]]:
        """Which parts of ``box`` on a level of this ``size`` the mark covers, and how much of each pixel, 0…1."""
        across, down = self.photo.width / size.width, self.photo.height / size.height
        pixel = math.sqrt(across * down)
        reach = mark.radius + pixel
        west, north, east, south = mark.span
        left, top = math.floor((west - reach) / across), math.floor((north - reach) / down)
        right, bottom = math.ceil((east + reach) / across), math.ceil((south + reach) / down)
        if left >= box.right or right <= box.left or top >= box.bottom or bottom <= box.top:
            return
        part = Box(left, top, max(0, right - left), max(0, bottom - top)).within(box)
        if part.empty:
            return
        x = np.asarray((np.arange(part.left, part.right) + 0.5) * across, np.float64)
        y = np.asarray((np.arange(part.top, part.bottom) + 0.5) * down, np.float64)
        nearest = np.full((part.height, part.width), np.inf)
        starts = mark.points[:-1] if len(mark.points) > 1 else mark.points
        ends = mark.points[1:] if len(mark.points) > 1 else mark.points
        for start, end in zip(starts, ends, strict=True):
            rows, columns = _near(y, start[1], end[1], reach), _near(x, start[0], end[0], reach)
            if rows.start < rows.stop and columns.start < columns.stop:
                squared = _squared_distance(x[columns][None, :], y[rows][:, None], start, end)
                np.minimum(nearest[rows, columns], squared, out=nearest[rows, columns])
        covered = np.clip((mark.radius - np.sqrt(nearest)) / pixel + 0.5, 0, 1)
        yield part.relative_to(box).slices(), covered.astype(np.float32)


def usual_radius(photo: Size) -> float:
    """The radius of a point that has none, in photo pixels."""
    return max(POINT_LEAST, POINT_PART * photo.long)


def _near(places: _Numbers, one: float, other: float, reach: float) -> slice:
    """The indices of sorted ``places`` within ``reach`` of the span between two numbers."""
    low, high = min(one, other) - reach, max(one, other) + reach
    return slice(int(np.searchsorted(places, low)), int(np.searchsorted(places, high, "right")))


def _squared_distance(
    x: _Numbers,
    y: _Numbers,
    start: _Numbers,
    end: _Numbers,
) -> _Numbers:
    """Squared distance of the places (x, y) from a segment."""
    dx, dy = end - start
    length = dx * dx + dy * dy
    along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0, 1) if length > 0 else 0.0
    return np.asarray((x - start[0] - along * dx) ** 2 + (y - start[1] - along * dy) ** 2)
