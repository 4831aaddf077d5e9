"""Grids of tiles: every pixel lies in one tile."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.errors import UsageError
from gigamatte.types import Box, Grid, Size


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
