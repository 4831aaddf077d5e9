"""The contour of an alpha as curves: as exact as its file has room for, smoothed where it has more detail than that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath, Knots
from gigamatte.cutout.contour.fit import Fitted, fitted
from gigamatte.cutout.contour.trace import Polygon, TooMany, traced
from gigamatte.cutout.contour.widen import finer_pixels, widened
from gigamatte.photo.paths.fill import flattened
from gigamatte.photo.paths.records import area
from gigamatte.types import PixelArray, Size

#: what the path is called: others than ASCII break in several programs
NAME = "Path 1"
#: how far curves may lie from the contour, pixels of the picture that is traced: the first that gives few enough knots
TOLERANCES = (0.3, 0.5)
#: … before them in a small picture, of which a pixel is a larger part: the first, times the root of its pixels
OF_SMALL, SMALLEST = 1e-4, 0.15
#: … and around what was drawn, in finer pixels
OF_DRAWN = 1.4
#: more knots do not fit into one segment of a JPEG, and no hand would edit them
MOST_KNOTS = 2400
#: what has to be smoothed is smoothed until it has no more than this: a path through half of the hairs helps nobody
MOST_OF_SMOOTHED = 1000
#: pieces and holes of less than so many pixels of the picture that is traced are left out
SPECK = 4.0
#: distances from a smoothed contour are measured on so many pixels
MEASURED = 4_000_000

Strips = Callable[[], Iterable[PixelArray]]


@dataclass(frozen=True)
class Contour:
    """The curves around what is at least half opaque, in the result's pixels, and how exact they are.

    ``middle`` and ``most``: 99 % of the contour's corners lie no farther from the curves than the first, none farther
    than the second, pixels. ``smoothed``: sides of the squares that the alpha was averaged over, pixels; 1: it was not.
    """

    path: ClippingPath
    middle: float
    most: float
    smoothed: int = 1

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said about it."""
        if not self.path.subpaths:
            return ("nothing is half opaque: there is no path",)
        if self.smoothed == 1:
            return ()
        return (
            f"the path was smoothed over {self.smoothed} pixels: hair and other fine detail has more knots than "
            f"{MOST_KNOTS}; 99 % of the contour lies within {self.middle:.0f} pixels of it",
        )

    def as_dict(self) -> dict[str, Any]:
        """For the receipt."""
        return {
            "knots": self.path.knots,
            "subpaths": len(self.path.subpaths),
            "p99": round(self.middle, 2),
            "max": round(self.most, 2),
            "smoothed": self.smoothed,
        }


def contour_of(strips: Strips, size: Size, *, most_knots: int = MOST_KNOTS, offset: float = 0.0) -> Contour:
    """The contour of an alpha whose ``strips`` (row, column), uint8 or uint16, make ``size``; they are read again.

    ``offset``: moved outwards by so many pixels. ``most_knots``: knots and subpaths together are no more than this.
    """
    if offset == 0:
        return _fitting(strips, size, most_knots, _tolerances(size))
    exact = _fitting(strips, size, MOST_KNOTS * 8, _tolerances(size))

    def wider() -> Iterable[PixelArray]:
        return widened(strips(), size, exact.path, offset)[0]

    _, whole, margin = widened((), size, exact.path, offset)
    found = _fitting(wider, whole, most_knots, (OF_DRAWN / finer_pixels(offset),))
    moved = tuple(knots - margin for knots in found.path.subpaths)
    return Contour(ClippingPath(NAME, moved), found.middle, found.most, found.smoothed)


def _fitting(strips: Strips, size: Size, most_knots: int, tolerances: tuple[float, ...]) -> Contour:
    truth: list[Polygon] = []
    side = 1
    while True:
        polygons = _traced(strips, size, side)
        if polygons is not None:
            truth = truth or polygons
            most = min(most_knots, MOST_OF_SMOOTHED) if side > 1 else most_knots
            for tolerance in tolerances:
                curves = fitted(polygons, tolerance * side, most - len(polygons))
                if curves is not None:
                    return _measured(curves, size, side, truth)
        side *= 2


def _tolerances(size: Size) -> tuple[float, ...]:
    small = max(SMALLEST, OF_SMALL * size.pixels**0.5)
    return TOLERANCES if small >= TOLERANCES[0] else (small, *TOLERANCES)


def _measured(curves: Fitted, size: Size, side: int, truth: list[Polygon]) -> Contour:
    # outer curves before the holes in them, and always in the same order
    subpaths = sorted(curves.subpaths, key=lambda knots: (-abs(area(knots)), *knots[0, 1]))
    distances = curves.distances if side == 1 else _distances(curves.subpaths, size, truth)
    if not len(distances):
        return Contour(ClippingPath(NAME), 0.0, 0.0)
    middle, most = float(np.quantile(distances, 0.99)), float(distances.max())
    return Contour(ClippingPath(NAME, tuple(subpaths)), middle, most, side)


def _distances(subpaths: tuple[Knots, ...], size: Size, polygons: list[Polygon]) -> NDArray[np.float64]:
    """How far the corners of polygons lie from curves, to within a few pixels of a picture of this size."""
    scale = min(1.0, (MEASURED / size.pixels) ** 0.5)
    width, height = (max(1, round(side * scale)) for side in (size.width, size.height))
    away = np.full((height, width), 255, np.uint8)
    for knots in subpaths:
        places = np.rint(flattened(knots) * scale - 0.5).astype(np.int32)
        cv2.polylines(away, [places], True, 0)
    found = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    if not polygons or not subpaths:
        return np.empty(0)
    column, row = (np.concatenate(polygons) * scale).astype(np.int64).T
    near = found[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    return np.asarray(near / scale, np.float64)


def _traced(strips: Strips, size: Size, side: int) -> list[Polygon] | None:
    """The polygons of the alpha averaged over squares of ``side`` pixels, without specks, inside the picture.

    None where they have too many corners.
    """
    coarse = Size(-(-size.width // side), -(-size.height // side))
    try:
        found = traced(strips() if side == 1 else _averaged(strips(), side), coarse)
    except TooMany:
        return None
    if side > 1:
        found = [np.clip(polygon * side, 0, (size.width, size.height)) for polygon in found]
    return [polygon for polygon in found if abs(_area(polygon)) >= SPECK * side * side]


def _area(polygon: Polygon) -> float:
    x, y = polygon.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _averaged(strips: Iterable[PixelArray], side: int) -> Iterator[PixelArray]:
    """Means over squares; at the right and lower rim over what there is of them."""
    waiting: PixelArray | None = None
    for strip in strips:
        plain = strip.reshape(len(strip), -1)
        waiting = plain if waiting is None else np.concatenate([waiting, plain])
        whole = len(waiting) // side * side
        if whole:
            yield _shrunk(waiting[:whole], side)
            waiting = waiting[whole:]
    if waiting is not None and len(waiting):
        yield _shrunk(waiting, side)


def _shrunk(rows: PixelArray, side: int) -> PixelArray:
    down, across = -len(rows) % side, -rows.shape[1] % side
    padded = cv2.copyMakeBorder(rows, 0, down, 0, across, cv2.BORDER_REPLICATE) if down or across else rows
    size = (padded.shape[1] // side, len(padded) // side)
    shrunk: PixelArray = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    return shrunk.reshape(size[1], size[0])
