"""Has only the doubtful pixels of a carried alpha resolved; elsewhere each level's alpha is the carried one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.alpha_levels import alpha_at
from gigamatte.matte.cascade import tiles as tiling
from gigamatte.matte.cascade.sparse import quantised16
from gigamatte.matte.cascade.tile_cache import TileCache, Told
from gigamatte.types import Box, Matte

Chosen = NDArray[np.bool_]


class DoubtfulPixels(TileCache):
    """Tells a cascade the alpha of ``matte`` but where pixels are ``doubtful``, bool (row, column) of the frame."""

    def __init__(self, matte: Matte, doubtful: Chosen) -> None:
        super().__init__()
        self._matte = matte
        #: those of each level; a pixel of a coarser one is doubtful where any below it is
        self._doubtful = [doubtful]
        while max(self._doubtful[-1].shape) > 1:
            self._doubtful.append(_halved(self._doubtful[-1]))

    def told(self, level: int, box: Box) -> Told:
        """The carried alpha of a tile, and which pixels of the coarser level are doubtful."""
        pixels = quantised16(alpha_at(self._matte, box, level))
        seen = tiling.parent(tiling.evened(box))
        rows, columns = seen.slices()
        wanted = np.zeros(seen.size.shape, np.bool_)
        part = self._doubtful[level + 1][rows, columns]
        wanted[: part.shape[0], : part.shape[1]] = part
        return Told(pixels, wanted)


def _halved(chosen: Chosen) -> Chosen:
    """Which 2×2 pixels hold one that is chosen; a last odd row or column counts with nothing beside it."""
    rows, columns = chosen.shape
    down = chosen[::2].copy()
    down[: rows // 2] |= chosen[1::2]
    across = down[:, ::2].copy()
    across[:, : columns // 2] |= down[:, 1::2]
    return across
