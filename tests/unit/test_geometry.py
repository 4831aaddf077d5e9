"""Grids of tiles and depths of channels: every pixel lies in one tile, and white is white."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.errors import UsageError
from gigamatte.types import Box, Depth, Grid, Size


@pytest.mark.parametrize(("width", "height", "edge"), [(1, 1, 256), (256, 256, 256), (257, 511, 64), (1000, 3, 7)])
def test_each_pixel_lies_in_one_tile(width: int, height: int, edge: int) -> None:
    grid = Grid(Size(width, height), edge)
    covered = np.zeros(grid.size.shape, int)
    for place in grid.places():
        covered[grid.home(place).slices()] += 1
    assert (covered == 1).all()
    assert len(list(grid.places())) == grid.shape[0] * grid.shape[1]


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(63, 64, 2, 1), Box(200, 100, 0, 5), Box(-9, -9, 500, 500)])
def test_the_places_of_a_box_are_those_that_touch_it(box: Box) -> None:
    grid = Grid(Size(257, 130), 64)
    touching = [place for place in grid.places() if not grid.home(place).within(box).empty]
    assert list(grid.places(box)) == touching


def test_a_grid_has_tiles() -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        Grid(Size(3, 3), 0)


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_a_depth_goes_there_and_back(bits: int, kind: type[np.uint8] | type[np.uint16]) -> None:
    depth = Depth(bits)
    every = np.arange(depth.full + 1).astype(kind)
    assert depth == Depth.of(every)
    assert (depth.dtype, depth.full) == (np.dtype(kind), np.iinfo(kind).max)
    unit = depth.unit(every)
    assert (unit.dtype, unit[0], unit[-1]) == (np.float32, 0, 1)
    back = depth.pixels(unit * np.float32(depth.full) + np.float32(0.5))
    assert back.dtype == kind
    assert np.array_equal(back, every)


def test_other_depths_are_refused() -> None:
    with pytest.raises(UsageError, match="8 or 16 bits"):
        Depth(12)
