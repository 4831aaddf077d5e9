"""Flat art on a plain ground: alpha by colour un-mixing, without a network or a refiner.

A pixel of a logo, a signature or a line drawing mixes the ground with one of a few inks: c = (1 − α) g + α f.
The ground may be uneven, as in a scan (``ground``); the ``inks`` are found one after another; both come from a reduced
copy, so memory does not grow with the photo. Each tile is then solved by itself with this ``Palette``, and a pixel does
not depend on where its tile ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gigamatte.hints import Hints
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sparse import as_bits, quantised16
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.matte.inks import palette_in
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.mask.painted import Painted
from gigamatte.matte.palette import HALO, Palette
from gigamatte.matte.picked import picked
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


def palette_of(levels: Levels) -> Palette | None:
    """The ground and the inks of flat art; None where nothing is drawn on a plain ground."""
    return palette_in(_copy(levels, GROUND_SIDE), _copy(levels, INK_SIDE))


def natural_alpha(
    levels: Levels, palette: Palette, *, threads: int, correction: Correction, edge: int = EDGE, watch: Watch
) -> Matte:
    """The alpha of flat art at the photo's own size, without hints and strokes, 16 bits deep.

    Of ``correction`` only the box to look in counts. ``watch("matte", fraction)`` may stop it between tiles.
    """
    size = levels.size(0)
    searched = Correction(searched=correction.searched)

    def solve(box: Box) -> Pixels16:
        seen = box.grown(HALO).within(size)
        pixels = levels.read(0, seen)
        alpha = palette.alpha(Depth.of(pixels).unit(pixels), seen, size)[box.relative_to(seen).slices()]
        return searched.enforced(quantised16(alpha), box, size)

    return _tiled(size, edge, solve, threads, watch)


def with_hints(
    natural: Matte,
    levels: Levels,
    palette: Palette,
    *,
    bits: int,
    threads: int,
    correction: Correction,
    hints: Hints | None,
    watch: Watch,
) -> Matte:
    """The ``natural`` alpha with strokes and hints, 8 or 16 bits deep.

    Each point of ``hints`` is about a whole piece, plate or hole; their strokes are painted.
    """
    size = natural.size
    if hints is None and not correction.draws:
        return as_bits(natural, bits)
    pointed = None if hints is None else picked(levels, palette, natural, hints)
    if pointed is not None:
        correction = dataclasses.replace(correction, painted=Painted.of(pointed.rest, size))

    def corrected(box: Box) -> Pixels16:
        alpha = correction.enforced(natural.read(box).astype(np.uint16, copy=False), box, size)
        return alpha if pointed is None else pointed.applied(alpha, box)

    return as_bits(_tiled(size, natural.tile, corrected, threads, lambda stage, _: watch(stage, 1.0)), bits)


def _tiled(size: Size, edge: int, solve: Callable[[Box], Pixels16], threads: int, watch: Watch) -> Matte:
    """A matte of 16 bits, whose tiles ``solve`` gives, several at a time."""
    grid = Grid(size, edge)
    states = np.zeros(grid.shape, np.uint8)
    found: dict[Place, PixelArray] = {}
    places = list(grid.places())
    with ThreadPoolExecutor(threads) as pool:
        solved = pool.map(solve, map(grid.home, places))
        for number, (place, alpha) in enumerate(zip(places, solved, strict=True), 1):
            states[place] = decided_by(alpha)
            if states[place] == UNDECIDED:
                found[place] = alpha
            watch("matte", number / len(places))
    return Matte(size, 16, edge, states, found)


def _copy(levels: Levels, side: int) -> FloatArray:
    """The whole photo with a longer side of at most ``side``, float32 (row, column, RGB) in [0, 1]."""
    level = next((k for k in range(levels.levels) if levels.size(k).long <= side), levels.levels - 1)
    pixels = levels.read(level, levels.size(level).box)
    return Depth.of(pixels).unit(pixels)
