"""The cascade: the mask is lifted level by level, each twice as wide, until it has the photo's own size.

Only tiles that touch the band are ever read. A level's alpha is a ``Matte`` of 16 bits, so that a photo of any size
costs memory for its undecided tiles alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.band import band
from gigamatte.matte.cascade.contour_search import searched_contour
from gigamatte.matte.cascade.known import Known
from gigamatte.matte.cascade.lift import Lift
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sharpness import searching_level, starting_level
from gigamatte.matte.cascade.sparse import as_bits, as_matte
from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.cascade.trust import Trust, halved, measured_trust, stated_trust
from gigamatte.matte.cascade.unrefined import unrefined
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.thread_exit import Pool
from gigamatte.types import CoarseMatte, Fit, FloatArray, Grid, Matte, Size, Watch

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
    tile_cache: TileCache | None = None,
    watch: Watch | None = None,
    trust: Trust | None = None,
) -> tuple[Matte, tuple[str, ...]]:
    """The alpha of ``coarse`` at the photo's own size, ``bits`` deep, and warnings.

    The same for any number of ``threads`` and, within rounding, for any tile ``edge`` (a multiple of 64 pixels). A
    ``correction`` changes the alpha near what it touches and leaves the rest as it is, bit for bit. ``tile_cache``
    counts the tiles, and may return some that an earlier run resolved.

    ``trust`` is how far the mask's values are kept; None: it is measured here. A matte that is trusted at the photo's
    own size is returned unchanged.

    ``watch("matte", fraction)`` is called between tiles; what it raises stops the work.
    """
    correction = correction or Correction()
    tile_cache = tile_cache or TileCache()
    watch = watch or _ignored
    trust = trust or trust_in(coarse, levels, refiner, threads)
    refiner = lifted_by(coarse, refiner, trust)
    with Pool(threads) as pool:
        if trust.answers == "matte":
            start = _matte_start(coarse, levels, trust, correction)
            if start.known is not None and start.known.covers:
                return unrefined(start.known, Grid(levels.size(0), edge), bits, correction), ()
        else:
            start = _contour_start(coarse, levels, refiner, correction, pool)
        matte = _lifted(start, levels, refiner, edge, correction, tile_cache, watch, pool)
    return as_bits(matte, bits, exact=start.exact), start.warnings


def trust_in(coarse: CoarseMatte, levels: Levels, refiner: Refiner, threads: int = 1) -> Trust:
    """How far the mask's values are kept: everywhere if the refiner does not read the photo, else as measured."""
    return measured_trust(coarse, levels, threads) if refiner.looks else stated_trust("matte")


def lifted_by(coarse: CoarseMatte, refiner: Refiner, trust: Trust) -> Refiner:
    """The refiner that lifts such a mask. A matte of the photo's own size needs none: the one for ``off`` is named."""
    if trust.answers == "contour":
        return refiner
    return UpscaleRefiner() if Known(halved(coarse, trust.halvings), trust).covers else refiner.keeping()


@dataclass(frozen=True)
class _Start:
    """Where the cascade starts: the corrected mask on its first ``level``, and ``blur`` (σ) in pixels of that level.

    ``known``: the mask's values that the result has to agree with.
    """

    alpha: FloatArray
    level: int
    blur: float = 0.0
    warnings: tuple[str, ...] = ()
    known: Known | None = None

    @property
    def exact(self) -> bool:
        """Whether alphas near 0 and 1 are kept as they are."""
        return self.known is not None and self.known.exact


def _lifted(
    start: _Start,
    levels: Levels,
    refiner: Refiner,
    edge: int,
    correction: Correction,
    tile_cache: TileCache,
    watch: Watch,
    pool: Pool,
) -> Matte:
    """From the first level to the photo's own size."""
    done, blur = 0, start.blur
    matte = as_matte(start.alpha, 16, edge, exact=start.exact)
    total = sum(levels.size(k).pixels for k in range(start.level)) or 1
    for finer in range(start.level - 1, -1, -1):
        by = refiner.at(levels.size(finer), blur)
        lift = Lift(matte, levels, finer, by, blur, tile_cache, correction, known=start.known)
        span = levels.size(finer).pixels / total
        base = done / total

        def report(part: float, base: float = base, span: float = span) -> None:
            watch("matte", base + span * part)

        matte = lift.run(pool, report)
        done += levels.size(finer).pixels
        blur = 0.0  # from here on the alpha is as sharp as the photo
    return matte


def _ignored(_stage: str, _fraction: float) -> None:
    """Used where the caller gave no ``watch``."""


def _matte_start(coarse: CoarseMatte, levels: Levels, trust: Trust, correction: Correction) -> _Start:
    """A matte starts on the finest level that has no more pixels than it; its detail is added back while lifting."""
    coarse = halved(correction.mended(coarse), trust.halvings)
    known = Known(coarse, trust.without(correction.strokes()))
    level = min(max(0, math.ceil(math.log2(known.widest) - 0.01)), levels.levels - 1)
    return _Start(correction.drawn_on(laid_on_level(coarse, levels.size(level), level)), level, known=known)


def _contour_start(coarse: CoarseMatte, levels: Levels, refiner: Refiner, correction: Correction, pool: Pool) -> _Start:
    """A contour mask starts on the level where it is blurred by one pixel, or where the contour search ends."""
    # the blur is measured before strokes are drawn: their edges are sharper than the mask's
    level, blur = starting_level(coarse, levels.levels - 1)
    searched = searching_level(coarse, levels.levels - 1) if refiner.looks else 0
    if searched > level:
        found = searched_contour(coarse, levels, refiner, searched, level, pool)
        coarse, blur = CoarseMatte(found, Fit.whole(coarse.fit.photo, Size.of(found))), 0.0
        return _Start(correction.drawn_on(correction.mended(coarse).alpha), level, blur)
    coarse = correction.mended(coarse)
    alpha = correction.drawn_on(laid_on_level(coarse, levels.size(level), level))
    part = float(band(alpha).mean())
    if part <= WIDE_BAND or levels.size(level).pixels <= SETTLE_PIXELS:
        return _Start(alpha, level, blur)
    while levels.size(level).pixels > SETTLE_PIXELS and level < levels.levels - 1:
        level, blur = level + 1, blur / 2
        alpha = correction.drawn_on(laid_on_level(coarse, levels.size(level), level))
    warning = f"{part:.0%} of the mask is undecided: it was settled at {levels.size(level)} pixels first"
    return _Start(alpha, level, max(blur, 0.5), (warning,))
