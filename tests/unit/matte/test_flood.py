"""Regions that are found tile by tile are those of the whole picture, whatever their form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigamatte.filters import measured_pieces
from gigamatte.matte import flood
from gigamatte.types import Box, Size


@pytest.fixture(autouse=True, scope="module")
def small_tiles():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flood, "EDGE", 16)
        yield


def flooded(chosen, start, **options):
    size = Size(chosen.shape[1], chosen.shape[0])
    return flood.flooded(lambda box: chosen[box.slices()], size, start, **options)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    part=st.floats(0.2, 0.9),
    corners=st.booleans(),
)
def test_the_region_is_the_connected_piece(seed, width, height, part, corners):
    noise = np.random.default_rng(seed)
    chosen = noise.random((height, width)) < part
    start = int(noise.integers(height)), int(noise.integers(width))
    region = flooded(chosen, start, corners=corners)
    if not chosen[start]:
        assert region is None
        return
    labels, _ = measured_pieces(chosen, corners=corners)
    expected = labels == labels[start]
    box = Size(width, height).box
    np.testing.assert_array_equal(region.read(box), expected)
    assert region.pixels == expected.sum()
    part_of_it = Box(width // 3, height // 3, width - width // 3, height - height // 3)
    np.testing.assert_array_equal(region.read(part_of_it), expected[part_of_it.slices()])
    assert region.holds(start)


def test_a_spiral_is_followed_through_many_tiles():
    chosen = np.zeros((200, 200), np.bool_)
    for turn in range(0, 96, 4):
        chosen[turn, turn : 200 - turn] = chosen[turn : 200 - turn, 199 - turn] = True
        chosen[199 - turn, turn + 2 : 200 - turn] = chosen[turn + 4 : 200 - turn, turn + 2] = True
        chosen[turn + 4, turn + 2 : turn + 5] = True
    region = flooded(chosen, (0, 0), corners=False)
    labels, _ = measured_pieces(chosen, corners=False)
    assert region.pixels == (labels == labels[0, 0]).sum() > 5000


def test_what_reaches_the_border_is_no_hole_and_too_much_is_none():
    chosen = np.zeros((100, 100), np.bool_)
    chosen[20:60, 20:60] = True
    assert flooded(chosen, (30, 30), to_border=False).pixels == 1600
    assert flooded(chosen, (30, 30), most=1599) is None
    chosen[40, :] = True
    assert flooded(chosen, (30, 30), to_border=False) is None
    assert flooded(chosen, (30, 30)).pixels == 1600 + 60


def test_tiles_that_are_filled_take_no_room():
    region = flooded(np.ones((64, 80), np.bool_), (5, 5))
    assert region.pixels == 64 * 80
    assert all(bits is None for bits in region.parts.values())
