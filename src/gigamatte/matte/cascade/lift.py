"""One step of the cascade: a matte becomes that of the next finer level. Only tiles that touch the band are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import extremes
from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.band import SUPPORT, band
from gigamatte.matte.cascade.known import Known, KnownPart
from gigamatte.matte.cascade.reading import Levels, alpha_in, nearest_inside, photo_in
from gigamatte.matte.cascade.sparse import quantised16
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.cascade.tiles import Block
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.matte.refiners.upscale import twice
from gigamatte.types import (
    BACKGROUND,
    SUBJECT,
    UNDECIDED,
    Box,
    FloatArray,
    Grid,
    Matte,
    PixelArray,
    Pixels16,
    Place,
    Tile,
)

#: Tiles in one call of a refiner: enough to use all of a network's threads, few enough for the processor's cache.
BATCH = 8


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

    def run(self, pool: ThreadPoolExecutor, report: Callable[[float], None]) -> Matte:
        """The finer matte; ``report`` is told after each batch which part of the level is done."""
        # with a cache, each tile is resolved and stored alone: after a stroke only the tiles that it touches are new
        todo = self._undecided()
        batches = batched([(place,) for place in todo] if self.tile_cache.remembers else tiling.blocks(todo))
        found: dict[Place, PixelArray] = {}
        results = pool.map(self._lift, batches)
        try:
            for number, result in enumerate(results, 1):
                for place, pixels in result:
                    self._keep(place, pixels, found)
                report(number / len(batches))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return Matte(self.size, 16, self.grid.edge, self.decided, found)

    def _keep(self, place: Place, pixels: Pixels16, found: dict[Place, PixelArray]) -> None:
        pixels = self.correction.enforced(pixels, self.grid.home(place), self.size)
        low, high = int(pixels.min()), int(pixels.max())
        self.decided[place] = BACKGROUND if high == 0 else SUBJECT if low == 65535 else UNDECIDED
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

    def _lift(self, blocks: list[Block]) -> list[tuple[Place, Pixels16]]:
        """Alphas of some blocks' tiles, uint16 (row, column), cut to what each tile writes."""
        ready: list[tuple[Block, Pixels16]] = []
        waiting: list[tuple[Block, _Work]] = []
        for block in blocks:
            work = self._work(block)
            if not work.band.any():
                ready.append((block, self._finished(work, work.plain)))
            elif (known := self._known(work, block)) is not None:
                ready.append((block, known))
            else:
                waiting.append((block, work))
        if waiting:
            lifted = self.refiner.lift([self._patch(work) for _, work in waiting])
            for (block, work), alpha in zip(waiting, lifted, strict=True):
                pixels = self._finished(work, alpha)
                self.tile_cache.add(work.key, pixels, len(block))
                ready.append((block, pixels))
        return [(place, tile) for block, pixels in ready for place, tile in self._apart(block, pixels)]

    def _finished(self, work: _Work, alpha: FloatArray) -> Pixels16:
        """The pixels that the tile writes: in the band the lifted alpha, elsewhere the enlarged mask."""
        inside = work.band.repeat(2, axis=0).repeat(2, axis=1)
        if self.known is None:
            return quantised16(np.where(inside, alpha, _snapped(work.plain))[work.tile.inner])
        alpha = np.where(inside, alpha, work.plain)
        if work.part is not None and float(alpha.max()) > float(alpha.min()):
            alpha = work.part.agreed(alpha)
        if not self.known.exact:
            alpha = np.where(inside, alpha, _snapped(work.plain))
        return quantised16(alpha[work.tile.inner], exact=self.known.exact)

    def _apart(self, block: Block, pixels: Pixels16) -> Iterator[tuple[Place, Pixels16]]:
        """The tiles of a block's alpha."""
        whole = tiling.home_of(block, self.grid)
        for place in block:
            part = pixels[self.grid.home(place).relative_to(whole).slices()]
            yield place, np.ascontiguousarray(part)

    def _work(self, block: Block) -> _Work:
        tile = tiling.with_halo(tiling.home_of(block, self.grid), self.halo)
        under = tiling.parent(tile.read)
        # the band depends on pixels farther away than the refiner reads: it is found on a wider box, then cut out
        wide = under.grown(SUPPORT)
        around = alpha_in(self.matte, wide)
        inner = under.relative_to(wide).slices()
        alpha = np.ascontiguousarray(around[inner])
        if self.known is None:
            plain = cv2.resize(alpha, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
            return _Work(tile, under, around, alpha, band(around)[inner], plain)
        part = self.known.part(self.finer, tile.read)
        return _Work(tile, under, around, alpha, band(around)[inner], twice(alpha), part)

    def _known(self, work: _Work, block: Block) -> Pixels16 | None:
        """The block of tiles, if an earlier run made it from the same input."""
        if not self.tile_cache.remembers:
            return None
        tile, under = work.tile, work.under
        fine, coarse = nearest_inside(tile.read, self.size), nearest_inside(under, self.levels.size(self.finer + 1))
        # relative to the tile: its place in the photo does not change the result, pixels repeated beyond the border do
        boxes = (tile.write.relative_to(tile.read), fine.relative_to(tile.read), coarse.relative_to(under))
        described = f"{' '.join(map(str, boxes))} blur {self.blur!r} {self.refiner.name}"
        shown: list[NDArray[np.float32] | NDArray[np.uint8] | Pixels16] = [
            self.levels.read(self.finer, fine),
            self.levels.read(self.finer + 1, coarse),
        ]
        if self.known is not None:
            described += " matte"
        if work.part is not None:
            described += f" {work.part}"
            shown += [work.part.means, work.part.weight]
        work.key = self.tile_cache.key(described, (self.finer, *block[0]), work.around, *shown)
        return self.tile_cache.find(work.key, tile.write.size, len(block))

    def _patch(self, work: _Work) -> LevelPatch:
        coarse = photo_in(self.levels, self.finer + 1, work.under)
        fine = photo_in(self.levels, self.finer, work.tile.read)
        return LevelPatch(work.alpha, coarse, fine, self.blur, self.strays)


@dataclass(slots=True)
class _Work:
    """A block to lift. ``under`` is its box on the coarser level, where ``alpha`` and ``band`` lie.

    ``around`` is the alpha of a wider box, ``plain`` the alpha enlarged twice, ``part`` what the mask says about it.
    """

    tile: Tile
    under: Box
    around: FloatArray
    alpha: FloatArray
    band: NDArray[np.bool_]
    plain: FloatArray
    part: KnownPart | None = None
    key: bytes | None = None


def batched(blocks: list[Block]) -> list[list[Block]]:
    """The blocks, in order, in batches of at least BATCH tiles."""
    batches: list[list[Block]] = [[]]
    for block in blocks:
        if sum(map(len, batches[-1])) >= BATCH:
            batches.append([])
        batches[-1].append(block)
    return batches if batches[0] else []


def _near_undecided(decided: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which tiles are undecided or have a neighbour that is decided otherwise, bool (row, column) of the grid."""
    highest, lowest = extremes(decided)
    return np.asarray((highest != lowest) | (decided == UNDECIDED))


def _snapped(alpha: FloatArray) -> FloatArray:
    """0 or 1, whichever is nearer: outside the band an alpha is background or subject."""
    return (alpha > 0.5).astype(np.float32)
