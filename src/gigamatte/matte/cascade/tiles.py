"""Which pixels are resolved together, in whole numbers of pixels.

A level of the photo is a fixed grid of squares, counted from its top left corner. Each is read with a halo, so that
what is computed for it equals what would be computed for the whole picture at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from gigamatte.errors import UsageError
from gigamatte.types import Box, Grid, Place, Tile

#: Edge of a stored tile, in pixels: small, so that a thin contour touches few; not so small that halos cost more.
EDGE = 256

#: Tiles that are worked on as one: they lie within 2×2 tiles of the grid, in order, and touch.
Block = tuple[Place, ...]


def blocks(places: Iterable[Place]) -> list[Block]:
    """The tiles as blocks: what lies in the same 2×2 of the grid is read with one halo, not with four.

    Four tiles with a halo of 64 read 1.44 times as many pixels as the block that they make, and two that touch 1.2
    times; two that only meet at a corner stay apart. Which tiles make a block depends on nothing else.
    """
    found: list[Block] = []
    ordered = sorted(places, key=lambda place: (place[0] // 2, place[1] // 2, place))
    for _, square in groupby(ordered, key=lambda place: (place[0] // 2, place[1] // 2)):
        block = tuple(square)
        across = len(block) == 2 and block[0][0] != block[1][0] and block[0][1] != block[1][1]
        found += [(place,) for place in block] if across else [block]
    return found


def home_of(block: Block, grid: Grid) -> Box:
    """The pixels of the smallest rectangle of tiles around a block."""
    (top, left), (bottom, right) = (tuple(f(place[axis] for place in block) for axis in (0, 1)) for f in (min, max))
    first, last = grid.home((top, left)), grid.home((bottom, right))
    return Box(first.left, first.top, last.right - first.left, last.bottom - first.top)


def with_halo(write: Box, halo: int) -> Tile:
    """The tile that writes ``write`` and reads ``halo`` more pixels on every side, beyond the picture's border too.

    The read box starts and ends on even coordinates, so that it covers whole pixels of the next coarser level.
    Raises UsageError when ``write`` does not start on even coordinates or ``halo`` is odd.
    """
    if write.left % 2 or write.top % 2 or halo % 2:
        raise UsageError(f"tiles start on even pixels and have an even halo, found {write} and {halo}")
    return Tile(write, evened(write.grown(halo)))


def evened(box: Box) -> Box:
    """The box with even sides: perhaps a pixel wider and higher."""
    return Box(box.left, box.top, box.width + box.width % 2, box.height + box.height % 2)


def parent(box: Box) -> Box:
    """The pixels of the next coarser level under an even box."""
    return Box(box.left // 2, box.top // 2, box.width // 2, box.height // 2)
