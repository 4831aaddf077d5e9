"""One step of the cascade: a matte becomes that of the next finer level. Only tiles that touch the band are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import extremes
from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.band import SUPPORT, band
from gigamatte.matte.cascade.known import Known
from gigamatte.matte.cascade.reading import Levels, alpha_in, nearest_inside, photo_in
from gigamatte.matte.cascade.sparse import quantised16
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.cascade.tiles import Block
from gigamatte.matte.cover import covering
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.matte.refiners.upscale import twice
from gigamatte.thread_exit import Pool
from gigamatte.types import (
    UNDECIDED,
    Box,
    FloatArray,
    Grid,
    Matte,
    PixelArray,
    Pixels16,
    Place,
    Tile,
    decided_by,
)

#: Blocks that are in work for one thread at most.
WAITING = 2


class Lift:
    """Turns a ``matte`` of one level into that of the ``finer`` one.

    ``blur`` is σ of the coarser matte's blur, in its pixels. ``known``: a mask with whose values the result has to
    agree; of a user's mask, alphas near 0 and 1 are kept too.
    """

    def __init__(
        self,
        matte: Matte,
        levels: Levels,
        finer: int,
        refiner: Refiner,
        blur: float,
        tile_cache: TileCache,
        correction: Correction,
        strays: bool = False,
        known: Known | None = None,
    ) -> None:
        self.matte, self.levels, self.finer, self.refiner, self.blur = matte, levels, finer, refiner, blur
        self.tile_cache, self.correction, self.strays = tile_cache, correction, strays
        self.known = known
        self.halo = refiner.halo + (known.halo(finer) if known is not None else 0)
        self.grid = Grid(levels.size(finer), matte.tile)
        self.size = self.grid.size
        self.decided = np.zeros(self.grid.shape, np.uint8)

    def run(self, pool: Pool, report: Callable[[float], None]) -> Matte:
        """The finer matte; ``report`` is called after each block with the part of the level that is done, 0…1."""
        # with a cache, each tile is resolved and stored alone: after a stroke only the tiles that it touches are new
        todo = self._undecided()
        blocks = [(place,) for place in todo] if self.tile_cache.remembers else tiling.blocks(todo)
        found: dict[Place, PixelArray] = {}
        begun: deque[tuple[Block, Future[_Work]]] = deque()
        done = 0
        try:
            for block in (*blocks, *[None] * (WAITING * pool.threads)):
                if block is not None:
                    begun.append((block, pool.submit(self._begun, block, pool)))
                if begun and (block is None or len(begun) >= WAITING * pool.threads):
                    for place, pixels in self._ended(*begun.popleft()):
                        self._keep(place, pixels, found)
                    done += 1
                    report(done / len(blocks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return Matte(self.size, 16, self.grid.edge, self.decided, found)

    def _keep(self, place: Place, pixels: Pixels16, found: dict[Place, PixelArray]) -> None:
        pixels = self.correction.enforced(pixels, self.grid.home(place), self.size)
        self.decided[place] = decided_by(pixels)
        if self.decided[place] == UNDECIDED:
            found[place] = pixels

    def _undecided(self) -> Iterator[Place]:
        """The tiles that the band may touch; the others are marked background or subject here."""
        maybe = _near_undecided(self.matte.decided)
        for row, column in self.grid.places():
            # a finer tile lies in the quarter of a coarser one; at the rim the last odd pixel has no parent
            above = min(row // 2, maybe.shape[0] - 1), min(column // 2, maybe.shape[1] - 1)
            if maybe[above]:
                yield row, column
            else:
                self.decided[row, column] = self.matte.decided[above]

    def _begun(self, block: Block, pool: Pool) -> _Work:
        """What there is to do for a block, each of whose spots is then lifted by any thread of the pool."""
        work = self._work(block)
        if work.spots and (known := self._known(work, block)) is not None:
            work.pixels, work.spots = known, []
        work.drawing = [pool.submit(self._drawn, work, spot) for spot in work.spots]
        return work

    def _drawn(self, work: _Work, spot: _Spot) -> None:
        """Draw what the refiner makes of a spot into the pixels."""
        lifted = self.refiner.lift([self._patch(spot)])[0] if spot.band.any() else None
        work.pixels[spot.inside.slices()] = self._finished(spot, lifted)

    def _ended(self, block: Block, begun: Future[_Work]) -> Iterator[tuple[Place, Pixels16]]:
        """Alphas of a block's tiles, uint16 (row, column), cut to what each tile writes."""
        work = begun.result()
        for drawing in work.drawing:
            drawing.result()
        if work.spots:
            self.tile_cache.add(work.key, work.pixels, len(block))
        return self._apart(block, work.pixels)

    def _finished(self, spot: _Spot, lifted: FloatArray | None) -> Pixels16:
        """The pixels that the spot writes: in the band the lifted alpha, elsewhere the enlarged mask."""
        inside = _twice_as_many(spot.band.view(np.uint8)).view(np.bool_)
        if self.known is None:
            rows, columns = spot.tile.inner
            nearest = _twice_as_many((spot.alpha > 0.5).view(np.uint8))[rows, columns].astype(np.float32)
            return quantised16(
                nearest if lifted is None else np.where(inside[rows, columns], lifted[rows, columns], nearest)
            )
        plain = spot.plain if spot.plain is not None else twice(spot.alpha)
        alpha = plain if lifted is None else np.where(inside, lifted, plain)
        part = self.known.part(self.finer, spot.tile.read)
        if part is not None and float(alpha.max()) > float(alpha.min()):
            alpha = part.agreed(alpha)
        if not self.known.exact:
            alpha = np.where(inside, alpha, (plain > 0.5).astype(np.float32))
        return quantised16(alpha[spot.tile.inner], exact=self.known.exact)

    def _apart(self, block: Block, pixels: Pixels16) -> Iterator[tuple[Place, Pixels16]]:
        """The tiles of a block's alpha."""
        whole = tiling.home_of(block, self.grid)
        for place in block:
            part = pixels[self.grid.home(place).relative_to(whole).slices()]
            yield place, np.ascontiguousarray(part)

    def _work(self, block: Block) -> _Work:
        tile = tiling.with_halo(tiling.home_of(block, self.grid), self.halo)
        under, home = tiling.parent(tile.read), tiling.parent(tiling.evened(tile.write))
        # the band depends on pixels farther away than the refiner reads
        wide = under.grown(SUPPORT)
        around = alpha_in(self.matte, wide)
        found = np.zeros(around.shape, np.bool_)
        seen = (under if self.known is not None else home).grown(SUPPORT).relative_to(wide)
        found[seen.slices()] = band(around[seen.slices()])
        inner = home.relative_to(wide).slices()
        wanted = found[inner]
        if self.known is not None and self.known.exact:
            wanted = wanted | _between(around, self.known.reach(self.finer + 1))[inner]
        pixels = _twice_as_many((around[inner] > 0.5) * np.uint16(65535))[: tile.write.height, : tile.write.width]
        told = self.tile_cache.told(self.finer, tile.write)
        if told is not None:
            pixels, wanted = told.alpha, wanted & told.wanted
        work = _Work(tile, under, around, pixels, [])
        for box in covering(wanted, self.halo // 2):
            write = Box(2 * (home.left + box.left), 2 * (home.top + box.top), 2 * box.width, 2 * box.height)
            work.spots.append(self._spot(work, wide, found, write.within(tile.write)))
        return work

    def _spot(self, work: _Work, wide: Box, found: NDArray[np.bool_], write: Box) -> _Spot:
        """What there is to do for the pixels of ``write``; the band that was ``found`` lies in ``wide``."""
        tile = tiling.with_halo(write, self.halo)
        under = tiling.parent(tile.read)
        seen = under.relative_to(wide).slices()
        alpha = np.ascontiguousarray(work.around[seen])
        inside = write.relative_to(work.tile.write)
        return _Spot(tile, under, inside, alpha, found[seen], None if self.known is None else twice(alpha))

    def _known(self, work: _Work, block: Block) -> Pixels16 | None:
        """The block of tiles, if an earlier run made it from the same input."""
        if not self.tile_cache.remembers:
            return None
        tile, under = work.tile, work.under
        fine, coarse = nearest_inside(tile.read, self.size), nearest_inside(under, self.levels.size(self.finer + 1))
        # relative to the tile: its place in the photo does not change the result, pixels repeated beyond the border do
        boxes = (tile.write.relative_to(tile.read), fine.relative_to(tile.read), coarse.relative_to(under))
        described = f"{' '.join(map(str, boxes))} blur {self.blur!r} {self.refiner.name}"
        shown: list[NDArray[np.float32] | NDArray[np.uint8] | Pixels16] = []
        if self.tile_cache.looks:
            shown = [self.levels.read(self.finer, fine), self.levels.read(self.finer + 1, coarse)]
        if self.known is not None:
            described += " matte"
            if (part := self.known.part(self.finer, tile.read)) is not None:
                described += f" {part}"
                shown += [part.means, part.weight]
        work.key = self.tile_cache.key(described, (self.finer, *block[0]), work.around, *shown)
        return self.tile_cache.find(work.key, tile.write.size, len(block))

    def _patch(self, spot: _Spot) -> LevelPatch:
        coarse = photo_in(self.levels, self.finer + 1, spot.under)
        fine = photo_in(self.levels, self.finer, spot.tile.read)
        wanted = None
        if self.known is None:  # else what is lifted beside the spot counts too
            rows, columns = tiling.parent(tiling.evened(spot.tile.write)).relative_to(spot.under).slices()
            wanted = np.zeros_like(spot.band)
            wanted[rows, columns] = spot.band[rows, columns]
        return LevelPatch(spot.alpha, coarse, fine, self.blur, self.strays, spot.plain, wanted)


@dataclass(slots=True)
class _Spot:
    """A rectangle of a block that is lifted. ``under`` is what it reads of the coarser level, where ``alpha`` and
    ``band`` lie (of the band, what is written, and with a known mask all that is read). ``inside``: its place in the
    block; ``plain``: with a known mask, the alpha enlarged.
    """

    tile: Tile
    under: Box
    inside: Box
    alpha: FloatArray
    band: NDArray[np.bool_]
    plain: FloatArray | None


@dataclass(slots=True)
class _Work:
    """A block to lift: its ``pixels`` are those of the coarser level, 0 or full, until its ``spots`` are drawn in.

    ``under`` is its box on the coarser level, ``around`` the alpha of a wider one.
    """

    tile: Tile
    under: Box
    around: FloatArray
    pixels: Pixels16
    spots: list[_Spot]
    key: bytes | None = None
    drawing: list[Future[None]] = field(default_factory=list)


def _near_undecided(decided: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which tiles are undecided or have a neighbour that is decided otherwise, bool (row, column) of the grid."""
    highest, lowest = extremes(decided)
    return np.asarray((highest != lowest) | (decided == UNDECIDED))


def _between(alpha: FloatArray, reach: int) -> NDArray[np.bool_]:
    """Where the pixels within ``reach`` are neither all 0 nor all 1."""
    highest, lowest = extremes(alpha, reach)
    return np.asarray((highest > 0) & (lowest < 1))


def _twice_as_many(plane: NDArray[Any]) -> NDArray[Any]:
    """Each pixel, uint8 or uint16 (row, column), four times."""
    rows, columns = plane.shape
    out = np.empty((rows, 2, 2 * columns), plane.dtype)
    out[:] = cv2.merge((plane, plane)).reshape(rows, 1, 2 * columns)
    return out.reshape(2 * rows, 2 * columns)
