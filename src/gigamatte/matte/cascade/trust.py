"""Decides at every place whether a mask is a matte, whose values are kept, or only shows the contour, and is refined.

A matte is as sharp as the photo: where the photo's colours change, its alpha changes as steeply. The mask of a small
network is blurred by that network, so it is softer than the photo at the same size. So the alpha is fitted twice by
local colour lines (Levin, Lischinski, Weiss, 2008): to the photo at the mask's size, and to a blurred copy of it. A
matte fits the sharp photo better, a contour mask the blurred one. (Soft edges alone do not tell: hair is soft in both.)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean, extremes, gaussian, highest
from gigamatte.matte.cascade.reading import Levels, photo_in
from gigamatte.matte.cascade.sharpness import edge_blur
from gigamatte.matte.mask.area import Places, area_means, between
from gigamatte.matte.mask.area_mean import area_mean
from gigamatte.matte.refiners.guided import EPSILON, FIRST_RADIUS, colour_lines
from gigamatte.types import Answers, Box, CoarseMatte, Depth, FloatArray, PixelArray, Size

#: σ of the blur that is tried against none, in pixels of the mask: half of what a network's answer is blurred by.
TRIED_BLUR = 0.7
#: A matte fits the sharp photo at most so much worse than the blurred one (exact alphas: .2–1.1, networks: 1.2–3).
AGREES = 1.08
#: From this on a few pieces are enough for a contour mask: most coarse masks (exact alphas: none, the highest is 1.04).
SURELY = 1.25
#: At most this much of a matte's alpha is left unexplained, or this much where more than STEEP of what is soft has
#: alphas of .2–.8: the mask was steepened then (exact alphas: .37–.5, steepened by half: .55–.6; clean edges: .6).
UNEXPLAINED, UNEXPLAINED_STEEP, STEEP = 0.1, 0.045, 0.53
#: A matte has alphas between: at least this part of what is undecided.
SOFT = 0.15
#: At a place, trust falls from 1 to 0 between these, and where so much of alpha is left unexplained.
FADES, UNEXPLAINED_FADES = (1.15, 1.6), (0.1, 0.18)
#: Noise of the photo, in alpha: smaller differences are ignored.
NOISE = 0.002
#: Pieces of the mask that are fitted at once, the surroundings that each needs, and the places in it, in its pixels.
PIECE, AROUND, PLACE = 192, 8, 16
#: Of a large mask this many evenly spaced pieces are measured, or the second number where the mask is kept as a whole
#: or not at all; places between take the mean.
MOST_PIECES, FEW_PIECES = 40, 12
#: With fewer undecided pixels nothing is decided.
FEWEST = 64
#: A mask's grid is halved at most this often, which undoes an enlargement of up to sixteen times.
MOST_HALVINGS = 4
#: A mask whose pixels are smaller than this many photo pixels may have been enlarged by another tool.
ENLARGED = 2.0
#: Places along each side of the grid that says where strokes were drawn, and where trust is therefore 0.
STROKE_PLACES = 256
#: At least this many mask pixels for one photo pixel: as large as the photo, or nearly.
SAME_SIZE = 1.02


@dataclass(frozen=True, eq=False)
class Trust:
    """How far a mask's values are to be kept.

    ``places`` float32 (row, column) in [0, 1]: a grid over the whole mask. ``share``: of its undecided part, 0…1.
    ``halvings``: how often the mask's grid has to be halved until its values agree with the photo: a mask that another
    tool enlarged has less detail than its size suggests. ``rounding``: half a step of its values. ``measured``: whether
    this was measured; False where the user or the network's card said it.
    """

    places: FloatArray
    share: float
    halvings: int = 0
    rounding: float = 0.5 / Depth(8).full
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


def stated_trust(answers: Answers, coarse: CoarseMatte) -> Trust:
    """Trust in a mask as the user or the network's card says, everywhere alike."""
    weight = 1.0 if answers == "matte" else 0.0
    return Trust(np.full((1, 1), weight, np.float32), weight, rounding=_rounding(coarse), measured=False)


def measured_trust(coarse: CoarseMatte, levels: Levels) -> Trust:
    """Trust in a mask as its card or the user says, else as its alpha fits the photo."""
    if coarse.stray:
        return stated_trust("contour", coarse)
    same_size = coarse.pixel <= SAME_SIZE
    # a mask of two values is no matte, whatever is said: if it were kept, its edges would be stairs of its pixels
    if coarse.answers == "contour" or (coarse.answers == "matte" and (same_size or _has_soft(coarse.alpha))):
        return stated_trust(coarse.answers, coarse)
    best: tuple[int, _Fits] | None = None
    # start where its edges are about a pixel wide: wider ones fit the sharp and the blurred photo equally
    enlarged = coarse.pixel < ENLARGED
    softest = min(MOST_HALVINGS, max(0, round(math.log2(edge_blur(coarse.alpha))))) if enlarged else 0
    for halvings in range(softest, -1, -1):
        mask = halved(coarse, halvings)
        found = _compared(mask, levels, FEW_PIECES)
        if found is not None and found[0].sum() > SURELY * found[1].sum():
            break
        if not same_size:
            found = _compared(mask, levels, MOST_PIECES, found)
        if found is None:
            continue
        sharp, blurred, count = (float(part.sum()) for part in found)
        if sharp > AGREES * blurred or not (same_size or sharp <= _most_unexplained(mask.alpha) * count):
            break
        best = halvings, found
    if best is None:
        return Trust(np.zeros((1, 1), np.float32), 0.0, rounding=_rounding(coarse))
    halvings, fits = best
    if same_size and halvings <= 1:  # the photo itself may be blurred by a pixel: such a mask is kept
        return Trust(np.ones((1, 1), np.float32), 1.0, rounding=_rounding(coarse))
    places = _weighed(*fits)
    share = float((places * fits[2]).sum() / fits[2].sum())
    return Trust(places, max(share, 1e-3), halvings, _rounding(coarse))


#: At every place: what the sharp photo and the blurred one leave unexplained, summed, and the undecided pixels.
_Fits = tuple[FloatArray, FloatArray, FloatArray]


def _most_unexplained(alpha: FloatArray) -> float:
    """How much of each undecided pixel's alpha may be left unexplained in a matte; 0: with such values it is none."""
    if not _has_soft(alpha):
        return 0.0
    count = int(((alpha > 0.02) & (alpha < 0.98)).sum())
    steep = int(((alpha > 0.2) & (alpha < 0.8)).sum()) > STEEP * count
    return UNEXPLAINED_STEEP if steep else UNEXPLAINED


def _has_soft(alpha: FloatArray) -> bool:
    """Whether enough of the undecided pixels have alphas well between 0 and 1."""
    soft = (alpha > 0.02) & (alpha < 0.98)
    return int(soft.sum()) >= max(1.0, SOFT * int(_undecided(alpha).sum()))


def _undecided(alpha: FloatArray) -> NDArray[np.bool_]:
    highest, lowest = extremes(alpha)
    return np.asarray((highest > 0.02) & (lowest < 0.98))


def _rounding(coarse: CoarseMatte) -> float:
    deep = coarse.values is not None and coarse.values.dtype == np.uint16
    return 0.5 / Depth(16 if deep else 8).full


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


def _weighed(sharp: FloatArray, blurred: FloatArray, count: FloatArray) -> FloatArray:
    """Trust at every place; where nothing was looked at, the mean of the others."""
    sharp, blurred, near = (box_mean(part, 1, beyond="zero") for part in (sharp, blurred, count))
    noise = NOISE * near
    fits = _fading((sharp + noise) / np.maximum(blurred + noise, 1e-9), *FADES)
    fits *= _fading(sharp / np.maximum(near, 1e-9), *UNEXPLAINED_FADES)
    known = near > 0
    mean = float((fits * near).sum() / max(float(near.sum()), 1e-9))
    return np.where(known, fits, np.float32(mean)).astype(np.float32)


def _fading(value: NDArray[np.floating[Any]], full: float, none: float) -> FloatArray:
    faded: FloatArray = np.clip((none - value) / np.float32(none - full), 0, 1)
    return faded


def _compared(coarse: CoarseMatte, levels: Levels, most: int, before: _Fits | None = None) -> _Fits | None:
    """At every place: what the sharp photo and the blurred one leave unexplained, summed, and the undecided pixels.

    ``most``: how many pieces are fitted. ``before``: what was found with fewer, which are not fitted again.
    """
    if coarse.fit.pixel < 1:  # finer than the photo
        size = Size(
            *(
                max(1, min(pair))
                for pair in zip(_sides(coarse.fit.network), _sides(coarse.fit.region.size), strict=True)
            )
        )
        coarse = coarse.changed(np.clip(cv2.resize(coarse.alpha, _sides(size), interpolation=cv2.INTER_AREA), 0, 1))
    alpha = coarse.alpha
    undecided = _undecided(alpha)
    if int(undecided.sum()) < FEWEST:
        return None
    grid = tuple(-(-side // PLACE) for side in alpha.shape)
    sharp, blurred, count = before or (
        np.zeros(grid, np.float32),
        np.zeros(grid, np.float32),
        np.zeros(grid, np.float32),
    )
    # the few are some of the many
    for piece in _spread(_spread(list(_pieces(undecided)), MOST_PIECES), most):
        cells = (
            slice(piece.top // PLACE, -(-piece.bottom // PLACE)),
            slice(piece.left // PLACE, -(-piece.right // PLACE)),
        )
        if count[cells].any():
            continue
        within = undecided[piece.slices()]
        around = piece.grown(AROUND).within(Size.of(alpha))
        colour = _photo_under(coarse, levels, around)
        inner = piece.relative_to(around).slices()
        for sigma, total in ((0.0, sharp), (TRIED_BLUR, blurred)):
            total[cells] = _by_place(_unexplained(colour, alpha[around.slices()], sigma)[inner] * within)
        count[cells] = _by_place(within.astype(np.float32))
    return sharp, blurred, count


def _spread(pieces: list[Box], most: int) -> list[Box]:
    """At most so many of them, evenly spaced."""
    return pieces[:: max(1, -(-len(pieces) // most))]


def _sides(size: Size) -> tuple[int, int]:
    return size.width, size.height


def _pieces(undecided: NDArray[np.bool_]) -> Iterator[Box]:
    """The squares of the mask that hold something undecided."""
    size = Size.of(undecided)
    for top in range(0, size.height, PIECE):
        for left in range(0, size.width, PIECE):
            box = Box(left, top, PIECE, PIECE).within(size)
            if undecided[box.slices()].any():
                yield box


def _photo_under(coarse: CoarseMatte, levels: Levels, box: Box) -> FloatArray:
    """The photo's mean colour under each of the mask's pixels in ``box``: float32 (row, column, RGB) in [0, 1]."""
    fit = coarse.fit
    level = min(max(0, math.floor(math.log2(fit.pixel) + 0.01)), levels.levels - 1)
    step = 2**level
    across = fit.region.width / fit.network.width / step, fit.region.height / fit.network.height / step
    columns = np.arange(box.left, box.right + 1) * across[0] + fit.region.left / step
    rows = np.arange(box.top, box.bottom + 1) * across[1] + fit.region.top / step
    left, top = math.floor(columns[0]), math.floor(rows[0])
    seen = Box(left, top, max(1, math.ceil(columns[-1]) - left), max(1, math.ceil(rows[-1]) - top))
    return area_means(photo_in(levels, level, seen), rows - top, columns - left)


def _unexplained(colour: FloatArray, alpha: FloatArray, sigma: float) -> FloatArray:
    """How far ``alpha`` lies from the local colour lines of ``colour``, blurred by ``sigma``: float32 (row, column)."""
    colour = gaussian(colour, sigma)
    slopes, offset = colour_lines(colour, alpha, FIRST_RADIUS, EPSILON)
    for channel, slope in enumerate(slopes):
        offset = offset + slope * colour[..., channel]
    left: FloatArray = np.abs(np.clip(offset, 0, 1) - alpha)
    return left


def _by_place(values: FloatArray) -> FloatArray:
    """Sums of PLACE × PLACE pixels, fewer at the right and lower rim."""
    rows, columns = (-(-side // PLACE) for side in values.shape)
    whole = np.zeros((rows * PLACE, columns * PLACE), np.float32)
    whole[: values.shape[0], : values.shape[1]] = values
    sums: FloatArray = whole.reshape(rows, PLACE, columns, PLACE).sum((1, 3))
    return sums
