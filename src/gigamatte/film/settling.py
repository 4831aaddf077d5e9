"""Smooths the full-size alpha over time: where the picture is unchanged, most of the last frame's alpha stays.

The alpha of the frame before follows the motion of the reduced frames, hair and contours that of the subject. How much
of it counts is decided pixel by pixel, by whether the picture, moved the same way, shows the same: a hair that the
motion misses by a pixel keeps its own. Where it moves before a ground, that shows through: it may differ by more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gigamatte.film.motion import Motion
from gigamatte.filters import box_mean, remapped
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import UNDECIDED, Box, FloatArray, Matte, PixelArray, Place, decided_by

#: How much of the old alpha stays where the picture has not changed, and where it moved and is believed; and in frames
#: that are refined whole, of which there are few: what is new has to count.
STAYS, MOVES = 0.85, 0.5
ANEW = 0.35, 0.35
#: levels (of 255), the mean of 5×5, by which the picture may differ where it is still, and where it moved
SAME, ALIKE = 4.0, 12.0


@dataclass(frozen=True, eq=False)
class Settled:
    """A frame and its settled alpha: ``pixels`` (row, column, RGB), uint8 or uint16."""

    pixels: PixelArray
    matte: Matte


def settled(
    matte: Matte,
    levels: PhotoLevels,
    before: Settled | None,
    moved: Motion | None,
    places: Iterable[Place] | None = None,
    stays: tuple[float, float] = (STAYS, MOVES),
) -> Matte:
    """``matte`` averaged with the one ``before``, weighted by how alike the two pictures are at each pixel.

    ``places``: the tiles that are averaged; None: all. ``stays``: how much of the old alpha stays where the picture has
    not changed, and where it moved.
    """
    if before is None or moved is None or moved.cut or before.matte.size != matte.size:
        return matte
    decided, tiles = matte.decided.copy(), dict(matte.tiles)
    for place in matte.grid.places() if places is None else places:
        if decided[place] != UNDECIDED:
            continue
        pixels = _tile(matte, levels, before, moved, place, stays)
        decided[place] = decided_by(pixels)
        if decided[place] == UNDECIDED:
            tiles[place] = pixels
        else:
            del tiles[place]
    return Matte(matte.size, matte.bits, matte.tile, decided, tiles)


def _tile(
    matte: Matte, levels: PhotoLevels, before: Settled, moved: Motion, place: Place, stays: tuple[float, float]
) -> PixelArray:
    new, home = matte.tiles[place], matte.grid.home(place)
    if before.matte.decided[place] == UNDECIDED and np.array_equal(new, before.matte.tiles[place]):
        return new
    # the motion at every pixel of the tile, and where that was in the frame before
    rows, columns = moved.back.shape[:2]
    across, down = columns / matte.size.width, rows / matte.size.height
    x = np.arange(home.left, home.right, dtype=np.float32)
    y = np.arange(home.top, home.bottom, dtype=np.float32)
    small_x, small_y = np.meshgrid((x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5)
    through = np.zeros_like(moved.still) if moved.through is None else moved.through
    known = np.dstack([moved.back, moved.likely, moved.still, through])
    there = remapped(known, small_x, small_y)
    old_x, old_y = x[None, :] + there[..., 0] / across, y[:, None] + there[..., 1] / down
    box = around(old_x, old_y, matte)
    place_x, place_y = (old_x - box.left).astype(np.float32), (old_y - box.top).astype(np.float32)

    def followed(picture: PixelArray) -> FloatArray:
        return remapped(picture.astype(np.float32), place_x, place_y)

    change = np.abs(followed(before.pixels[box.slices()]) - levels.read(0, home)).mean(axis=2)
    change = box_mean(change, 2, beyond="mirrored") / np.float32(257 if levels.photo.bits == 16 else 1)
    same, alike = (np.clip(2 - change / most, 0, 1) for most in (np.float32(SAME), ALIKE + there[..., 4]))
    still, moves = (np.float32(one) for one in stays)
    weight = np.maximum(still * same * there[..., 3], moves * alike * there[..., 2])
    old = followed(before.matte.read(box))
    return matte.depth.pixels(new + weight * (old - new) + np.float32(0.5))


def around(x: FloatArray, y: FloatArray, matte: Matte) -> Box:
    """The box of the frame that holds these places and their neighbours."""
    left, top = int(np.floor(x.min())) - 1, int(np.floor(y.min())) - 1
    right, bottom = int(np.ceil(x.max())) + 2, int(np.ceil(y.max())) + 2
    wide, tall = matte.size.width, matte.size.height
    left, top = min(max(left, 0), wide - 1), min(max(top, 0), tall - 1)
    right, bottom = max(min(right, wide), left + 1), max(min(bottom, tall), top + 1)
    return Box(left, top, right - left, bottom - top)
