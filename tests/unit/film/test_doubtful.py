"""Of a carried alpha only doubtful pixels are resolved; all others come out of the cascade as they were."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.film.test_carrying import SIZE, disc_alpha, levels, picture

from gigamatte.film.doubtful import DoubtfulPixels
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.types import Box, CoarseMatte, Fit, Matte, Size


def chosen(*boxes: Box, size: Size = SIZE) -> np.ndarray:
    found = np.zeros(size.shape, np.bool_)
    for box in boxes:
        found[box.slices()] = True
    return found


@pytest.mark.parametrize("size", [Size(640, 512), Size(601, 437), Size(5, 3)])
def test_each_level_is_told_the_carried_alpha(size: Size) -> None:
    alpha = np.random.default_rng(1).random(size.shape).astype(np.float32)
    point = Box(size.width - 1, size.height - 1, 1, 1)
    doubtful = DoubtfulPixels(as_matte(alpha, 8), chosen(point, size=size))
    told = doubtful.told(0, size.box)
    assert np.abs(told.alpha / 65535 - np.where(alpha <= 0.01, 0, np.where(alpha >= 0.99, 1, alpha))).max() < 0.01
    rows, columns = np.nonzero(told.wanted)
    assert (list(rows), list(columns)) == ([(size.height - 1) // 2], [(size.width - 1) // 2])
    if size.long > 64:
        told = doubtful.told(2, Box(0, 0, size.width // 4, size.height // 4))
        means = alpha[: size.height // 4 * 4, : size.width // 4 * 4].reshape(size.height // 4, 4, -1, 4).mean((1, 3))
        assert np.abs(told.alpha / 65535 - means).max() < 0.01
        assert told.wanted.sum() <= 1


def lifted(carried: Matte, doubtful: DoubtfulPixels) -> np.ndarray:
    """What the cascade makes of a mask that lies 20 pixels beside the subject."""
    rows, columns = np.mgrid[0 : SIZE.height, 0 : SIZE.width]
    pixels = picture() // 4
    pixels[np.hypot(rows - 250, columns - 300) < 120] += np.uint8(150)
    coarse = CoarseMatte(np.ascontiguousarray(disc_alpha(20)[::8, ::8]), Fit(SIZE, SIZE.box, Size(80, 64)))
    matte, _ = resolve(coarse, levels(pixels), GuidedRefiner(), tile_cache=doubtful)
    return matte.read(SIZE.box)


def test_only_doubtful_pixels_are_resolved() -> None:
    carried = as_matte(disc_alpha(), 8)
    before = carried.read(SIZE.box)
    nothing = DoubtfulPixels(carried, chosen())
    assert np.array_equal(lifted(carried, nothing), before)
    assert nothing.done == 0
    right = DoubtfulPixels(carried, chosen(Box(380, 200, 80, 80)))
    after = lifted(carried, right)
    assert right.done > 0
    assert np.array_equal(after[:, :340], before[:, :340])
    assert not np.array_equal(after[200:280, 380:460], before[200:280, 380:460])
