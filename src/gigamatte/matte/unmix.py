"""Flat art on a plain ground: alpha by colour un-mixing, without a network or a refiner.

A pixel of a logo, a signature or a line drawing mixes the ground with one of a few inks: c = (1 − α) g + α f.
The ground may be uneven, as in a scan: it is a smooth field, fitted where nothing is drawn. Inks are found one after
another, the colour that the ones before explain least, as vertices are found in spectral un-mixing (successive
projection: Araújo et al., 2001). Ground and inks come from a reduced copy, so memory does not grow with the photo; each
tile is then solved by itself, and a pixel does not depend on where its tile ends.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gigamatte.filters import gaussian, highest, warped
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sparse import as_bits, quantised16
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.matte.mask.correct import Correction
from gigamatte.types import (
    UNDECIDED,
    Box,
    Depth,
    FloatArray,
    Grid,
    Matte,
    PixelArray,
    Pixels16,
    Place,
    Size,
    Watch,
    decided_by,
)

#: longest side of the copy that the ground is fitted on, and of the one that inks are found on, pixels
GROUND_SIDE, INK_SIDE = 512, 2048
#: a colour this far from the ground, in any channel of 0…1, is drawn; an ink is at least so far from what is explained
DRAWN, ANOTHER = 0.1, 0.12
#: how often the fit of an uneven ground is extended
STEPS = 16
#: inks at most
INKS = 8
#: alpha that noise and compression leave on the ground, at least
FLOOR = 0.03


@dataclass(frozen=True, eq=False)
class Palette:
    """The ``ground``, float32 (row, column, RGB) in [0, 1], small; the ``inks`` (ink, RGB); alpha of its noise."""

    ground: FloatArray
    inks: FloatArray
    floor: float

    def alpha(self, pixels: FloatArray, box: Box, size: Size) -> FloatArray:
        """The alpha of ``pixels`` (row, column, RGB) in [0, 1], which show ``box`` of a level of this ``size``."""
        ground = self.ground_in(box, size)
        away = pixels - ground
        best = np.full(pixels.shape[:2], np.inf, np.float32)
        alpha = np.zeros(pixels.shape[:2], np.float32)
        for ink in self.inks:
            line = ink - ground
            along = np.clip((away * line).sum(2) / np.maximum((line * line).sum(2), 1e-6), 0, 1)
            off = ((away - along[..., None] * line) ** 2).sum(2)
            nearer = off < best
            alpha, best = np.where(nearer, along, alpha), np.where(nearer, off, best)
        # what is fainter than the ground's noise goes, what is well above it stays as it is
        cleaned: FloatArray = (alpha * np.clip((alpha - self.floor) / (2 * self.floor), 0, 1)).astype(np.float32)
        return cleaned

    def ground_in(self, box: Box, size: Size) -> FloatArray:
        """The ground behind ``box`` of a level of this ``size``: (row, column, RGB)."""
        height, width = self.ground.shape[:2]
        across, down = width / size.width, height / size.height
        places = np.array([[across, 0, (box.left + 0.5) * across - 0.5], [0, down, (box.top + 0.5) * down - 0.5]])
        return warped(self.ground, places, box.size)


def palette_of(levels: Levels) -> Palette | None:
    """The ground and the inks of flat art; None where nothing is drawn on a plain ground."""
    return palette_in(_copy(levels, GROUND_SIDE), _copy(levels, INK_SIDE))


def palette_in(small: FloatArray, fine: FloatArray) -> Palette | None:
    """The same from two copies, float32 (row, column, RGB) in [0, 1]: a small one and one that shows the ink."""
    ground = _ground(small)
    size = Size.of(small)
    palette = Palette(ground, np.zeros((0, 3), np.float32), FLOOR)
    away = fine - palette.ground_in(Size.of(fine).box, Size.of(fine))
    distance = np.abs(away).max(2)
    plain = distance < DRAWN
    inks = _inks(fine, away, distance)
    if not len(inks) or plain.mean() < 0.05 or size.long < 4:
        return None
    contrast = float(np.linalg.norm(inks - ground.reshape(-1, 3).mean(0), axis=1).min())
    noise = float(np.sqrt((away[plain] ** 2).sum(1).mean())) if plain.any() else 0.0
    return Palette(ground, inks, min(0.25, max(FLOOR, 2 * noise / max(contrast, 1e-3))))


def unmixed(
    levels: Levels,
    palette: Palette,
    *,
    bits: int,
    threads: int,
    correction: Correction,
    edge: int = EDGE,
    watch: Watch,
) -> Matte:
    """The alpha of flat art at the photo's own size. ``watch("matte", fraction)`` may stop it between tiles."""
    size = levels.size(0)
    grid = Grid(size, edge)
    states = np.zeros(grid.shape, np.uint8)
    found: dict[Place, PixelArray] = {}

    def solve(place: Place) -> Pixels16:
        box = grid.home(place)
        pixels = levels.read(0, box)
        alpha = palette.alpha(Depth.of(pixels).unit(pixels), box, size)
        return correction.enforced(quantised16(alpha), box, size)

    places = list(grid.places())
    with ThreadPoolExecutor(threads) as pool:
        for number, (place, alpha) in enumerate(zip(places, pool.map(solve, places), strict=True), 1):
            states[place] = decided_by(alpha)
            if states[place] == UNDECIDED:
                found[place] = alpha
            watch("matte", number / len(places))
    return as_bits(Matte(size, 16, edge, states, found), bits)


def _copy(levels: Levels, side: int) -> FloatArray:
    """The whole photo with a longer side of at most ``side``, float32 (row, column, RGB) in [0, 1]."""
    level = next((k for k in range(levels.levels) if levels.size(k).long <= side), levels.levels - 1)
    pixels = levels.read(level, levels.size(level).box)
    return Depth.of(pixels).unit(pixels)


def _ground(small: FloatArray) -> FloatArray:
    """The smooth field of the ground: the most frequent colour first, then what lies near it, spread over the gaps."""
    coarse = np.minimum((small * 16).astype(np.int32), 15) @ np.array([256, 16, 1])
    plain = np.median(small[coarse == np.bincount(coarse.ravel()).argmax()], axis=0).astype(np.float32)
    ground = np.broadcast_to(plain, small.shape).astype(np.float32)
    # an uneven ground is fitted where it is known already, then extended by a step each time
    for part, near in (*[(24, DRAWN)] * STEPS, (64, DRAWN / 2)):
        sigma = max(small.shape[:2]) / part
        weight = (np.abs(small - ground).max(2) < near).astype(np.float32)
        spread = gaussian(weight, sigma, beyond="mirrored")
        colour = gaussian(small * weight[..., None], sigma, beyond="mirrored")
        known = np.clip(spread * 20, 0, 1)[..., None]
        mixed = ground * (1 - known) + known * colour / np.maximum(spread, 1e-4)[..., None]
        ground = np.asarray(mixed, np.float32)
    return np.ascontiguousarray(ground, np.float32)


def _inks(pixels: FloatArray, away: FloatArray, distance: FloatArray) -> FloatArray:
    """The inks' colours, (ink, RGB): each the mean of what the ground and the inks before explain least."""
    drawn = distance > DRAWN
    if not drawn.any():
        return np.zeros((0, 3), np.float32)
    # the darkest or most different of each neighbourhood: what lies between is mixed
    peak = drawn & (distance >= highest(distance) - 1e-4)
    colours, offsets = pixels[peak], away[peak]
    inks: list[FloatArray] = []
    left = np.linalg.norm(offsets, axis=1)
    while len(inks) < INKS and left.max(initial=0) > ANOTHER:
        # not the one pixel that is farthest, which may be noise: the mean of those that are like it
        far = left >= 0.9 * left.max()
        centre = np.median(offsets[far], axis=0)
        like = np.linalg.norm(offsets - centre, axis=1) < ANOTHER / 2
        chosen = like if like.any() else far
        ink, offset = colours[chosen].mean(0), offsets[chosen].mean(0)
        inks.append(ink.astype(np.float32))
        along = np.clip(offsets @ offset / max(float(offset @ offset), 1e-6), 0, 1)
        left = np.minimum(left, np.linalg.norm(offsets - along[:, None] * offset, axis=1))
        left[chosen] = 0
    return np.stack(inks)
