"""The cascade: the mask is lifted level by level, each twice as wide, until it has the photo's own size.

Only tiles that touch the band are ever read. A level's alpha is a ``Matte`` of 16 bits, so that a photo of any size
costs memory for its undecided tiles alone.
"""

from __future__ import annotations

from gigamatte.ending import Pool
from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.band import band
from gigamatte.matte.cascade.contour_search import placed
from gigamatte.matte.cascade.lift import Lift
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sharpness import searching_level, starting_level
from gigamatte.matte.cascade.sparse import as_bits, as_matte
from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.matte.cascade.tile_cache import Finished
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import Refiner
from gigamatte.types import CoarseMatte, Fit, FloatArray, Matte, Size, Watch

#: A band that covers more of a level than this is settled at no more than SETTLE_PIXELS first.
WIDE_BAND, SETTLE_PIXELS = 0.25, 1_000_000


def resolve(
    coarse: CoarseMatte,
    levels: Levels,
    refiner: Refiner,
    *,
    bits: int = 8,
    threads: int = 1,
    edge: int = tiling.EDGE,
    correction: Correction | None = None,
    finished: Finished | None = None,
    watch: Watch | None = None,
) -> tuple[Matte, tuple[str, ...]]:
    """The alpha of ``coarse`` at the photo's own size, ``bits`` deep, and warnings.

    The same for any number of ``threads`` and, within rounding, for any tile ``edge`` (a multiple of 64 pixels). A
    ``correction`` changes the alpha near what it touches and leaves the rest as it is, bit for bit. ``finished`` counts
    the tiles, and may know some of an earlier run.

    ``watch("matte", fraction)`` is called between tiles; what it raises stops the work.
    """
    correction = correction or Correction()
    finished = finished or Finished()
    watch = watch or _ignored
    done = 0
    with Pool(threads) as pool:
        alpha, level, blur, warnings = _start(coarse, levels, refiner, correction, pool)
        matte = as_matte(alpha, 16, edge)
        total = sum(levels.size(k).pixels for k in range(level)) or 1
        for finer in range(level - 1, -1, -1):
            lift = Lift(matte, levels, finer, refiner.at(levels.size(finer)), blur, finished, correction)
            span = levels.size(finer).pixels / total
            base = done / total

            def report(part: float, base: float = base, span: float = span) -> None:
                watch("matte", base + span * part)

            matte = lift.run(pool, report)
            done += levels.size(finer).pixels
            blur = 0.0  # from here on the alpha is as sharp as the photo
    return as_bits(matte, bits), warnings


def _ignored(_stage: str, _fraction: float) -> None:
    """Nobody watches."""


def _start(
    coarse: CoarseMatte, levels: Levels, refiner: Refiner, correction: Correction, pool: Pool
) -> tuple[FloatArray, int, float, tuple[str, ...]]:
    """The mask, corrected, on its first level: (alpha, level, blur, warnings)."""
    # measured before it is corrected: a stroke's edges say nothing about how sharp the mask is elsewhere
    level, blur = starting_level(coarse, levels.levels - 1)
    searched = searching_level(coarse, levels.levels - 1) if refiner.looks else 0
    if searched > level:
        found = placed(coarse, levels, refiner, searched, level, pool)
        coarse, blur = CoarseMatte(found, Fit.whole(coarse.fit.photo, Size.of(found))), 0.0
        return correction.drawn_on(correction.mended(coarse).alpha), level, blur, ()
    coarse = correction.mended(coarse)
    alpha = correction.drawn_on(laid_on_level(coarse, levels.size(level), level))
    part = float(band(alpha).mean())
    if part <= WIDE_BAND or levels.size(level).pixels <= SETTLE_PIXELS:
        return alpha, level, blur, ()
    while levels.size(level).pixels > SETTLE_PIXELS and level < levels.levels - 1:
        level, blur = level + 1, blur / 2
        alpha = correction.drawn_on(laid_on_level(coarse, levels.size(level), level))
    warning = f"{part:.0%} of the mask is undecided: it was settled at {levels.size(level)} pixels first"
    return alpha, level, max(blur, 0.5), (warning,)
