"""Points in flat art: each is about the whole piece of ink, the plate or the hole that it lies in.

A point to drop takes away the piece: what is connected by its alpha, without areas of other colours, as the letters on
a plate are. A point to keep brings a piece back that something else took away, takes what was too pale for an ink as
one, or fills a hole with the photo's own colours. A keep and a drop in the same place leave it as it was un-mixed, in
whatever order they came: each could only be meant to undo the other. Regions are found at full size, tile by tile,
on the alpha without any hint, so they depend neither on tiles nor on what else was said.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from gigamatte.filters import box_mean, distances
from gigamatte.hints import Hints, Point
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sparse import quantised16
from gigamatte.matte.flood import Cell, Chosen, Region, flooded
from gigamatte.matte.mask.painted import usual_radius
from gigamatte.matte.other_inks import along_to, others, pixels_in
from gigamatte.matte.palette import ANOTHER, HALO, Palette, level
from gigamatte.types import Box, Depth, FloatArray, Matte, Pixels16

#: a piece of ink goes on where its alpha is at least this part of that at the point; a hole where alpha is below it
PART = 0.25
#: as opaque as this, a point to keep is about ink that is there; as faint as this, there is none to drop
OPAQUE, FAINT = 0.9, 0.1
#: a pale piece differs by so much from the ground, and by so many times its noise; its pixels lie on the mixtures of
#: its colour and the ground to this part of their difference; it takes this part of a hole at most
PALE, ABOVE_NOISE, BESIDE, OF_HOLE = 0.02, 4, 0.5, 0.5
#: what is fainter than a piece belongs to it where it is this near, and nearer than to another: JPEG spreads its traces
#: over blocks
TRACES = 16
#: less than this of another colour is noise
NOISE = 0.05
#: how far around a box is read
MARGIN = 2 * TRACES + 2

_Kind = Literal["gone", "back", "pale", "filled"]


@dataclass(frozen=True, eq=False)
class _Pick:
    """A region and what becomes of it. ``least``: alpha from which on something is a piece there; ``colour`` (RGB,) of
    the piece, where areas of other colours may be beside it, or of a pale one; ``own``: its areas."""

    kind: _Kind
    region: Region
    least: float = PART
    colour: FloatArray | None = None
    own: Region | None = None


@dataclass(frozen=True, eq=False)
class Picked:
    """What the points of hints change in the ``natural`` alpha, which was un-mixed without them."""

    levels: Levels
    palette: Palette
    natural: Matte
    picks: tuple[_Pick, ...]
    #: the hints without the points that are about a region
    rest: Hints

    def applied(self, alpha: Pixels16, box: Box) -> Pixels16:
        """The ``alpha`` of ``box``, uint16 (row, column), with the regions taken away, brought back or filled."""
        picks = [pick for pick in self.picks if pick.region.near(box.grown(TRACES).within(self.natural.size))]
        if not picks:
            return alpha
        seen = box.grown(MARGIN).within(self.natural.size)
        inner, out = box.relative_to(seen).slices(), alpha.copy()
        natural = self.natural.read(seen)
        for pick in picks:
            region = pick.region.read(seen)
            if region.any():
                self._change(out, pick, region, natural.astype(np.uint16, copy=False), seen, inner)
        return out

    def _change(
        self, out: Pixels16, pick: _Pick, region: Chosen, natural: Pixels16, seen: Box, inner: tuple[slice, slice]
    ) -> None:
        unit = Depth(16).unit(natural)
        to = _distance_to(region)
        if pick.kind == "pale" and pick.colour is not None:
            along, _ = along_to(self.levels, self.palette, seen, pick.colour)
            drawn = quantised16(np.where(to <= HALO, along, np.float32(0)))
            np.maximum(out, drawn[inner], out=out)
            return
        other, reach = (unit < PART, HALO) if pick.kind == "filled" else (unit >= pick.least, TRACES)
        mine = region | (to <= reach) & (to < _distance_to(other & ~region)) & (natural > 0)
        if pick.kind == "filled":
            out[mine[inner]] = 65535
        elif pick.kind == "back":
            np.copyto(out, natural[inner], where=mine[inner])
        else:
            out[mine[inner]] = 0
            if pick.colour is not None:
                areas, beside = others(self.levels, self.palette, self.natural, seen, pick.colour, pick.least, pick.own)
                rim = (to <= HALO) & (_distance_to(beside) <= HALO) & ~areas & (natural > 0)
                if rim.any():
                    left = quantised16(unit * self._share(seen, beside, pick.colour))
                    np.copyto(out, left[inner], where=rim[inner])

    def _share(self, seen: Box, drawn: Chosen, colour: FloatArray) -> FloatArray:
        """How much of each pixel is the colour that is ``drawn`` beside it, not ``colour``: (row, column) in 0…1."""
        pixels = pixels_in(self.levels, seen)
        away = pixels - colour
        # what is purest counts most: strokes may have no pixel that is all ink
        weight = np.where(drawn, (away * away).sum(2) ** 2, np.float32(0))
        line = box_mean(away * weight[..., None], HALO) / np.maximum(box_mean(weight, HALO), 1e-6)[..., None]
        share = np.clip((away * line).sum(2) / np.maximum((line * line).sum(2), 1e-4), 0, 1)
        cleaned: FloatArray = share * np.clip((share - NOISE) / (2 * NOISE), 0, 1)
        return cleaned


def picked(levels: Levels, palette: Palette, natural: Matte, hints: Hints) -> Picked:
    """The regions that the points of ``hints`` are about. ``natural``: the alpha without them, 16 bits deep."""
    finder = _Finder(levels, palette, natural)
    dropped = [(point, _cell(point), finder.ink(_cell(point))) for point in hints.drop]
    kept = [(point, _cell(point), finder.kept(_cell(point))) for point in hints.keep]
    picks: list[_Pick] = []
    for _, _, pick in dropped:
        if pick is not None and not _undone(pick.region, (cell for _, cell, _ in kept)):
            picks.append(pick)
    for _, _, pick in kept:
        if pick is not None and (pick.kind == "back" or not _undone(pick.region, (cell for _, cell, _ in dropped))):
            picks.append(pick)

    def discs(points: list[tuple[Point, Cell, _Pick | None]]) -> tuple[Point, ...]:
        return tuple(point for point, _, pick in points if pick is None or point.radius is not None)

    rest = dataclasses.replace(hints, keep=discs(kept), drop=discs(dropped))
    return Picked(levels, palette, natural, tuple(picks), rest)


class _Finder:
    """Finds the region of a point."""

    def __init__(self, levels: Levels, palette: Palette, natural: Matte) -> None:
        self._levels, self._palette, self._natural = levels, palette, natural
        self._size = natural.size

    def ink(self, cell: Cell) -> _Pick | None:
        """The piece of ink at a pixel, or the nearest within the radius of a point; None: there is none."""
        start = self._drawn_at(cell)
        peak = float(self._alpha(_box(start))[0, 0])
        if peak < FAINT:
            return None
        least = max(PART * peak, FAINT / 2)
        if len(self._palette.inks) + len(self._palette.plates) > 1:
            for colour, own, place in self._colours(start, least):
                region = flooded(partial(self._piece, colour, own, least), self._size, place)
                if region is not None:
                    return _Pick("gone", region, least, colour, own)
        region = flooded(lambda box: self._alpha(box) >= least, self._size, start)
        return None if region is None else _Pick("gone", region, least)

    def _piece(self, colour: FloatArray, own: Region | None, least: float, box: Box) -> Chosen:
        """The ink in ``box`` that is not of another colour."""
        _, beside = others(self._levels, self._palette, self._natural, box, colour, least, own)
        ink: Chosen = (self._alpha(box) >= least) & ~beside
        return ink

    def kept(self, cell: Cell) -> _Pick | None:
        """What a point to keep brings back or fills; None: only its disc."""
        start = self._drawn_at(cell, 1)
        if self._alpha(_box(start))[0, 0] >= OPAQUE:
            ink = self.ink(start)
            return None if ink is None else dataclasses.replace(ink, kind="back")
        hole = flooded(lambda box: self._alpha(box) < PART, self._size, cell, corners=False, to_border=False)
        pale = self._pale(cell, self._size.pixels // 2 if hole is None else round(OF_HOLE * hole.pixels))
        return pale if pale is not None else None if hole is None else _Pick("filled", hole)

    def _pale(self, cell: Cell, most: int) -> _Pick | None:
        """The piece of a colour that is little different from the ground, of at most so many pixels."""
        colour = pixels_in(self._levels, _box(cell, 1).within(self._size)).mean(axis=(0, 1))
        away = colour - self._palette.ground_in(_box(cell), self._size)[0, 0]
        if np.abs(away).max() <= max(PALE, ABOVE_NOISE * self._palette.noise):
            return None
        far = (BESIDE * float(np.linalg.norm(away))) ** 2

        def like(box: Box) -> Chosen:
            along, off = along_to(self._levels, self._palette, box, colour)
            chosen: Chosen = (along > 0.5) & (off < far)
            return chosen

        region = flooded(like, self._size, cell, most=most)
        return None if region is None else _Pick("pale", region, colour=colour)

    def _colours(self, start: Cell, least: float) -> Iterator[tuple[FloatArray, Region | None, Cell]]:
        """What a pixel of several inks may be a part of, likeliest first: a colour, its areas, and a pixel of it."""
        box, here = _box(start, 2).within(self._size), _box(start)
        pixels, pixel = pixels_in(self._levels, box), pixels_in(self._levels, here)[0, 0]
        areas = self._level(box) & (self._alpha(box) >= 0.5)
        # of an area that it is the rim of, the pixel is a mixture with the ground
        bottom = self._palette.ground_in(here, self._size)[0, 0]
        line = pixels - bottom
        part = np.clip(((pixel - bottom) * line).sum(2) / np.maximum((line * line).sum(2), 1e-6), 0, 1)
        of_it = np.abs(bottom + part[..., None] * line - pixel).max(2) < ANOTHER
        for found in (areas & (np.abs(pixels - pixel).max(2) < ANOTHER), areas & of_it, None, areas):
            if found is None:  # a thin stroke: its ink, where no pixel is all ink
                drawn = self._palette.stroke_colours(pixel[None, None], self._alpha(here), here, self._size)
                yield np.asarray(drawn[0, 0], np.float32), None, start
            elif found.any():
                inner = _nearest(found, box, start)
                colour = pixels_in(self._levels, _box(inner, 1).within(self._size)).mean(axis=(0, 1))
                own = flooded(lambda part: self._level(part) & (self._alpha(part) >= least), self._size, inner)
                yield np.asarray(colour, np.float32), own, inner

    def _drawn_at(self, cell: Cell, radius: int | None = None) -> Cell:
        """The pixel itself where something is drawn, else the one with the most alpha next to it, or within ``radius``
        (None: that of a point)."""
        reach = math.ceil(usual_radius(self._size)) if radius is None else radius
        for away in (0, 1, reach):
            box = _box(cell, away).within(self._size)
            alpha = self._alpha(box)
            if alpha.max() >= (0.5 if away == 0 else FAINT):
                break
        return _nearest(alpha >= alpha.max() - 1e-3, box, cell)

    def _alpha(self, box: Box) -> FloatArray:
        return Depth(16).unit(self._natural.read(box))

    def _level(self, box: Box) -> Chosen:
        seen = box.grown(1).within(self._size)
        inside: Chosen = level(pixels_in(self._levels, seen), self._palette.noise)[box.relative_to(seen).slices()]
        return inside


def _nearest(chosen: Chosen, box: Box, cell: Cell) -> Cell:
    """The chosen pixel of ``box`` that is nearest to ``cell``."""
    places = np.argwhere(chosen).tolist()
    row, column = min(places, key=lambda at: math.dist((at[0] + box.top, at[1] + box.left), cell))
    return row + box.top, column + box.left


def _undone(region: Region, cells: Iterable[Cell]) -> bool:
    return any(region.holds(cell) for cell in cells)


def _box(cell: Cell, around: int = 0) -> Box:
    return Box(cell[1] - around, cell[0] - around, 2 * around + 1, 2 * around + 1)


def _cell(point: Point) -> Cell:
    return math.floor(point.y), math.floor(point.x)


def _distance_to(chosen: Chosen) -> FloatArray:
    """How far each pixel is from the nearest that is chosen, pixels; infinite where none is."""
    return distances(~chosen) if chosen.any() else np.full(chosen.shape, np.inf, np.float32)
