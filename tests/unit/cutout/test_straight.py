"""A strip of the cutout: each tile by what it is, the same as pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.straight import straight
from gigamatte.cutout.trimap import SOLID
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.types import BACKGROUND, SUBJECT, UNDECIDED, Box


@pytest.mark.parametrize("nothing", [None, 0, "full"])
@pytest.mark.parametrize("bits", [8, 16])
def test_tiles_of_all_kinds_make_one_strip(bits: int, nothing: int | str | None) -> None:
    full = (1 << bits) - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    picture = np.random.default_rng(1).integers(0, full + 1, (300, 420, 3), dtype=dtype)
    alpha = np.zeros((300, 420), np.float32)
    cv2.circle(alpha, (250, 150), 130, 1, -1)
    matte = as_matte(cv2.GaussianBlur(alpha, (0, 0), 3), bits, 64)
    assert {BACKGROUND, SUBJECT, UNDECIDED} == set(matte.decided.reshape(-1).tolist())
    beneath = full if nothing == "full" else nothing
    with PhotoLevels(open_photo(picture, max_pixels=10**9)) as levels:
        foreground = Foreground(levels, matte)
        box = Box(10, 64, 400, 128)
        strip = np.empty((box.height, box.width, 4), dtype)
        straight(levels, matte, matte, foreground, box, matte.read, beneath, strip)
    assert strip.shape == (128, 400, 4)
    assert strip.dtype == dtype
    inside = matte.read(box)
    np.testing.assert_array_equal(strip[..., 3], inside)
    solid, clear = inside >= SOLID * full, inside == 0
    np.testing.assert_array_equal(strip[..., :3][solid], picture[box.slices()][solid])
    np.testing.assert_array_equal(
        strip[..., :3][clear], picture[box.slices()][clear] if beneath is None else np.full((clear.sum(), 3), beneath)
    )
