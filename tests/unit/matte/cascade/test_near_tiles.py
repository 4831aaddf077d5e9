"""Tiles of a preview are taken again where they are made of nearly the same; the oldest that does."""

import numpy as np

from gigamatte.matte.cascade.near_tiles import NEAR, NearTiles
from gigamatte.types import Size

SIZE = Size(8, 8)


def asked(tiles, value, place=(1, 0, 0), blur=1.0):
    alpha = np.full((12, 12), value, np.float32)
    key = tiles.key(f"boxes blur {blur!r} neural", place, alpha)
    return key, tiles.find(key, SIZE, 1)


def made(tiles, value, mark, **more):
    key, found = asked(tiles, value, **more)
    assert found is None
    tiles.add(key, np.full(SIZE.shape, mark, np.uint16), 1)


def test_nearly_the_same_is_taken_and_other_places_are_not():
    tiles = NearTiles(1 << 20)
    made(tiles, 0.5, 7)
    tiles.turn()
    assert asked(tiles, 0.5 + NEAR / 2)[1][0, 0] == 7
    assert asked(tiles, 0.5, blur=1.05)[1][0, 0] == 7
    assert asked(tiles, 0.5 + 2 * NEAR)[1] is None
    assert asked(tiles, 0.5, blur=1.5)[1] is None
    assert asked(tiles, 0.5, place=(1, 0, 1))[1] is None
    assert (tiles.done, tiles.kept) == (0, 2)


def test_what_is_taken_again_never_drifts_and_undo_shows_the_same():
    tiles = NearTiles(1 << 20)
    made(tiles, 0.5, 1)
    steps = [0.5 + step * NEAR * 0.75 for step in range(4)]
    assert asked(tiles, steps[1])[1][0, 0] == 1
    made(tiles, steps[2], 2)  # compared with what the tile was made of, not with what was asked last
    assert [asked(tiles, value)[1][0, 0] for value in (steps[1], steps[2], steps[0])] == [1, 2, 1]


def test_the_oldest_go_first():
    tiles = NearTiles(2000)
    for number in range(6):
        made(tiles, 0.5, number, place=(0, number, 0))
    assert asked(tiles, 0.5, place=(0, 0, 0))[1] is None
    assert asked(tiles, 0.5, place=(0, 5, 0))[1][0, 0] == 5
