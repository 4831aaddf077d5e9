"""Decides at every place whether a mask is a matte, whose values are kept, or only shows the contour, and is refined.

A matte is as sharp as the photo, and lies where the photo's colours change. The mask of a small network is blurred by
that network, or lies beside. How the photo explains it (``fits``) tells one from the other; how soft its edges are does
not, because hair is soft in both.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import extremes, highest
from gigamatte.matte.cascade.fits import FEW_PIECES, MOST_PIECES, Fits, fitted
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.cascade.sharpness import edge_blur
from gigamatte.matte.mask.area import Places, between
from gigamatte.matte.mask.area_mean import area_mean
from gigamatte.types import Answers, CoarseMatte, FloatArray, PixelArray, Size

#: The most blur of a matte (``Fits.blur``) where so much of alpha is left unexplained: of a mask that is smooth and
#: well explained it cannot be said that it was blurred.
UNEXPLAINED, MOST_BLUR = (0.01, 0.025), (0.9, 0.7)
#: The same of a mask of the photo's own size, of which nothing is left to be found.
UNEXPLAINED_SAME, MOST_BLUR_SAME = (0.015, 0.035), (0.9, 0.75)
#: A mask whose pixels are two photo pixels wide may have as much blur as this, less of it up to four: there a matte
#: that is refined loses most, and a contour mask that is kept least.
SMALL = 1.0
#: Only more than this is against a mask on a grid finer than the first on which it was found to be a matte, or where it
#: has the photo's size and edges of a pixel.
FINER_BLUR = 1.06
#: A matte lies where it belongs: ``Fits.placing`` is at least this.
LEAST_PLACING = 0.96
#: At a place, trust falls from 1 to 0 between these.
FADES = (0.85, 1.1)
#: A mask whose pixels are wider than COARSE is no matte if it was steepened: less than SOFT_STEEP of what is undecided
#: has alphas of .02–.98, more than STEEP of these lie in .2–.8, and more than BENT of it is left when all is blurred.
COARSE, SOFT_STEEP, STEEP, BENT = 2.8, 0.45, 0.53, 0.02
#: A matte has alphas between: at least this part of what is undecided.
SOFT = 0.15
#: A mask whose pixels are smaller than this many photo pixels may have been enlarged by another tool. Its grid is
#: halved at most MOST_HALVINGS times, which undoes an enlargement of up to sixteen times.
ENLARGED, MOST_HALVINGS = 2.0, 4
#: Places along each side of the grid that says where strokes were drawn, and where trust is therefore 0.
STROKE_PLACES = 256
#: At least this many mask pixels for one photo pixel: as large as the photo, or nearly.
SAME_SIZE = 1.02


@dataclass(frozen=True, eq=False)
class Trust:
    """How far a mask's values are to be kept.

    ``places`` float32 (row, column) in [0, 1]: a grid over the whole mask. ``share``: of its undecided part, 0…1.
    ``halvings``: how often the mask's grid has to be halved until its values agree with the photo: a mask that another
    tool enlarged has less detail than its size suggests. ``measured``: whether this was measured; False where the user
    or the network's card said it.
    """

    places: FloatArray
    share: float
    halvings: int = 0
    measured: bool = True
    #: 0 near what was drawn by hand, else 1: a grid like ``places``, apart from it so that strokes do not change it
    free: FloatArray | None = None

    @property
    def answers(self) -> Answers:
        """What the mask is taken for."""
        return "matte" if self.share > 0 else "contour"

    def at(self, rows: Places, columns: Places) -> FloatArray:
        """Trust at places given as parts of the mask's height and width, 0…1: float32 (row, column)."""
        weight = _over_whole(self.places, rows, columns)
        return weight if self.free is None else weight * _over_whole(self.free, rows, columns)

    def without(self, strokes: Sequence[PixelArray]) -> Trust:
        """The same, but none near what was drawn by hand: (row, column) pictures of any size over the whole photo."""
        if not strokes:
            return self
        free = np.ones((STROKE_PLACES, STROKE_PLACES), np.float32)
        for stroke in strokes:
            near = area_mean(stroke, Size.of(free)) > 0
            free[highest(near.view(np.uint8)) > 0] = 0
        return dataclasses.replace(self, free=free)

    def as_dict(self) -> dict[str, Any]:
        """For the receipt."""
        return {"answers": self.answers, "share": round(self.share, 3), "measured": self.measured}


def _over_whole(grid: FloatArray, rows: Places, columns: Places) -> FloatArray:
    height, width = grid.shape
    return between(grid, rows * height - 0.5, columns * width - 0.5)


def stated_trust(answers: Answers) -> Trust:
    """Trust in a mask as the user or the network's card says, everywhere alike."""
    weight = 1.0 if answers == "matte" else 0.0
    return Trust(np.full((1, 1), weight, np.float32), weight, measured=False)


def measured_trust(coarse: CoarseMatte, levels: Levels, threads: int = 1) -> Trust:
    """Trust in a mask as its card or the user says, else as the photo explains its alpha."""
    if coarse.stray:
        return stated_trust("contour")
    same_size = coarse.pixel <= SAME_SIZE
    # a mask of two values is no matte, whatever is said: if it were kept, its edges would be stairs of its pixels
    if coarse.answers == "contour" or (coarse.answers == "matte" and (same_size or _has_soft(coarse.alpha))):
        return stated_trust(coarse.answers)
    best: tuple[int, Fits] | None = None
    # start where its edges are about a pixel wide: wider ones fit a photo of any blur equally
    enlarged = coarse.pixel < ENLARGED
    softest = min(MOST_HALVINGS, max(0, round(math.log2(edge_blur(coarse.alpha))))) if enlarged else 0
    for halvings in range(softest, -1, -1):
        mask = halved(coarse, halvings)
        first = best is None and not (same_size and halvings == 0)
        pixel = coarse.pixel if same_size else mask.pixel
        found = fitted(mask, levels, FEW_PIECES, threads=threads)
        if found is None:
            continue
        if not _is_matte(mask, found, pixel, first):
            break
        if not same_size:
            found = fitted(mask, levels, MOST_PIECES, found, threads) or found
            if not _is_matte(mask, found, pixel, first):
                break
        best = halvings, found
    if best is None:
        return Trust(np.zeros((1, 1), np.float32), 0.0)
    halvings, fits = best
    if same_size and halvings <= 1:  # the photo itself may be blurred by a pixel: such a mask is kept
        return Trust(np.ones((1, 1), np.float32), 1.0)
    places = _weighed(fits)
    share = float((places * fits.count).sum() / fits.count.sum())
    return Trust(places, max(share, 1e-3), halvings)


def most_blur(pixel: float, unexplained: float) -> float:
    """The most blur of a matte whose pixels are so many photo pixels wide, where so much of alpha is unexplained."""
    if pixel <= SAME_SIZE:
        return float(np.interp(unexplained, UNEXPLAINED_SAME, MOST_BLUR_SAME))
    most = float(np.interp(unexplained, UNEXPLAINED, MOST_BLUR))
    return float(np.interp(math.log2(pixel), (1, 2), (max(most, SMALL), most)))


def _is_matte(mask: CoarseMatte, fits: Fits, pixel: float, first: bool) -> bool:
    if fits.blur > (most_blur(pixel, fits.unexplained) if first else FINER_BLUR):
        return False
    if mask.pixel <= SAME_SIZE:
        return True
    undecided, soft, middle = (int(part.sum()) for part in _parts(mask.alpha))
    if fits.placing < LEAST_PLACING or soft < max(1.0, SOFT * undecided):
        return False
    steep = soft < SOFT_STEEP * undecided and middle > STEEP * soft
    return not (steep and mask.pixel > COARSE and fits.bent > BENT)


def _has_soft(alpha: FloatArray) -> bool:
    """Whether enough of the undecided pixels have alphas well between 0 and 1."""
    undecided, soft, _ = (int(part.sum()) for part in _parts(alpha))
    return soft >= max(1.0, SOFT * undecided)


def _parts(alpha: FloatArray) -> tuple[NDArray[np.bool_], ...]:
    """Undecided pixels and their neighbours, those with alphas well between 0 and 1, and those near the middle."""
    largest, smallest = extremes(alpha)
    undecided = (largest > 0.02) & (smallest < 0.98)
    return undecided, (alpha > 0.02) & (alpha < 0.98), (alpha > 0.2) & (alpha < 0.8)


def halved(coarse: CoarseMatte, halvings: int) -> CoarseMatte:
    """The same mask with 2**halvings times fewer pixels in both directions."""
    if not halvings:
        return coarse
    size = Size(
        *(max(8, math.ceil(side / 2**halvings)) for side in (coarse.fit.network.width, coarse.fit.network.height))
    )
    return coarse.changed(
        np.clip(cv2.resize(coarse.alpha, (size.width, size.height), interpolation=cv2.INTER_AREA), 0, 1)
    )


def _weighed(fits: Fits) -> FloatArray:
    """Trust at every place; where nothing was looked at, the mean of the others."""
    full, none = FADES
    weights = np.clip((none - fits.blur_by_place()) / np.float32(none - full), 0, 1)
    known = np.isfinite(weights)
    mean = np.average(weights[known], weights=fits.count[known] + np.float32(1e-6))
    return np.where(known, weights, np.float32(mean)).astype(np.float32)
