"""Where an alpha passes one half: closed polygons through its pixels, from strips, in memory for the contour alone.

Marching squares (W. Lorensen, H. Cline: Marching Cubes, 1987, in two dimensions): between the centres of neighbouring
pixels on both sides of one half lies a corner. Where the alpha is soft, that is where a straight line between their
values passes it. A hard edge with the usual antialiasing says how much of each pixel is inside, and such a line is up
to .09 pixels off there, to and fro along the edge: what matters then is the length inside, summed over four pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import Depth, PixelArray, Size

#: corners of polygons that are held; of more a coarser picture is to be traced
MOST_CORNERS = 4_000_000

#: by how much alpha falls within four pixels where none of the length that is summed counts, and where it alone does
SOFT, HARD = 0.6, 0.9
#: how near a corner may come to a pixel's centre, pixels: corners of several steps stay apart
_APART = 1e-3

#: float64 (corner, 2): x, y; the corners of pixels are whole numbers; the inside lies to the right of the way
Polygon = NDArray[np.float64]


class TooMany(Exception):
    """The contour has more corners than it may have."""


def traced(strips: Iterable[PixelArray], size: Size, most: int = MOST_CORNERS) -> list[Polygon]:
    """The polygons around what is at least half opaque. Beyond the picture all is transparent.

    ``strips`` (row, column), uint8 or uint16, come from top to bottom and make ``size``. Raises TooMany where they have
    more than ``most`` corners.
    """
    begins: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    places: list[NDArray[np.float64]] = []
    corners = 0
    for top, rows in _with_neighbours(strips, size):
        begin, end, place = _steps(rows, top)
        corners += len(begin)
        if corners > most:
            raise TooMany
        begins.append(begin)
        ends.append(end)
        places.append(place)
    return _linked(np.concatenate(begins), np.concatenate(ends), np.concatenate(places))


def areas_of(polygons: list[Polygon]) -> NDArray[np.float64]:
    """The area within each, pixels: above zero where it runs clockwise as seen, which outer ones do."""
    if not polygons:
        return np.empty(0)
    first = np.cumsum([0, *map(len, polygons[:-1])])
    x, y = np.concatenate(polygons).T
    following = np.arange(1, len(x) + 1)
    following[np.append(first[1:], len(x)) - 1] = first
    return np.add.reduceat(x * y[following] - x[following] * y, first) / 2


def _with_neighbours(strips: Iterable[PixelArray], size: Size) -> Iterator[tuple[int, PixelArray]]:
    """The rows of all strips, each time with those needed for the steps between all but the first and last of them.

    There are two transparent columns on both sides, and the number of the second row comes first.
    """
    window: PixelArray | None = None
    row = -2
    for strip in strips:
        plain = strip.reshape(len(strip), -1)
        if window is None:
            window = np.zeros((2, size.width + 4), plain.dtype)
        beside = np.pad(plain, ((0, 0), (2, 2)))
        window = np.concatenate([window, beside])
        if len(window) > 3:
            yield row + 1, window
            row += len(window) - 3
            window = window[-3:].copy()
    if window is not None:
        yield row + 1, np.concatenate([window, np.zeros_like(window[:2])])


def _steps(window: PixelArray, top: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The steps of the contour between the centres of these rows: number of each one's corner, of the next, and x, y.

    The ``window`` has one row and column more on each side; ``top`` is the number of its second row.

    A corner's number says between which pixels it lies: twice the pixel's own, and one more where the other lies below.
    """
    rows = window[1:-1, 1:-1]
    half = Depth.of(rows).full // 2
    inside = rows > half
    same = (inside[:-1, :-1] == inside[1:, 1:]) & (inside[:-1, 1:] == inside[1:, :-1])
    same &= inside[:-1, :-1] == inside[:-1, 1:]
    row, column = np.divmod(np.flatnonzero(~same), same.shape[1])
    left_top, right_top = inside[row, column], inside[row, column + 1]
    left_low, right_low = inside[row + 1, column], inside[row + 1, column + 1]
    width = rows.shape[1]
    pixel = (row + top + 1) * width + column
    # the corners on the four sides of a square of four pixels, and whether the contour enters it there
    upper, lower, left, right = 2 * pixel, 2 * (pixel + width), 2 * pixel + 1, 2 * pixel + 3
    crossed = {
        "upper": (left_top != right_top, left_top),
        "right": (right_top != right_low, right_top),
        "lower": (left_low != right_low, right_low),
        "left": (left_top != left_low, left_low),
    }
    numbers = {"upper": upper, "right": right, "lower": lower, "left": left}
    saddle = (left_top == right_low) & (right_top == left_low)
    begin, end = np.zeros_like(pixel), np.zeros_like(pixel)
    for side, (crosses, enters) in crossed.items():
        begin[crosses & enters & ~saddle] = numbers[side][crosses & enters & ~saddle]
        end[crosses & ~enters & ~saddle] = numbers[side][crosses & ~enters & ~saddle]
    more = _saddles(rows, row, column, saddle, left_top, numbers)
    begin, end = (
        np.concatenate([both[~saddle], *(pair[which] for pair in more)]) for which, both in enumerate((begin, end))
    )
    return begin, end, _places(window, begin, top)


def _saddles(
    rows: PixelArray,
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    saddle: NDArray[np.bool_],
    falling: NDArray[np.bool_],
    numbers: dict[str, NDArray[np.int64]],
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Steps where opposite pixels are inside: they hang together where the mean of the four is (``falling``: \\)."""
    four = [rows[row + down, column + across].astype(np.int64) for down in (0, 1) for across in (0, 1)]
    joined = sum(four) > 2 * Depth.of(rows).full
    steps = []
    for chosen, pairs in (
        (falling & joined, (("upper", "right"), ("lower", "left"))),
        (falling & ~joined, (("upper", "left"), ("lower", "right"))),
        (~falling & joined, (("right", "lower"), ("left", "upper"))),
        (~falling & ~joined, (("right", "upper"), ("left", "lower"))),
    ):
        here = saddle & chosen
        steps += [(numbers[begin][here], numbers[end][here]) for begin, end in pairs]
    return steps


def _places(window: PixelArray, corner: NDArray[np.int64], top: int) -> NDArray[np.float64]:
    pixel, below = np.divmod(corner, 2)
    row, column = np.divmod(pixel, window.shape[1] - 2)
    # a pixel's centre lies half a pixel from its corner; the first column and row are beyond the picture
    places = np.column_stack([column - 0.5, row - 0.5])
    for way in (0, 1):
        own = below == way
        down, across = row[own] - top, column[own] + 1
        along = [(down + step * way, across + step * (1 - way)) for step in (-1, 0, 1, 2)]
        places[own, way] += _passed([window[one] for one in along], int(Depth.of(window).full))
    return places


def _passed(values: list[PixelArray], full: int) -> NDArray[np.float64]:
    """How far behind the second of four pixels in a row the contour passes, which it does before the third."""
    four = np.stack(values).astype(np.float64)
    falling = four[1] > four[2]
    four = np.where(falling, four, full - four)
    straight = (four[1] - full / 2) / (four[1] - four[2])
    inside = four.sum(axis=0) / full - 1.5
    weight = np.clip(((four[0] - four[3]) / full - SOFT) / (HARD - SOFT), 0, 1)
    passed: NDArray[np.float64] = straight + weight * (np.clip(inside, _APART, 1 - _APART) - straight)
    return passed


def _linked(begin: NDArray[np.int64], end: NDArray[np.int64], places: NDArray[np.float64]) -> list[Polygon]:
    """Steps, each from a corner of its own, joined to polygons; the same whatever the order of the steps."""
    order = np.argsort(begin)
    begin, places = begin[order], places[order]
    first, ahead = _firsts(np.searchsorted(begin, end[order]))
    lengths = np.bincount(first, minlength=len(begin))
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    polygons: Polygon = np.empty_like(places)
    polygons[bounds[first] + (lengths[first] - ahead) % lengths[first]] = places
    numbers = np.flatnonzero(lengths)
    return [polygons[here:there] for here, there in zip(bounds[numbers], bounds[numbers + 1], strict=True)]


def _firsts(following: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lowest number on the closed way through each, and how many steps ahead it lies.

    ``following``: the number after each. Every round looks twice as far (J. Wyllie: The Complexity of Parallel
    Computations, 1979, pointer jumping); where none sees a lower one any more, all see their whole way.
    """
    first = np.arange(len(following))
    ahead = np.zeros_like(first)
    reach, far = 1, following
    while True:
        seen = first[far]
        lower = np.flatnonzero(seen < first)
        if not len(lower):
            return first, ahead
        ahead[lower] = ahead[far[lower]] + reach
        first[lower] = seen[lower]
        reach, far = 2 * reach, far[far]
