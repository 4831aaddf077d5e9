"""Which pixels are worked on together: whole numbers only.

A level of the photo is a fixed grid of squares, counted from its top left corner. Each is read with a halo, so that
what is computed for it equals what would be computed for the whole picture at once.
"""

from __future__ import annotations

from gigamatte.errors import UsageError
from gigamatte.types import Box, Size, Tile

#: Edge of a stored tile, in pixels: small, so that a thin contour touches few; not so small that halos cost more.
EDGE = 256


def grid(size: Size, edge: int = EDGE) -> tuple[int, int]:
    """(rows, columns) of tiles that cover a picture."""
    return -(-size.height // edge), -(-size.width // edge)


def home(row: int, column: int, size: Size, edge: int = EDGE) -> Box:
    """The pixels of one tile of the grid, cut at the picture's right and lower border."""
    return Box(column * edge, row * edge, edge, edge).within(size)


def with_halo(write: Box, halo: int) -> Tile:
    """The tile that writes ``write`` and reads ``halo`` more pixels on every side, beyond the picture's border too.

    The read box starts and ends on even coordinates, so that it covers whole pixels of the next coarser level.
    Raises UsageError when ``write`` does not start on even coordinates or ``halo`` is odd.
    """
    if write.left % 2 or write.top % 2 or halo % 2:
        raise UsageError(f"tiles start on even pixels and have an even halo, found {write} and {halo}")
    read = write.grown(halo)
    return Tile(write, Box(read.left, read.top, read.width + read.width % 2, read.height + read.height % 2))


def parent(box: Box) -> Box:
    """The pixels of the next coarser level under an even box."""
    return Box(box.left // 2, box.top // 2, box.width // 2, box.height // 2)
