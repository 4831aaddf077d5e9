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
from numpy.typing import NDArray

from gigamatte.filters import extremes, gaussian, highest, lowest, warped
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
#: an ink that is nearer to the ground than this has to fill areas: noise and compression do not
WEAK = 0.2
#: … of so many pixels at least
FEW = 9
#: JPEG spreads the colour of what is drawn over blocks of so many pixels, and keeps its brightness: within a block of
#: what is twice as far from the ground, a weak colour that is as bright as the ground, to so much, is no ink
BLOCK, AS_BRIGHT = 16, 0.06
#: how bright a colour is (luma of ITU-R BT.601, as JPEG has it)
BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)
#: how often the fit of an uneven ground is extended
STEPS = 16
#: inks at most, and as many again that lie between one of them and the ground
INKS = 8
#: a colour farther than this from all mixtures is no mixture; how far around a pixel its ink is looked for
UNLIKE, HALO = 0.1, 4
#: part of what is drawn that an ink between others takes at least
SHARE = 0.01
#: alpha that noise and compression leave on the ground, at least
FLOOR = 0.03


@dataclass(frozen=True, eq=False)
class Palette:
    """The ``ground``, float32 (row, column, RGB) in [0, 1], small; the ``inks`` (ink, RGB); alpha of its noise.

    The last ``between`` of the inks have colours that are also mixtures of the ground and another ink, as grey beside
    black on white: they count where an area shows them. ``noise`` is the ground's, σ of a channel.
    """

    ground: FloatArray
    inks: FloatArray
    floor: float
    between: int = 0
    noise: float = 0.0

    def alpha(self, pixels: FloatArray, box: Box, size: Size) -> FloatArray:
        """The alpha of ``pixels`` (row, column, RGB) in [0, 1], which show ``box`` of a level of this ``size``.

        A pixel depends on those within ``HALO`` of it.
        """
        ground = self.ground_in(box, size)
        away = pixels - ground
        best = np.full(pixels.shape[:2], np.inf, np.float32)
        alpha = np.zeros(pixels.shape[:2], np.float32)
        vertices = len(self.inks) - self.between
        for ink in self.inks[:vertices]:
            along, off = _mixture(away, ink - ground)
            nearer = off < best
            alpha, best = np.where(nearer, along, alpha), np.where(nearer, off, best)
        for ink in self.inks[vertices:]:
            area = lowest((np.abs(pixels - ink).max(2) < ANOTHER / 2).view(np.uint8))
            if area.any():
                along, off = _mixture(away, ink - ground)
                own = (highest(area, HALO - 1) > 0) & (np.sqrt(off) < np.sqrt(best) + self._slack) & (along > alpha)
                alpha, best = np.where(own, along, alpha), np.where(own, np.minimum(off, best), best)
        # what no mixture explains is drawn in a colour of its own: a place in a gradient, or between two inks
        area = _level(pixels, self.noise) & (np.abs(away).max(2) > WEAK)
        if area.any():
            unlike = np.clip((np.sqrt(best) - self._slack) / self._slack, 0, 1)
            unlike[highest(area.view(np.uint8), HALO - 1) == 0] = 0
            # inside an area, what is nearly an ink is that ink: places of a gradient, and noise
            apart = np.min([((pixels - ink) ** 2).sum(2) for ink in self.inks], axis=0)
            like = np.clip(2 - np.sqrt(apart) * (2 / ANOTHER), 0, 1)
            alpha += (1 - alpha) * np.maximum(unlike, like * area)
        # what is fainter than the ground's noise goes, what is well above it stays as it is
        cleaned: FloatArray = (alpha * np.clip((alpha - self.floor) / (2 * self.floor), 0, 1)).astype(np.float32)
        return cleaned

    @property
    def _slack(self) -> float:
        """How far noise and compression move a colour off the mixtures that it is one of."""
        return max(UNLIKE, 6 * self.noise)

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
    away = fine - Palette(ground, np.zeros((0, 3), np.float32), FLOOR).ground_in(Size.of(fine).box, Size.of(fine))
    distance = np.abs(away).max(2)
    plain = distance < DRAWN
    if plain.mean() < 0.05 or size.long < 4:
        return None
    noise = float(np.sqrt((away[plain] ** 2).mean(axis=0).max()))
    drawn = distance > max(DRAWN, 5 * noise)
    level = _level(fine, noise) & drawn
    inks = _inks(fine, away, drawn, level, noise)
    if not len(inks):
        return None
    between = _between(fine, away, inks, level, drawn)
    contrast = float(np.linalg.norm(inks - ground.reshape(-1, 3).mean(0), axis=1).min())
    spread = float(np.sqrt((away[plain] ** 2).sum(1).mean()))
    floor = min(0.25, max(FLOOR, 2 * spread / max(contrast, 1e-3)))
    return Palette(ground, np.concatenate([inks, between]), floor, len(between), noise)


def _mixture(away: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where colours ``away`` from the ground lie on the way to an ink, 0…1, and how far beside it, squared."""
    along = np.clip((away * line).sum(2) / np.maximum((line * line).sum(2), 1e-6), 0, 1)
    return along, ((away - along[..., None] * line) ** 2).sum(2)


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
        seen = box.grown(HALO).within(size)
        pixels = levels.read(0, seen)
        alpha = palette.alpha(Depth.of(pixels).unit(pixels), seen, size)[box.relative_to(seen).slices()]
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
    """The smooth field of the ground: the border's most frequent colour, then what lies near it, spread over gaps."""
    rows, columns = small.shape[:2]
    wide = max(1, max(rows, columns) // 50)
    rim = np.ones((rows, columns), np.bool_)
    rim[wide : rows - wide, wide : columns - wide] = False
    border = small[rim]
    # near the most frequent of 16 steps, whose border may divide it
    coarse = np.minimum((border * 16).astype(np.int32), 15) @ np.array([256, 16, 1])
    plain = np.median(border[coarse == np.bincount(coarse).argmax()], axis=0)
    plain = np.median(border[np.abs(border - plain).max(1) < DRAWN / 2], axis=0).astype(np.float32)
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


def _level(pixels: FloatArray, noise: float) -> NDArray[np.bool_]:
    """Where the nine pixels around are alike: the inside of an area of one ink."""
    high, low = extremes(pixels)
    return np.asarray((high - low).max(2) < max(0.8 * ANOTHER, 6 * noise))


def _inks(
    pixels: FloatArray, away: FloatArray, drawn: NDArray[np.bool_], level: NDArray[np.bool_], noise: float
) -> FloatArray:
    """The inks' colours, (ink, RGB): each of what the ground and the inks before explain least."""
    # the darkest or most different of each neighbourhood: what lies between is mixed
    distance = np.abs(away).max(2)
    peak = drawn & (distance >= highest(distance) - 1e-4) | level
    colours, offsets, inside = pixels[peak], away[peak], level[peak]
    least = max(1, len(colours) // 1000)
    inks: list[FloatArray] = []
    left = np.linalg.norm(offsets, axis=1)
    while len(inks) < INKS and left.max(initial=0) > max(ANOTHER, 6 * noise):
        # not the one pixel that is farthest, which may be noise: those that are like it
        far = left >= 0.9 * left.max()
        centre = np.median(offsets[far], axis=0)
        like = np.linalg.norm(offsets - centre, axis=1) < ANOTHER / 2
        chosen = like if like.any() else far
        left[far | chosen] = 0
        if np.abs(centre).max() < 8 * noise:
            continue
        weak = np.abs(centre).max() < WEAK
        filled = chosen & inside
        if weak and abs(float(centre @ BRIGHTNESS)) < AS_BRIGHT:
            filled &= highest((distance > 2 * np.abs(centre).max()).view(np.uint8), BLOCK)[peak] == 0
        if filled.sum() >= (max(least, FEW) if weak else least):
            chosen = filled
            offset = np.median(offsets[chosen], axis=0)
        elif chosen.sum() < least or np.abs(centre).max() < WEAK:
            continue
        else:  # thin lines show their ink where they cover a pixel most
            strength = offsets[chosen] @ (centre / np.linalg.norm(centre))
            chosen[chosen] = strength >= max(np.quantile(strength, 0.9), strength.max() - 6 * noise)
            offset = offsets[chosen].mean(0)
        inks.append((offset + (colours[chosen] - offsets[chosen]).mean(0)).astype(np.float32))
        along = np.clip(offsets @ offset / max(float(offset @ offset), 1e-6), 0, 1)
        left = np.minimum(left, np.linalg.norm(offsets - along[:, None] * offset, axis=1))
    return np.stack(inks) if inks else np.zeros((0, 3), np.float32)


def _between(
    pixels: FloatArray, away: FloatArray, inks: FloatArray, level: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> FloatArray:
    """Colours of whole areas, (ink, RGB), that are mixtures of the ground and an ink as well; most frequent first."""
    colours, offsets = pixels[level], away[level]
    least, found = max(30, int(SHARE * drawn.sum())), list[FloatArray]()
    rest = np.abs(colours[:, None] - inks).max(2).min(1) > ANOTHER
    while len(found) < INKS and rest.sum() >= least:
        cells = np.minimum((colours[rest] * 16).astype(np.int32), 15) @ np.array([256, 16, 1])
        centre = np.median(colours[rest][cells == np.bincount(cells).argmax()], axis=0)
        near = rest & (np.abs(colours - centre).max(1) < ANOTHER / 2)
        if near.sum() >= least and np.abs(np.median(offsets[near], axis=0)).max() > 2 * DRAWN:
            found.append(np.median(colours[near], axis=0).astype(np.float32))
        rest &= ~near
    return np.stack(found) if found else np.zeros((0, 3), np.float32)
