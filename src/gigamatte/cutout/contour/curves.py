"""The contour of an alpha as curves: as exact as its file has room for, smoothed where it has more detail than that."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath, Knots
from gigamatte.cutout.contour.calm import SPECK, Calm, Coarse, Strips
from gigamatte.cutout.contour.fit import Fitted, fitted
from gigamatte.cutout.contour.trace import MOST_CORNERS, Polygon, TooMany, areas_of, traced
from gigamatte.cutout.contour.widen import widened
from gigamatte.filters import distances
from gigamatte.photo.paths.fill import flattened
from gigamatte.photo.paths.records import area
from gigamatte.types import Size

#: what the path is called: others than ASCII break in several programs
NAME = "Path 1"
#: how far curves may lie from the contour, pixels of the picture that is traced: the first that gives few enough knots
TOLERANCES = (0.3, 0.5)
#: … before them for a small subject, of which a pixel is a larger part: what it holds for each pixel of its contour's
#: length, times this, pixels; and the least, also of a path that was moved outwards
OF_SMALL, SMALLEST, SMALLEST_MOVED = 1e-3, 0.01, 0.15
#: … where that gives no more knots than these, or than one for so many pixels of the contour: more follow its noise;
#: else so many times that is tried
FEW, APART, FINER = 300, 8, 1.5
#: more knots do not fit into one segment of a JPEG, and no hand would edit them
MOST_KNOTS = 2400
#: a contour with more corners is hair, in a picture whose width and height together are at most an eighth of it
HAIRY = 200_000
#: where averages leave less than this part of the subject, the longest pieces are taken, one for so many knots
LOST, PIECE_KNOTS = 0.5, 12


@dataclass(frozen=True)
class Contour:
    """The curves around what is at least half opaque, in the result's pixels, and how exact they are.

    ``middle`` and ``most``: 99 % of the contour's corners lie no farther from the curves than the first, none farther
    than the second, pixels. ``smoothed``: the standard deviation, in pixels, of the window that the alpha was averaged
    over among hair; 0: it was not. Of a path that was moved both are about the moved contour.
    """

    path: ClippingPath
    middle: float
    most: float
    smoothed: float = 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said about it."""
        if not self.path.subpaths:
            return ("nothing is half opaque: there is no path",)
        if not self.smoothed:
            return ()
        return (
            f"the path was smoothed over {self.smoothed:.0f} pixels among hair and other fine detail, which has more "
            f"knots than {MOST_KNOTS}; 99 % of the contour lies within {self.middle:.0f} pixels of it",
        )

    def as_dict(self) -> dict[str, Any]:
        """For the receipt."""
        return {
            "knots": self.path.knots,
            "subpaths": len(self.path.subpaths),
            "p99": round(self.middle, 2),
            "max": round(self.most, 2),
            "smoothed": round(self.smoothed, 1),
        }


def contour_of(strips: Strips, size: Size, *, most_knots: int = MOST_KNOTS, offset: float = 0.0) -> Contour:
    """The contour of an alpha whose ``strips`` (row, column), uint8 or uint16, make ``size``; they are read again.

    ``offset``: moved outwards by so many pixels. ``most_knots``: knots and subpaths together are no more than this.
    """
    polygons = _exact(strips, size, max(HAIRY, 8 * (size.width + size.height)))
    curves = None if polygons is None else _closest(polygons, SMALLEST, most_knots)
    calm: Calm | None = None
    while polygons is None or curves is None:
        calm = Calm.of(strips, size) if calm is None else calm.twice()
        with contextlib.suppress(TooMany):
            polygons = calm.polygons(strips)
            curves = _curves(polygons, TOLERANCES, most_knots)
    if calm is not None and float(areas_of(polygons).sum()) < LOST * calm.coarse.subject:
        # a mesh, or very many small things, of which averages leave little
        pieces = _exact(strips, size, MOST_CORNERS) or polygons
        polygons = sorted(pieces, key=len)[-most_knots // PIECE_KNOTS :]
        curves = _somehow(polygons, TOLERANCES, most_knots)
    if offset > 0:
        polygons = widened(polygons, size, offset)
        curves = _closest(polygons, SMALLEST_MOVED, most_knots) or _somehow(polygons, TOLERANCES, most_knots)
    return _measured(curves, calm, moved=offset > 0)


def _somehow(polygons: list[Polygon], tolerances: tuple[float, ...], most_knots: int) -> Fitted:
    """Curves with larger and larger tolerances, and at last through fewer corners and pieces, until they are few."""
    while True:
        for _ in range(6):
            curves = _curves(polygons, tolerances, most_knots)
            if curves is not None:
                return curves
            tolerances = tuple(2 * one for one in tolerances)
        polygons = [one[::2] for one in sorted(polygons, key=len)[len(polygons) // 2 :]]


def _exact(strips: Strips, size: Size, most: int) -> list[Polygon] | None:
    """The polygons of the alpha itself without specks, None where they have more corners than ``most``."""
    try:
        found = traced(strips(), size, min(MOST_CORNERS, most))
    except TooMany:
        return None
    return [one for one, area in zip(found, np.abs(areas_of(found)), strict=True) if area >= SPECK]


def _curves(polygons: list[Polygon], tolerances: tuple[float, ...], most_knots: int) -> Fitted | None:
    return fitted(polygons, tolerances, most_knots - len(polygons))


def _closest(polygons: list[Polygon], least: float, most_knots: int) -> Fitted | None:
    """Curves so close that what lies between them and the contour is a small part of the subject; else less close."""
    length = sum(float(np.hypot(*(np.roll(one, -1, axis=0) - one).T).sum()) for one in polygons)
    tolerance = max(least, OF_SMALL * float(areas_of(polygons).sum()) / max(length, 1.0))
    finer = []
    while tolerance < TOLERANCES[0]:
        finer.append(tolerance)
        tolerance *= FINER
    few = min(most_knots, max(FEW, round(length / APART)))
    found = _curves(polygons, tuple(finer), few) if finer else None
    return found or _curves(polygons, TOLERANCES, most_knots)


def _measured(curves: Fitted, calm: Calm | None, *, moved: bool) -> Contour:
    # outer curves before the holes in them, and always in the same order
    subpaths = sorted(curves.subpaths, key=lambda knots: (-abs(area(knots)), *knots[0, 1]))
    smoothed = 0.0 if calm is None else calm.window
    if calm is None or moved:
        distances, weights = curves.distances, np.ones(len(curves.distances))
    else:
        distances, weights = _distances(curves.subpaths, calm.coarse)
    if not len(distances):
        return Contour(ClippingPath(NAME), 0.0, 0.0)
    middle, most = _quantile(distances, weights, 0.99), float(distances.max())
    return Contour(ClippingPath(NAME, tuple(subpaths)), middle, most, smoothed)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, share * reached[-1])]])


def _distances(subpaths: tuple[Knots, ...], coarse: Coarse) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far the contour of an alpha lies from curves, to within a cell, and how much of it lies so far."""
    away = np.full(coarse.mean.shape, 255, np.uint8)
    for knots in subpaths:
        cv2.polylines(away, [np.rint(flattened(knots) / coarse.side - 0.5).astype(np.int32)], True, 0)
    if not subpaths:
        return np.empty(0), np.empty(0)
    found = distances(away > 0)
    places, length = coarse.contour()
    column, row = (places / coarse.side).astype(np.int64).T
    return found[row, column].astype(np.float64) * coarse.side, length
