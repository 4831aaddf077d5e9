"""The subject's own colour where it is mixed with the background: F in I = α·F + (1 − α)·B.

Multi-level estimation (Germer, Uelwer, Conrad, Harmeling, Fast Multi-Level Foreground Estimation, 2020): at each scale
a few Jacobi steps pull F and B towards the composition equation and towards their neighbours, the more the faster
alpha changes. Scales go from tiny to full. Here the coarse scales are solved once for the whole photo, at an eighth of
its size or less, and the fine ones tile by tile with a halo, only where the matte is undecided: as exact as the whole
picture solved at once, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from gigamatte.cutout.alpha_levels import Alphas, ReadOnce, alpha_at
from gigamatte.matte.cascade.reading import Levels, nearest_inside, planes_in, repeated
from gigamatte.photo.levels import level_sizes
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, Depth, FloatArray, Matte, PixelArray, Size

#: How strongly neighbours are held together everywhere; where alpha changes, by as much as it changes besides.
SMOOTHNESS = 1e-5
#: Largest picture that is solved at once, in pixels, and what that takes.
GLOBAL_PIXELS, GLOBAL_BYTES_PER_PIXEL = 2_000_000, 56
#: Pixels of it that are worked on at a time, few enough for the processor's cache, and at least so many rows.
BAND_PIXELS, BAND_ROWS = 1 << 14, 16
#: The photo is shrunk at least 2**GLOBAL_LEVEL times for that.
GLOBAL_LEVEL = 3
#: Jacobi steps at scales of up to SMALL pixels a side, and above.
SMALL, SMALL_STEPS, STEPS = 32, 10, 2
#: … and at full size, where the scales before have left little to do.
FINAL_STEPS = 2
#: Up to so many pixels all three channels are solved together: fewer calls count more than the processor's cache.
TOGETHER_PIXELS = 5000


class Foreground:
    """Foreground colours of one photo and its matte: solved once when made, then read tile by tile, by any thread.

    ``reduced``, for a result that is smaller than the photo: on the last scale they are fitted and not solved.
    ``quick``: there they are enlarged, and what small scales need is held: a third of the time. The same for any number
    of ``threads``.
    """

    def __init__(
        self, levels: Levels, matte: Matte, *, quick: bool = False, reduced: bool = False, threads: int = 1
    ) -> None:
        self._levels, self._matte, self._quick, self._reduced = levels, matte, quick, reduced
        self._scale = float(Depth.of(levels.read(0, Box(0, 0, 1, 1))).full)
        self._level = _global_level([levels.size(level) for level in range(levels.levels)])
        size = levels.size(self._level)
        #: photo and alpha of small scales, which are else read for every tile
        self.held: dict[int, tuple[FloatArray, FloatArray]] = {}
        with Pool(threads) as pool:
            colour, alpha = planes_in(levels, self._level, size.box), alpha_at(matte, size.box, self._level, pool)
            self._solved = solve(colour, alpha, pool)
        if quick:
            held = [level for level in range(1, self._level) if levels.size(level).pixels <= GLOBAL_PIXELS]
            self.held = {level: self._inputs(level, levels.size(level).box) for level in held}

    def read(self, box: Box) -> PixelArray:
        """F in ``box`` of the photo: (row, column, RGB), uint8 or uint16 like the photo."""
        step = 2**self._level
        # whole pixels of the coarsest level, so that every scale between lies on the same grid
        coarsest = max(0, self._level - 1)
        seen = _aligned(box.grown(_beyond(coarsest) << coarsest), step)
        seen = seen.within(_aligned(self._levels.size(0).box, step))
        home = Box(seen.left // step, seen.top // step, -(-seen.width // step), -(-seen.height // step))
        whole = Box(0, 0, self._solved.shape[2], self._solved.shape[1])
        inside = nearest_inside(home, whole.size)
        both = repeated(self._solved[:, *inside.slices()], inside, home, axis=1)
        held, alphas = home, None if self._quick else ReadOnce(self._matte, seen)
        for level in range(self._level - 1, -1, -1):
            part = Box(seen.left >> level, seen.top >> level, -(-seen.width >> level), -(-seen.height >> level))
            part = _scaled(box, level).grown(_beyond(level)).within(part)
            if self._quick and not level:
                return self._pixels(_doubled(both[:3], held, part), box.relative_to(part))
            both, held = _doubled(both, held, part), part
            inputs = self._inputs(level, part, alphas)
            if self._reduced and not level:
                return self._pixels(fitted(both, *inputs), box.relative_to(part))
            both = relaxed(both, *inputs, STEPS if level else FINAL_STEPS)
        return self._pixels(both[:3], box.relative_to(held))

    def _pixels(self, planes: FloatArray, box: Box) -> PixelArray:
        """What lies in ``box`` of colours in [0, 1], (3, row, column): (row, column, RGB) in the photo's depth."""
        rows, columns = box.slices()
        scaled = planes[:, rows, columns] * np.float32(self._scale)
        scaled += np.float32(0.5)
        colours: PixelArray = cv2.merge(list(self._matte.depth.pixels(scaled)))
        return colours

    def _inputs(self, level: int, box: Box, alphas: Alphas | None = None) -> tuple[FloatArray, FloatArray]:
        """The photo in ``box``, float32 (3, row, column) in [0, 1], and the alpha; beyond the border it is repeated."""
        if level in self.held:
            colour, alpha = self.held[level]
            inside = nearest_inside(box, Size.of(alpha))
            rows, columns = inside.slices()
            return repeated(colour[:, rows, columns], inside, box, axis=1), repeated(alpha[rows, columns], inside, box)
        return planes_in(self._levels, level, box), alpha_at(alphas or self._matte, box, level)


def memory_needed(photo: Size) -> int:
    """Bytes that solving the coarse scales of a photo of this size takes at its worst."""
    sizes = level_sizes(photo)
    return GLOBAL_BYTES_PER_PIXEL * sizes[_global_level(sizes)].pixels


def _global_level(sizes: Sequence[Size]) -> int:
    """The level that is solved at once, of a photo's levels of these sizes."""
    level = min(GLOBAL_LEVEL, len(sizes) - 1)
    while level < len(sizes) - 1 and sizes[level].pixels > GLOBAL_PIXELS:
        level += 1
    return level


def _beyond(level: int) -> int:
    """How many pixels of a level around a box its colours depend on: all steps there, and what finer levels need."""
    beyond = FINAL_STEPS
    for _ in range(level):
        beyond = STEPS + -(-beyond // 2) + 1  # interpolation reads one pixel more
    return beyond


def _scaled(box: Box, level: int) -> Box:
    """The pixels of a level that lie under a box of level 0."""
    left, top = box.left >> level, box.top >> level
    return Box(left, top, -(-box.right >> level) - left, -(-box.bottom >> level) - top)


def _doubled(planes: FloatArray, held: Box, wanted: Box) -> FloatArray:
    """Planes, (number, row, column), that lie in ``held`` of a level, in ``wanted`` of the next finer one; linear."""
    # a pixel more on every side: what is interpolated at the rim is cut off, except where the picture ends
    source = _scaled(wanted, 1).grown(1).within(held)
    rows, columns = source.relative_to(held).slices()
    inner = wanted.relative_to(Box(2 * source.left, 2 * source.top, 2 * source.width, 2 * source.height)).slices()
    size = 2 * source.width, 2 * source.height
    out = np.empty((len(planes), *wanted.size.shape), np.float32)
    for number, plane in enumerate(planes):
        out[number] = cv2.resize(plane[rows, columns], size, interpolation=cv2.INTER_LINEAR)[inner]
    return out


def _aligned(box: Box, step: int) -> Box:
    left, top = box.left // step * step, box.top // step * step
    right, bottom = -(-box.right // step) * step, -(-box.bottom // step) * step
    return Box(left, top, right - left, bottom - top)


def solve(colour: FloatArray, alpha: FloatArray, pool: Pool | None = None) -> FloatArray:
    """F and B of a whole picture: (6, row, column) float32, R G B of the foreground, then of the background.

    ``colour`` float32 (3, row, column) and ``alpha`` float32 (row, column), both in [0, 1]. The same with any ``pool``.
    """
    rows, columns = alpha.shape
    scales = max(1, int(np.ceil(np.log2(max(rows, columns)))))
    both = np.tile(colour.mean(axis=(1, 2), keepdims=True, dtype=np.float32), (2, 1, 1))
    for number in range(scales + 1):
        height, width = round(rows ** (number / scales)), round(columns ** (number / scales))
        small = _resized(colour, width, height, cv2.INTER_AREA)
        small_alpha = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
        steps = SMALL_STEPS if max(width, height) <= SMALL else STEPS
        both = _relaxed_from(both, small, small_alpha, steps, pool)
    return both


def _relaxed_from(
    coarser: FloatArray, colour: FloatArray, alpha: FloatArray, steps: int, pool: Pool | None
) -> FloatArray:
    """``relaxed``, from the solution of a coarser scale, in bands of rows: a fifth of the memory.

    A step looks one row up and down, so a band that begins ``steps`` rows earlier and ends as many later holds, in its
    middle, exactly what the whole picture would.
    """
    rows, columns = alpha.shape
    down, across = (np.arange(n) * m // n for n, m in zip(alpha.shape, coarser.shape[1:], strict=True))
    out = np.empty((len(coarser), rows, columns), np.float32)
    band = max(BAND_ROWS, BAND_PIXELS // columns)

    def solve_band(top: int) -> None:
        bottom = min(rows, top + band)
        first, last = max(0, top - steps), min(rows, bottom + steps)
        start = coarser[:, down[first:last]][:, :, across]
        solved = relaxed(start, colour[:, first:last], alpha[first:last], steps)
        out[:, top:bottom] = solved[:, top - first : bottom - first]

    list((map if pool is None else pool.map)(solve_band, range(0, rows, band)))
    return out


def relaxed(both: FloatArray, colour: FloatArray, alpha: FloatArray, steps: int) -> FloatArray:
    """``steps`` Jacobi steps of F and B, (6, row, column), towards the composition equation and their neighbours.

    ``colour`` (3, row, column) and ``alpha`` (row, column) as in ``solve``. Channels come first, so that every
    operation runs over unbroken rows; F and B go through it together, into arrays that are used again: threads lose
    most of their time between operations and to the system that hands out fresh memory. Of large pictures one channel
    after another: what a step reads and writes then fits into the processor's cache.
    """
    right, below = _strength(alpha[:, 1:], alpha[:, :-1]), _strength(alpha[1:], alpha[:-1])
    total = np.zeros_like(alpha)
    total[:, :-1] += right
    total[:, 1:] += right
    total[:-1] += below
    total[1:] += below
    shares = np.stack([alpha, 1 - alpha])
    # per pixel: [α² + w, α(1−α); α(1−α), (1−α)² + w] [F; B] = [αI + Σ wⱼFⱼ; (1−α)I + Σ wⱼBⱼ], w = Σ wⱼ
    own, cross = shares * shares + total, shares[0] * shares[1]
    inverse = 1 / np.maximum(own[0] * own[1] - cross * cross, 1e-12)
    own, cross = own[::-1] * inverse, cross * inverse  # the inverse matrix, whose diagonal is the other way round
    count = 3 if alpha.size <= TOGETHER_PIXELS else 1
    planes, shape = 2 * count, (2, count, *alpha.shape)
    # OpenCV's sums of products take a quarter of the time of NumPy's two steps, and want one plane: all below another
    rows, columns = alpha.shape
    flat = planes * rows, columns
    rightwards, downwards = (
        np.empty((planes, rows, columns - 1), np.float32),
        np.zeros((planes, rows, columns), np.float32),
    )
    rightwards[:], downwards[:, :-1] = right, below  # 0 between one plane and the next
    weights = rightwards.reshape(flat[0], -1), downwards.reshape(flat)[:-1]
    start, out = both.reshape(2, 3, *alpha.shape), np.empty((2, 3, *alpha.shape), np.float32)
    given, pulled, term, pair = (np.empty(shape, np.float32) for _ in range(4))
    for first in range(0, 3, count):
        some = slice(first, first + count)
        np.copyto(pair, start[:, some])
        np.multiply(colour[some], shares[:, None], out=given)
        for _ in range(steps):
            np.copyto(pulled, given)
            _pull(pair.reshape(flat), *weights, pulled.reshape(flat))
            np.multiply(own[:, None], pulled, out=pair)
            pair -= np.multiply(cross, pulled[::-1], out=term)
            np.clip(pair, 0, 1, out=pair)
        out[:, some] = pair
    return out.reshape(both.shape)


def fitted(both: FloatArray, colour: FloatArray, alpha: FloatArray) -> FloatArray:
    """F, (3, row, column), of F and B that are too smooth, moved so far that the pixel's colour is that of the photo.

    Arguments as in ``relaxed``. F takes the part α of what is missing (M. Forte: Approximate Fast Foreground Colour
    Estimation, 2021).
    """
    out = np.empty_like(colour)
    beyond = 1 - alpha
    for front, back, seen, made in zip(both[:3], both[3:], colour, out, strict=True):
        np.multiply(front, alpha, out=made)
        np.subtract(seen, made, out=made)
        made -= back * beyond
        made *= alpha
        made += front
    return np.clip(out, 0, 1, out=out)


def _strength(alpha: FloatArray, neighbour: FloatArray) -> FloatArray:
    """How strongly two neighbours are held together: float32 (row, column)."""
    difference: FloatArray = np.abs(alpha - neighbour)
    difference += np.float32(SMOOTHNESS)
    return difference


def _pull(pair: FloatArray, right: FloatArray, below: FloatArray, sums: FloatArray) -> None:
    """Adds each pixel's neighbours in ``pair`` by their weights to ``sums``, both (row, column)."""
    if right.size:
        cv2.accumulateProduct(right, pair[:, 1:], sums[:, :-1])
        cv2.accumulateProduct(right, pair[:, :-1], sums[:, 1:])
    cv2.accumulateProduct(below, pair[1:], sums[:-1])
    cv2.accumulateProduct(below, pair[:-1], sums[1:])


def _resized(planes: FloatArray, width: int, height: int, how: int) -> FloatArray:
    if planes.shape[1:] == (height, width):
        return planes
    return np.stack([cv2.resize(plane, (width, height), interpolation=how) for plane in planes])
