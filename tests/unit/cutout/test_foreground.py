"""Colours of mixed pixels: the same however many channels are solved at once, and whatever box is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gigamatte.cutout import foreground
from gigamatte.cutout.foreground import Foreground, relaxed
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.types import Box


def soft(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    blurred = cv2.GaussianBlur(rng.random((rows, columns), np.float32), (0, 0), 4).reshape(rows, columns)
    return np.clip((blurred - 0.5) * 20 + 0.5, 0, 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 1), (90, 70)])
def test_one_channel_after_another_gives_the_same_colours(monkeypatch, shape):
    rng = np.random.default_rng(1)
    both, colour, alpha = rng.random((6, *shape), np.float32), rng.random((3, *shape), np.float32), soft(rng, *shape)
    before = both.copy()
    found = []
    for most in (0, 10**9):
        monkeypatch.setattr(foreground, "TOGETHER_PIXELS", most)
        found.append(relaxed(both, colour, alpha, 3))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(both, before)
    assert (found[0] != both).any()


@pytest.mark.parametrize("size", [(301, 263), (258, 64), (37, 400)])
def test_the_colours_of_a_box_are_those_of_the_whole(size):
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    matte = as_matte(soft(rng, *size), 8, 64)
    with PhotoLevels(open_photo(picture, max_pixels=10**9)) as levels:
        colours = Foreground(levels, matte)
        whole = colours.read(levels.size(0).box)
        rows, columns = size
        for box in (Box(columns - 9, rows - 7, 9, 7), Box(0, 0, 1, 1), Box(columns // 2, 3, 20, rows - 3)):
            difference = colours.read(box).astype(int) - whole[box.slices()]
            assert np.abs(difference).max() <= 1  # rounding: enlarged pieces begin elsewhere
            assert (difference != 0).mean() < 0.001
