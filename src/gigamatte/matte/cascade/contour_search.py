"""The search for the contour: a network that sees few pixels draws the contour beside its true place.

The search starts on the level where this error is about one pixel. From there the refiner decides by colour where the
contour runs, level by level, up to the level on which the mask would have started. It runs before any correction: a
pixel of the search depends on pixels far away, so a stroke would change the alpha far from where it was drawn.
"""

from __future__ import annotations

from gigamatte.matte.cascade.lift import Lift
from gigamatte.matte.cascade.reading import Levels, alpha_in
from gigamatte.matte.cascade.sharpness import edge_blur
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.matte.cascade.start import cleared_outside, laid_on_level
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.base import Refiner
from gigamatte.thread_exit import Pool
from gigamatte.types import CoarseMatte, FloatArray


def searched_contour(
    coarse: CoarseMatte, levels: Levels, refiner: Refiner, searched: int, level: int, pool: Pool
) -> FloatArray:
    """The alpha of the whole photo on ``level``, float32 (row, column) in [0, 1]; the search starts on ``searched``."""
    alpha = laid_on_level(coarse, levels.size(searched), searched)
    matte, blur = as_matte(alpha, 16), edge_blur(alpha)
    for finer in range(searched - 1, level - 1, -1):
        by = refiner.at(levels.size(finer), blur)
        lift = Lift(matte, levels, finer, by, blur, TileCache(), Correction(), strays=True)
        matte = lift.run(pool, _unwatched)
        blur = 0.0
    return cleared_outside(alpha_in(matte, matte.size.box), coarse.fit, level)


def _unwatched(_part: float) -> None:
    """Reports nothing: these levels have a few thousand pixels and take no noticeable time."""
