"""The colours of flat art where it is mixed with its ground.

Beside areas they are those of the area, as in a photo. A thin stroke has no pixel that is all ink, so that what lies
near it would lend it its colour: blue words below a red bar would be purple. Its colour is its ink's.
"""

from __future__ import annotations

import numpy as np

from gigamatte.cutout.foreground import Foreground
from gigamatte.filters import highest, lowest
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.palette import Palette
from gigamatte.types import Box, Depth, Matte, PixelArray

#: nine pixels of at least this alpha are an area, in 0…1; it lends its colour to what is so near, in pixels
ALL_INK, NEAR = 0.97, 3


class InkColours(Foreground):
    """Foreground colours of flat art with this palette."""

    def __init__(
        self,
        palette: Palette,
        levels: Levels,
        matte: Matte,
        *,
        quick: bool = False,
        reduced: bool = False,
        threads: int = 1,
    ) -> None:
        super().__init__(levels, matte, quick=quick, reduced=reduced, threads=threads)
        self._palette = palette

    def read(self, box: Box) -> PixelArray:
        """F in ``box`` of the photo: (row, column, RGB), uint8 or uint16 like the photo."""
        colours = super().read(box)
        size = self._levels.size(0)
        seen = box.grown(NEAR + 1).within(size)
        inner = box.relative_to(seen).slices()
        alpha = self._matte.depth.unit(self._matte.read(seen))
        area = lowest((alpha > ALL_INK).view(np.uint8))
        thin = highest(area, NEAR)[inner] == 0
        if thin.any():
            pixels = self._levels.read(0, box)
            depth = Depth.of(pixels)
            drawn = self._palette.stroke_colours(depth.unit(pixels), alpha[inner], box, size)
            colours[thin] = depth.pixels(drawn[thin] * np.float32(depth.full) + np.float32(0.5))
        return colours
