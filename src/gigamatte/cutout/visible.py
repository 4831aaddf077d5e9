"""The alpha that a result shows: the matte's, times the photo's own where it has one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import Box, Matte, PixelArray


@dataclass(frozen=True)
class Visible(Matte):
    """A matte whose ``read`` gives the product. What ``decided`` calls SUBJECT may be transparent in the photo."""

    levels: PhotoLevels

    def read(self, box: Box) -> PixelArray:
        """The alpha in ``box``, as ``Matte.read`` gives it."""
        alpha, own = Matte.read(self, box), self.levels.alpha(box)
        if own is None:
            return alpha
        full = self.depth.full
        product = alpha.astype(np.uint64) * own
        return self.depth.pixels((product + full // 2) // full)


def visible(matte: Matte, levels: PhotoLevels) -> Matte:
    """The matte times the photo's own alpha; the matte itself where the photo has none."""
    if not levels.photo.has_alpha:
        return matte
    return Visible(matte.size, matte.bits, matte.tile, matte.decided, matte.tiles, levels)
