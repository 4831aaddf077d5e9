"""Connected regions of a picture of any size, found tile by tile from one pixel on, and kept as bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import measured_pieces
from gigamatte.matte.cascade.tiles import EDGE
from gigamatte.types import Box, Grid, Place, Size

Chosen = NDArray[np.bool_]
#: (row, column) of a pixel
Cell = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Region:
    """Some pixels of a picture of this ``size``: of each tile that holds any, its bits in rows, or None where it holds
    nothing else. ``pixels``: how many."""

    size: Size
    parts: dict[Place, NDArray[np.uint8] | None]
    pixels: int

    def read(self, box: Box) -> Chosen:
        """Which pixels of ``box``, which lies in the picture, are in the region: (row, column)."""
        out = np.zeros((box.height, box.width), np.bool_)
        grid = Grid(self.size, EDGE)
        for place in grid.places(box):
            if place in self.parts:
                home = grid.home(place)
                part = home.within(box)
                out[part.relative_to(box).slices()] = self._of(place, home)[part.relative_to(home).slices()]
        return out

    def near(self, box: Box) -> bool:
        """Whether a tile that ``box`` touches holds any of it."""
        return any(place in self.parts for place in Grid(self.size, EDGE).places(box))

    def holds(self, cell: Cell) -> bool:
        """Whether a pixel is in it."""
        return bool(self.read(Box(cell[1], cell[0], 1, 1))[0, 0])

    def _of(self, place: Place, home: Box) -> Chosen:
        bits = self.parts[place]
        if bits is None:
            return np.ones((home.height, home.width), np.bool_)
        return np.unpackbits(bits, axis=1, count=home.width).view(np.bool_)


def flooded(
    inside: Callable[[Box], Chosen],
    size: Size,
    start: Cell,
    *,
    corners: bool = True,
    to_border: bool = True,
    most: int | None = None,
) -> Region | None:
    """All pixels that are connected with ``start``, over those that ``inside`` chooses of a box, (row, column).

    ``corners``: diagonal neighbours are connected, too. None where ``start`` is not inside, where the region has more
    than ``most`` pixels, or where it reaches the picture's border although it may not (``to_border``). What is held
    at a time is a tile, and a bit for each pixel of the tiles that the region reaches without filling them.
    """
    grid = Grid(size, EDGE)
    first = start[0] // EDGE, start[1] // EDGE
    found, pixels = Region(size, {}, 0), 0
    waiting = {first: _single(grid.home(first), start)}
    while waiting:
        place, seeds = waiting.popitem()
        home = grid.home(place)
        chosen = inside(home)
        known = found._of(place, home) if place in found.parts else np.zeros(chosen.shape, np.bool_)
        seeds &= chosen & ~known
        if not seeds.any():
            continue
        new = _reached(chosen, seeds, corners)
        whole = known | new
        found.parts[place] = None if whole.all() else np.packbits(whole, axis=1)
        pixels += int(np.count_nonzero(new))
        if (most is not None and pixels > most) or (not to_border and _at_border(new, home, size)):
            return None
        for beside, lines in _beyond(new, place, corners):
            if 0 <= beside[0] < grid.shape[0] and 0 <= beside[1] < grid.shape[1]:
                other = grid.home(beside)
                target = waiting.setdefault(beside, np.zeros((other.height, other.width), np.bool_))
                rows, columns, values = lines
                target[rows, columns] |= values
    return Region(size, found.parts, pixels) if pixels else None


def _single(home: Box, cell: Cell) -> Chosen:
    out = np.zeros((home.height, home.width), np.bool_)
    out[cell[0] - home.top, cell[1] - home.left] = True
    return out


def _reached(chosen: Chosen, seeds: Chosen, corners: bool) -> Chosen:
    """The pieces of ``chosen`` that hold a seed."""
    if chosen.all():
        return chosen.copy()
    labels, _ = measured_pieces(chosen, corners=corners)
    wanted = np.zeros(int(labels.max()) + 1, np.bool_)
    wanted[np.unique(labels[seeds])] = True
    wanted[0] = False
    reached: Chosen = wanted[labels]
    return reached


def _at_border(chosen: Chosen, home: Box, size: Size) -> bool:
    return bool(
        (home.top == 0 and chosen[0].any())
        or (home.left == 0 and chosen[:, 0].any())
        or (home.bottom == size.height and chosen[-1].any())
        or (home.right == size.width and chosen[:, -1].any())
    )


_Lines = tuple[int | slice, int | slice, NDArray[np.bool_] | np.bool_]


def _beyond(new: Chosen, place: Place, corners: bool) -> Iterator[tuple[Place, _Lines]]:
    """Which pixels of the tiles around touch what is new in this one: (tile, (rows, columns, which))."""
    row, column = place
    for step, line in ((-1, new[0]), (1, new[-1])):
        if line.any():
            yield (row + step, column), (-1 if step < 0 else 0, slice(None), _wider(line) if corners else line)
    for step, line in ((-1, new[:, 0]), (1, new[:, -1])):
        if line.any():
            yield (row, column + step), (slice(None), -1 if step < 0 else 0, _wider(line) if corners else line)
    if corners:
        for down in (-1, 1):
            for across in (-1, 1):
                if new[0 if down < 0 else -1, 0 if across < 0 else -1]:
                    yield (
                        (row + down, column + across),
                        (-1 if down < 0 else 0, -1 if across < 0 else 0, np.bool_(True)),
                    )


def _wider(line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A line with the neighbours of all that is chosen."""
    wider = line.copy()
    wider[1:] |= line[:-1]
    wider[:-1] |= line[1:]
    return wider
