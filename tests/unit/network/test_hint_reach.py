"""Near a hint the network's new answer counts, farther away the one before, bit for bit."""

import numpy as np

from gigamatte.hints import Hints
from gigamatte.network.hint_reach import within_reach
from gigamatte.types import CoarseMatte, Fit, Size

SIDE = 200


def coarse(alpha):
    return CoarseMatte(alpha.astype(np.float32), Fit.whole(Size(2 * SIDE, 2 * SIDE), Size(SIDE, SIDE)))


def bar(left, right, value=0.97):
    alpha = np.full((SIDE, SIDE), 0.03, np.float32)
    alpha[:, left:right] = value
    return alpha


def test_a_small_error_is_mended_and_the_rest_stays_bit_for_bit():
    before = bar(50, 150)
    answer = before * 0.2  # told of a sliver, the network now doubts everything
    found = within_reach(before, coarse(answer), Hints(drop=[(294, 200)])).alpha  # 3 pixels inside of the contour
    assert found[100, 147] < 0.5
    assert np.array_equal(found[:, :130], before[:, :130])
    assert np.array_equal(found[:80], before[:80])


def test_the_farther_from_the_contour_the_farther_it_reaches():
    before, answer = bar(50, 100), bar(50, 200)
    near = within_reach(before, coarse(answer), Hints(keep=[(206, 200)])).alpha > 0.5
    far = within_reach(before, coarse(answer), Hints(keep=[(300, 200)])).alpha > 0.5
    assert (before > 0.5).sum() < near.sum() < far.sum()
    assert far[100, 100:190].all()


def test_where_nothing_was_found_a_hint_reaches_everywhere():
    answer = bar(20, 60)
    found = within_reach(np.zeros((SIDE, SIDE), np.float32), coarse(answer), Hints(keep=[(80, 200)])).alpha
    assert np.array_equal(found > 0.5, answer > 0.5)


def test_a_stroke_reaches_along_its_whole_length_and_hair_nowhere():
    before, answer = bar(50, 150), bar(50, 150, 0.03)
    line = [[294, 20 * step] for step in range(1, 20)]
    told = Hints(strokes=[{"kind": "drop", "points": line, "radius": 4}])
    found = within_reach(before, coarse(answer), told).alpha
    assert (found[12:188, 147] < 0.5).all()
    assert np.array_equal(found[:, 60:120], before[:, 60:120])
    hair = Hints(strokes=[{"kind": "hair", "points": line, "radius": 4}])
    assert np.array_equal(within_reach(before, coarse(answer), hair).alpha, before)
