"""How well the photo explains a mask's alpha at every place: as it is, blurred once more, and moved by a pixel.

An alpha is explained by local colour lines (Levin, Lischinski, Weiss, 2008), fitted to the photo at the mask's size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean, extremes, gaussian
from gigamatte.matte.cascade.reading import Levels, photo_in
from gigamatte.matte.mask.area import area_means
from gigamatte.matte.refiners.guided import EPSILON, FIRST_RADIUS, ColourWindows
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, CoarseMatte, FloatArray, Size

#: σ of the blur, in pixels of the mask: half of what a network's answer is blurred by.
BLUR = 0.7
#: Noise of the photo, in alpha: smaller differences are ignored.
NOISE = 0.001
#: Pieces of the mask that are fitted at once, the surroundings that each needs, and the places in it, in its pixels.
PIECE, AROUND, PLACE = 192, 8, 16
#: Of a large mask this many evenly spaced pieces are looked at, or the second number for a first glance.
MOST_PIECES, FEW_PIECES = 40, 12
#: Axis and sign of the moves that are tried.
DIRECTIONS = ((0, 1), (0, -1), (1, 1), (1, -1))
#: With fewer undecided pixels nothing is said.
FEWEST = 64


class Fits:
    """What was found in some pieces of a mask, as sums over the undecided pixels of its places, float32 (row, column).

    ``count``: these pixels. ``spread``: how far the alpha deviates from its mean in the window of a fit; ``left``: what
    the blurred photo leaves unexplained of it; both also of the alpha ``blurred`` like the photo. In every other piece
    of the first glance, ``here`` is ``left``, and ``moved`` what is left of the alpha moved by a pixel, in four ways.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        self.count, self.spread, self.left, self.blurred_spread, self.blurred_left = (
            np.zeros(grid, np.float32) for _ in range(5)
        )
        self.here, self.moved = np.zeros(grid, np.float32), [np.zeros(grid, np.float32) for _ in DIRECTIONS]

    @property
    def blur(self) -> float:
        """How much better the blurred photo explains the mask than the mask blurred like it: above 1 for a blurred one.

        A matte is as sharp as the photo, so that both still agree when both are blurred (below ½). A network's answer
        was blurred by that network: it is like the blurred photo, and less so when it is blurred again. Where alpha is
        smooth it is 1, where mask and photo have nothing to do with each other .7–.9. Noise counts alike on both sides.
        """
        return float(_blur(*(part.sum(keepdims=True) for part in self._parts()))[0, 0])

    def blur_by_place(self) -> FloatArray:
        """The same at every place together with its neighbours; NaN where nothing was looked at."""
        parts = [box_mean(part, 1, beyond="zero") for part in self._parts()]
        return np.where(parts[-1] > 0, _blur(*parts), np.float32(np.nan))

    @property
    def placing(self) -> float:
        """What is left of the alpha when it is moved, over what is left here: above 1 if it lies where it belongs.

        The best direction counts at every place, so that a contour too far outside or inside shows as well.
        """
        near = [box_mean(part, 1, beyond="zero") for part in (*self.moved, self.here)]
        noise = NOISE * float(self.count[self.here > 0].sum())
        moved, here = float(np.minimum.reduce(near[:-1]).sum()), float(near[-1].sum())
        return (moved + noise) / (here + noise) if here > 0 else 1.0

    @property
    def unexplained(self) -> float:
        """How much of alpha is left unexplained at an undecided pixel."""
        return float(self.left.sum()) / max(float(self.count.sum()), 1.0)

    @property
    def bent(self) -> float:
        """The same of the blurred alpha."""
        return float(self.blurred_left.sum()) / max(float(self.count.sum()), 1.0)

    def _parts(self) -> tuple[FloatArray, ...]:
        return self.left, self.spread, self.blurred_left, self.blurred_spread, self.count


def _blur(
    left: FloatArray, spread: FloatArray, blurred_left: FloatArray, blurred_spread: FloatArray, count: FloatArray
) -> FloatArray:
    noise = np.float32(NOISE) * np.maximum(count, np.float32(1e-6))
    found: FloatArray = (blurred_left + noise) / (blurred_spread + noise) * (spread + noise) / (left + noise)
    return found


def fitted(coarse: CoarseMatte, levels: Levels, most: int, before: Fits | None = None, threads: int = 1) -> Fits | None:
    """What the photo says about a mask in ``most`` of its pieces; None if too little of it is undecided.

    ``before``: what was found with fewer pieces, which are not looked at again. The same for any number of ``threads``.
    """
    coarse = _no_finer_than_the_photo(coarse)
    alpha = coarse.alpha
    highest, lowest = extremes(alpha)
    undecided = (highest > 0.02) & (lowest < 0.98)
    if int(undecided.sum()) < FEWEST:
        return None
    found = before or Fits((-(-alpha.shape[0] // PLACE), -(-alpha.shape[1] // PLACE)))

    def look(number: int, piece: Box) -> None:
        cells = (
            slice(piece.top // PLACE, -(-piece.bottom // PLACE)),
            slice(piece.left // PLACE, -(-piece.right // PLACE)),
        )
        if not found.count[cells].any():
            around = piece.grown(AROUND).within(Size.of(alpha))
            colour = gaussian(_photo_under(coarse, levels, around), BLUR)
            inner = piece.relative_to(around).slices()
            moves = DIRECTIONS if before is None and number % 2 == 0 else ()
            _fit(found, cells, colour, alpha[around.slices()], inner, undecided[piece.slices()], moves)

    # the few are some of the many; each has cells of its own
    pieces = _spread(_spread(list(_pieces(undecided)), MOST_PIECES), most)
    with Pool(threads) as pool:
        list(pool.map(look, range(len(pieces)), pieces))
    return found


def _fit(
    found: Fits,
    cells: tuple[slice, slice],
    colour: FloatArray,
    alpha: FloatArray,
    inner: tuple[slice, slice],
    undecided: NDArray[np.bool_],
    moves: tuple[tuple[int, int], ...],
) -> None:
    """Adds one piece: its blurred colours and alpha with surroundings, of which ``inner`` is the piece itself."""
    windows, blurred = ColourWindows(colour, FIRST_RADIUS, EPSILON), gaussian(alpha, BLUR)

    def summed(values: FloatArray) -> FloatArray:
        return _by_place(values[inner] * undecided)

    found.count[cells] = _by_place(undecided.astype(np.float32))
    found.spread[cells], found.left[cells] = summed(_deviation(alpha)), summed(windows.unexplained(alpha))
    found.blurred_spread[cells] = summed(_deviation(blurred))
    found.blurred_left[cells] = summed(windows.unexplained(blurred))
    if moves:
        found.here[cells] = found.left[cells]
    for total, (axis, by) in zip(found.moved, moves, strict=False):
        left = windows.unexplained(_moved(alpha, axis, by))
        total[cells] = summed(_moved(left, axis, -by))


def _moved(plane: FloatArray, axis: int, by: int) -> FloatArray:
    """The plane moved by one pixel along an axis; at its rim the values are repeated."""
    length = plane.shape[axis]
    return plane.take(np.clip(np.arange(length) - by, 0, length - 1), axis)


def _deviation(alpha: FloatArray) -> FloatArray:
    mean = box_mean(alpha, FIRST_RADIUS)
    found: FloatArray = np.sqrt(np.maximum(box_mean(alpha * alpha, FIRST_RADIUS) - mean * mean, 0))
    return found


def _no_finer_than_the_photo(coarse: CoarseMatte) -> CoarseMatte:
    if coarse.fit.pixel >= 1:
        return coarse
    mask, region = coarse.fit.network, coarse.fit.region.size
    size = max(1, min(mask.width, region.width)), max(1, min(mask.height, region.height))
    return coarse.changed(np.clip(cv2.resize(coarse.alpha, size, interpolation=cv2.INTER_AREA), 0, 1))


def _spread(pieces: list[Box], most: int) -> list[Box]:
    """At most so many of them, evenly spaced."""
    return pieces[:: max(1, -(-len(pieces) // most))]


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


def _by_place(values: FloatArray) -> FloatArray:
    """Sums of PLACE × PLACE pixels, fewer at the right and lower rim."""
    rows, columns = (-(-side // PLACE) for side in values.shape)
    whole = np.zeros((rows * PLACE, columns * PLACE), np.float32)
    whole[: values.shape[0], : values.shape[1]] = values
    sums: FloatArray = whole.reshape(rows, PLACE, columns, PLACE).sum((1, 3))
    return sums
