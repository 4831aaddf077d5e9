"""Carries the finished alpha of an earlier frame along with the picture, so that only doubtful tiles are refined.

The motion of the reduced frames since then, one after another, says where each pixel was; hair and contours move as the
subject beside them. It is believed where flow leads there and back again (Sundaram et al., 2010) and the picture shows
the same, but for the ground that shows through. A tile whose undecided pixels are believed takes its alpha from the
earlier frame, interpolated once; in the others the refiner's alpha is drawn where the motion is doubtful, and only
there the refiner is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.film.motion import Way
from gigamatte.film.settling import Settled, around
from gigamatte.filters import box_mean, extremes, highest, lowest, remapped, warped
from gigamatte.matte.cascade.band import BACKGROUND_BELOW, SUBJECT_ABOVE
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import (
    UNDECIDED,
    Box,
    Fit,
    FloatArray,
    Matte,
    PixelArray,
    Place,
    decided_by,
)

#: of so many frames one is refined whole, and the next ones carry its alpha
HELD = 8
#: the part of a tile's undecided pixels that may be doubtful, and of all of them that may be refined in a carried frame
DOUBT, REFINED = 0.15, 0.6
#: pixels around a doubtful one that are refined as well, and over how many more what is refined passes into the rest
NEAR, FADES = 2, 3
#: how much the network's answer may differ from the one that was carried
NEWS = 0.3
#: the shortest side of a frame whose motion is looked for
SMALLEST = 64


@dataclass(frozen=True)
class News:
    """How much an answer differs from the one for the frame before, moved: float32 (row, column) at ``fit``."""

    differs: FloatArray
    fit: Fit

    def within(self, box: Box) -> bool:
        """Whether it differs much anywhere in a box of the frame."""
        region, grid = self.fit.region, self.fit.network
        left, right = ((x - region.left) * grid.width // region.width for x in (box.left, box.right))
        top, bottom = ((y - region.top) * grid.height // region.height for y in (box.top, box.bottom))
        part = self.differs[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)]
        return part.size > 0 and float(part.max()) > NEWS

    @classmethod
    def of(cls, now: FloatArray, before: FloatArray, fit: Fit) -> News:
        """That of two answers at one ``fit``: differences of single pixels are none."""
        return cls(box_mean(np.abs(now - before), 1, beyond="mirrored"), fit)


@dataclass(frozen=True, eq=False)
class Carried:
    """An earlier alpha in its new place. ``doubtful``: the tiles that are to be refined; ``share`` float32 (row,
    column) in [0, 1]: how much of the carried alpha stays in each of them.
    """

    matte: Matte
    tiles: dict[Place, PixelArray]
    doubtful: dict[Place, FloatArray]

    @property
    def unsure(self) -> NDArray[np.bool_]:
        """The pixels of the frame of which not all of the carried alpha stays: (row, column)."""
        found = np.zeros(self.matte.size.shape, np.bool_)
        for place, share in self.doubtful.items():
            found[self.matte.grid.home(place).slices()] = share < 1
        return found

    def drawn(self, refined: Matte) -> Matte:
        """The same with what the refiner made of its doubtful tiles."""
        matte, tiles, decided = self.matte, dict(self.matte.tiles), self.matte.decided.copy()
        for place, share in self.doubtful.items():
            new = refined.read(matte.grid.home(place))
            mixed = matte.depth.pixels(new + share * (self.tiles[place] - new.astype(np.float32)) + np.float32(0.5))
            _keep(place, mixed, decided, tiles)
        return Matte(matte.size, matte.bits, matte.tile, decided, tiles)


def carried(key: Settled, way: Way, levels: PhotoLevels, news: News | None) -> Carried | None:
    """The alpha of ``key`` where it is now; None where too little of the motion is believed, or all is decided."""
    old, size = key.matte, levels.size(0)
    if old.size != size or min(size.width, size.height) < SMALLEST or old.depth.bits != levels.photo.bits:
        return None
    known = np.dstack([way.back, box_mean(way.believed, 1)])
    decided, tiles = old.decided.copy(), dict[Place, PixelArray]()
    most, least = extremes(old.decided)
    active = [place for place in old.grid.places() if most[place] != least[place] or decided[place] == UNDECIDED]
    found, doubtful = dict[Place, PixelArray](), dict[Place, FloatArray]()
    undecided_pixels = refined_pixels = 0
    for place in active:
        pixels, sure = _tile(old, known, place)
        changed = news is not None and news.within(old.grid.home(place))
        undecided = ((pixels > 0) & (pixels < old.depth.full)).view(np.uint8)
        band = highest(undecided, 3).view(np.bool_)
        undecided_pixels += int(np.count_nonzero(band))
        if changed or (band.any() and float(1 - sure[band].mean()) > DOUBT):
            doubtful[place] = np.zeros(sure.shape, np.float32) if changed else _share(sure)
            found[place] = pixels
            refined_pixels += int(np.count_nonzero(band & (doubtful[place] < 1)))
        _keep(place, pixels, decided, tiles)
    if news is not None:
        for place in old.grid.places():
            if place not in doubtful and place not in active and news.within(old.grid.home(place)):
                home = old.grid.home(place)
                doubtful[place], found[place] = np.zeros((home.height, home.width), np.float32), old.read(home)
    if not active or refined_pixels > REFINED * undecided_pixels:
        return None
    return Carried(Matte(size, old.bits, old.tile, decided, tiles), found, doubtful)


def _keep(place: Place, pixels: PixelArray, decided: NDArray[np.uint8], tiles: dict[Place, PixelArray]) -> None:
    decided[place] = decided_by(pixels)
    if decided[place] == UNDECIDED:
        tiles[place] = pixels
    else:
        tiles.pop(place, None)


def _tile(old: Matte, known: FloatArray, place: Place) -> tuple[PixelArray, NDArray[np.bool_]]:
    """The carried alpha of a tile, and where it is believed: (row, column). ``known``: (row, column, (x, y, trust))."""
    home = old.grid.home(place)
    rows, columns = known.shape[:2]
    across, down = columns / old.size.width, rows / old.size.height
    first = (home.left + 0.5) * across - 0.5, (home.top + 0.5) * down - 0.5
    motion = warped(known, np.array([[across, 0, first[0]], [0, down, first[1]]]), home.size)
    sure = motion[..., 2] > np.float32(0.5)
    x = np.arange(home.left, home.right, dtype=np.float32) + motion[..., 0] * np.float32(1 / across)
    y = np.arange(home.top, home.bottom, dtype=np.float32)[:, None] + motion[..., 1] * np.float32(1 / down)
    box = around(x, y, old)
    there, full = old.read(box), old.depth.full
    one = int(there.min())
    if one in (0, full) and int(there.max()) == one:  # all around is decided alike
        return np.full(home.size.shape, one, there.dtype), sure
    pixels: PixelArray = remapped(there, x - np.float32(box.left), y - np.float32(box.top), cubic=True)
    pixels[pixels <= BACKGROUND_BELOW * full] = 0
    pixels[pixels >= SUBJECT_ABOVE * full] = full
    return pixels, sure


def _share(sure: NDArray[np.bool_]) -> FloatArray:
    """How much of a carried alpha stays, pixel by pixel: nothing near what is doubtful."""
    near: FloatArray = lowest(sure.view(np.uint8), NEAR).astype(np.float32)
    return box_mean(near, FADES, beyond="mirrored")
