"""What of a piece of flat art is drawn in other colours than a place in it: letters on a plate, or the plate."""

from __future__ import annotations

import numpy as np

from gigamatte.filters import box_mean, highest
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.flood import Chosen, Region
from gigamatte.matte.palette import ANOTHER, HALO, Palette, level, mixture
from gigamatte.types import Box, Depth, FloatArray, Matte

#: alpha below this is ground
GROUND = 0.25
#: a stroke lies within an area where no ground is so near, in pixels
WITHIN = 3


def pixels_in(levels: Levels, box: Box) -> FloatArray:
    """The photo in ``box`` at full size: float32 (row, column, RGB) in [0, 1]."""
    pixels = levels.read(0, box)
    return Depth.of(pixels).unit(pixels)


def others(
    levels: Levels, palette: Palette, natural: Matte, box: Box, colour: FloatArray, least: float, own: Region | None
) -> tuple[Chosen, Chosen]:
    """What is drawn in ``box`` in another colour than the piece's ``colour`` and its areas, the region ``own``.

    (row, column) each: areas, and all of it. Thin strokes are told from the piece's rim, which mixes with the ground,
    by lying within it: where its areas are near, and the ground is not.
    """
    seen = box.grown(HALO + 1).within(natural.size)
    inner = box.relative_to(seen).slices()
    pixels, alpha = pixels_in(levels, seen), Depth(16).unit(natural.read(seen))
    ink = alpha >= least
    areas = ink & level(pixels, palette.noise) & (np.abs(pixels - colour).max(2) > ANOTHER)
    mine = np.zeros_like(ink) if own is None else own.read(seen)
    areas &= ~mine
    near, there = _colours_near(pixels, areas)
    beside, here = _colours_near(pixels, mine)
    np.copyto(here, colour, where=~beside[..., None])
    # what is more like the areas beside it
    drawn = areas | near & ink & ~mine & (((pixels - there) ** 2).sum(2) < ((pixels - here) ** 2).sum(2))
    strokes = beside & ~near & ink & ~mine & (np.abs(pixels - here).max(2) > ANOTHER)
    strokes &= highest((alpha < GROUND).view(np.uint8), WITHIN) == 0
    if strokes.any():
        drawn |= (highest(strokes.view(np.uint8)) > 0) & ink & ~mine
    return areas[inner], drawn[inner]


def _colours_near(pixels: FloatArray, chosen: Chosen) -> tuple[Chosen, FloatArray]:
    """Where chosen pixels are near, and their mean colour (row, column, RGB) there."""
    weight = chosen.astype(np.float32)
    near = box_mean(weight, HALO)
    mean = box_mean(pixels * weight[..., None], HALO) / np.maximum(near, 1e-3)[..., None]
    return near > 1e-3, np.asarray(mean, np.float32)


def along_to(levels: Levels, palette: Palette, box: Box, colour: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far pixels of ``box`` lie on the way from the ground to ``colour``, 0…1, and how far beside it, squared."""
    ground = palette.ground_in(box, levels.size(0))
    return mixture(pixels_in(levels, box) - ground, colour - ground)
