"""The finished alpha is steadied where the picture allows, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.film.test_motion import SIZE, textured

from gigamatte.film.motion import motion, reduced
from gigamatte.film.settling import Settled, settled
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.types import UNDECIDED, Matte, Size


def matte(value: int, bits: int = 8) -> Matte:
    pixels = np.full(SIZE.shape, value, np.uint8 if bits == 8 else np.uint16)
    pixels[0, 0], pixels[-1, -1] = 0, 255
    return Matte(SIZE, bits, 256, np.full((1, 1), UNDECIDED, np.uint8), {(0, 0): pixels})


def levels(pixels: np.ndarray) -> PhotoLevels:
    return PhotoLevels(open_photo(pixels, max_pixels=10**8))


@pytest.mark.parametrize("bits", [8, 16])
def test_where_nothing_changes_most_of_the_old_alpha_stays(bits: int) -> None:
    frame = textured() if bits == 8 else textured().astype(np.uint16) * 257
    small = reduced(textured())
    found = settled(matte(100, bits), levels(frame), Settled(frame, matte(140, bits)), motion(small, small.copy()))
    assert found.read(SIZE.box)[40, 80] == 134  # 100 + .85 × 40
    assert matte(100, bits).tiles[(0, 0)][40, 80] == 100


def test_where_the_picture_moves_the_old_alpha_follows() -> None:
    before, now = textured(), np.roll(textured(), 4, axis=1)
    old = matte(0)
    old.tiles[(0, 0)][30:60, 60:90] = 200
    found = settled(matte(100), levels(now), Settled(before, old), motion(before, now)).read(SIZE.box)
    assert abs(int(found[45, 78]) - 150) <= 2
    assert abs(int(found[45, 62]) - 50) <= 2  # was there before, and is no longer


def test_what_is_not_there_any_more_keeps_nothing() -> None:
    before, now = textured(), textured()
    now[20:70, 50:110] = 255 - now[20:70, 50:110]  # something else has come
    found = settled(matte(100), levels(now), Settled(before, matte(200)), motion(before, now)).read(SIZE.box)
    assert np.median(found[30:60, 60:100]) == 100


def test_a_new_scene_or_another_size_keeps_nothing() -> None:
    frame, other = textured(), textured(99)
    own = matte(100)
    assert settled(own, levels(other), Settled(frame, matte(200)), motion(frame, other)) is own
    assert settled(own, levels(frame), None, None) is own
    smaller = Settled(frame[:50], Matte(Size(160, 50), 8, 256, np.zeros((1, 1), np.uint8), {}))
    assert settled(own, levels(frame), smaller, motion(frame, frame.copy())) is own


def test_a_tile_that_became_one_alpha_is_decided() -> None:
    frame = textured()
    full = matte(255)
    full.tiles[(0, 0)][:] = 255
    full.tiles[(0, 0)][0, 0] = 254
    before = Matte(SIZE, 8, 256, np.ones((1, 1), np.uint8), {})
    found = settled(full, levels(frame), Settled(frame, before), motion(frame, frame.copy()))
    assert found.decided[0, 0] == 1
    assert found.tiles == {}
