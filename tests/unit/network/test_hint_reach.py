"""Near a hint the network's new answer counts, farther away the one before, bit for bit."""

import numpy as np

from gigamatte.hints import Hints
from gigamatte.network.hint_reach import TURNS, within_reach
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


def test_a_second_small_error_lets_the_first_reach_no_farther():
    before = bar(50, 150)
    answer = before * 0.2
    # both 3 pixels inside of the contour
    two = within_reach(before, coarse(answer), Hints(drop=[(294, 100), (294, 300)])).alpha
    assert two[50, 147] < 0.5
    assert two[150, 147] < 0.5
    assert np.array_equal(two[:, :130], before[:, :130])


def test_a_hint_about_what_another_one_added_reaches_as_far_as_its_own_error():
    before = bar(80, 100)
    before[:20, 170:] = 0.97  # another thing, which the answer to these hints loses
    answer = bar(80, 158)
    answer[:, 150:] = 0.03
    keep = Hints(keep=[(250, 200)])
    added = within_reach(before, coarse(bar(80, 158)), keep).alpha
    assert added[100, 152] > 0.5
    found = within_reach(before, coarse(answer), Hints(keep=keep.keep, drop=[(306, 200)])).alpha > 0.5
    assert found[100, 100:145].all()
    assert not found[100, 152]
    assert found[:16, 176:].all()


def test_the_order_of_hints_about_errors_of_other_sizes_changes_nothing():
    before, answer = bar(50, 100), bar(50, 180)
    points = [(210, 100), (260, 200), (300, 300)]
    there, back = (
        within_reach(before, coarse(answer), Hints(keep=list(order))).alpha for order in (points, points[::-1])
    )
    assert np.array_equal(there, back)


def test_of_many_hints_each_mends_its_error():
    before, answer = bar(50, 150), bar(50, 150) * 0.2
    rows = range(10, 190, 6)
    found = within_reach(before, coarse(answer), Hints(drop=[(294, 2 * row) for row in rows])).alpha
    assert len(rows) > TURNS
    assert all(found[row, 147] < 0.5 for row in rows)
    assert np.array_equal(found[:, :130], before[:, :130])
