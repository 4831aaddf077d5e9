"""What a person points at reaches the answer: told to the embedded network, picked from the pieces of others."""

import numpy as np
import pytest

from gigamatte.hints import Hints
from gigamatte.network.hint_maps import RADIUS, hint_maps
from gigamatte.network.hinted import Sights
from gigamatte.network.networks import open_network
from gigamatte.network.with_hints import Asked, _without_dropped, hinted_answer, obeyed, picked
from gigamatte.types import Box, CoarseMatte, Fit, Size

PHOTO = Size(640, 480)
LEFT, RIGHT = (170.0, 240.0), (470.0, 240.0)


def two_balls():
    """A photo of two balls, and where each of them is."""
    y, x = np.mgrid[0:480, 0:640] + 0.5
    photo = np.full((480, 640, 3), (205, 200, 190), np.uint8)
    balls = [np.hypot(x - cx, y - cy) < 95 for cx, cy in (LEFT, RIGHT)]
    for ball, colour in zip(balls, ((190, 40, 30), (30, 60, 180)), strict=True):
        shade = 0.55 + 0.45 * np.clip(1 - (y - 145) / 190, 0, 1)
        photo[ball] = (np.array(colour) * shade[..., None]).astype(np.uint8)[ball]
    return photo, balls


@pytest.fixture(scope="module")
def network():
    with open_network("locator") as network:
        yield network


def asked(network, hints, quick=False):
    photo, _ = two_balls()
    sights = Sights(quick=quick)

    def see(box):
        return sights.of(box, lambda: network.see(np.ascontiguousarray(photo[box.slices()]), box, PHOTO))

    return hinted_answer(Asked(network, see, sights.quick), PHOTO.box, hints, 0.0)


def mean_in(coarse, where):
    grid = coarse.alpha.shape
    rows = ((np.arange(grid[0]) + 0.5) * 480 / grid[0]).astype(int)
    columns = ((np.arange(grid[1]) + 0.5) * 640 / grid[1]).astype(int)
    return float(coarse.alpha[where[np.ix_(rows, columns)]].mean())


def test_a_click_on_one_of_two_brings_it_and_one_to_drop_takes_the_other_away(network):
    _, (left, right) = two_balls()
    answer = asked(network, Hints(keep=[LEFT], drop=[RIGHT]))
    assert mean_in(answer, left) > 0.8
    assert mean_in(answer, right) < 0.2
    other = asked(network, Hints(keep=[RIGHT], drop=[LEFT]))
    assert mean_in(other, right) > 0.8
    assert mean_in(other, left) < 0.2


def test_the_place_pointed_at_is_obeyed_whatever_the_network_thinks(network):
    corner = (12.0, 12.0)
    answer = asked(network, Hints(keep=[corner], drop=[LEFT]))
    rows, columns = answer.alpha.shape
    assert answer.alpha[round(12 / 480 * rows - 0.5), round(12 / 640 * columns - 0.5)] == 1
    assert answer.alpha[round(240 / 480 * rows - 0.5), round(170 / 640 * columns - 0.5)] == 0


def test_the_encoder_is_asked_once_for_all_clicks(network):
    photo, _ = two_balls()
    looks = []
    sights = Sights()

    def see(box):
        def look():
            looks.append(box)
            return network.see(np.ascontiguousarray(photo[box.slices()]), box, PHOTO)

        return sights.of(box, look)

    for keep in (LEFT, RIGHT, (300.0, 300.0)):
        hinted_answer(Asked(network, see), PHOTO.box, Hints(keep=[keep]), 0.0)
    assert looks == [PHOTO.box]


def test_the_same_hints_give_the_same_answer_to_the_bit(network):
    hints = Hints(keep=[LEFT], strokes=[{"kind": "drop", "points": [[400, 200], [500, 300]], "radius": 9}])
    first, again = asked(network, hints), asked(network, hints)
    np.testing.assert_array_equal(first.alpha, again.alpha)


def test_maps_hold_discs_and_the_earlier_answer():
    fit = Fit(PHOTO, Box(160, 120, 320, 240), Size(100, 100))
    earlier = np.full((100, 100), 0.25, np.float32)
    hints = Hints(keep=[(320, 240)], drop=[(0, 0)], strokes=[{"kind": "hair", "points": [[320, 240]], "radius": 50}])
    maps = hint_maps(hints, fit, earlier)
    assert maps.shape == (1, 3, 100, 100)
    assert maps.dtype == np.float32
    keep, drop, told_earlier = maps[0]
    assert keep.sum() == pytest.approx(np.pi * (RADIUS * 100) ** 2, abs=5)
    assert keep[50, 50] == 1
    assert drop.sum() == 0  # outside of what the network sees
    np.testing.assert_array_equal(told_earlier, earlier)


def pieces(*boxes, region=PHOTO.box):
    """A mask of rectangles, as a network that takes no hints would give it for ``region``."""
    alpha = np.zeros((48, 64), np.float32)
    y, x = np.mgrid[0:48, 0:64]
    x, y = region.left + (x + 0.5) * region.width / 64, region.top + (y + 0.5) * region.height / 48
    for box in boxes:
        alpha[(x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom)] = 1
    return CoarseMatte(alpha, Fit(PHOTO, region, Size(64, 48)))


ONE, OTHER = Box(60, 60, 160, 300), Box(400, 100, 160, 250)


def test_of_another_networks_answer_the_piece_is_taken_that_was_pointed_at():
    answer = picked(lambda region: pieces(ONE, OTHER, region=region), PHOTO.box, Hints(keep=[(100, 100)]))
    assert answer.alpha[20, 10] == 1
    assert answer.alpha[20, 45] == 0
    answer = picked(lambda region: pieces(ONE, OTHER, region=region), PHOTO.box, Hints(drop=[(100, 100)]))
    assert answer.alpha[20, 10] == 0
    assert answer.alpha[20, 45] == 1


def test_what_was_not_found_is_looked_for_around_the_point():
    looked = []

    def look(region):
        looked.append(region)
        return pieces(ONE, region=region) if region == PHOTO.box else pieces(OTHER, region=region)

    answer = picked(look, PHOTO.box, Hints(keep=[(480, 200)]))
    assert looked == [PHOTO.box, Box(352, 72, 257, 257)]
    assert answer.fit.region == looked[1]
    assert answer.alpha.max() == 1


def test_obeying_changes_nothing_else():
    answer = pieces(ONE)
    changed = obeyed(answer, Hints(drop=[(480, 200)], keep=[(600, 400)])).alpha != answer.alpha
    assert 5 < changed.sum() < 25


def test_a_quick_answer_is_made_of_one_look_and_nearly_the_same(network):
    hints = Hints(keep=[LEFT], drop=[RIGHT])
    looks = []
    decoded = network._decoded
    network._decoded = lambda *told: looks.append(told) or decoded(*told)
    try:
        asked(network, Hints(keep=[LEFT]))
        both = len(looks)
        quick = asked(network, hints, quick=True)
        assert len(looks) - both == both - 1  # without hints twice, with them once
    finally:
        del network._decoded
    assert np.abs(quick.alpha - asked(network, hints).alpha).mean() < 0.02


def test_a_drop_beside_the_rim_is_about_a_part_of_the_piece_and_one_in_its_middle_about_all_of_it(network):
    _, (left, right) = two_balls()
    plain = asked(network, Hints(keep=[LEFT]))
    assert mean_in(plain, right) > 0.5
    beside = asked(network, Hints(drop=[(RIGHT[0] + 80, RIGHT[1])]))
    assert mean_in(beside, right) > 0.5
    assert mean_in(beside, left) > 0.8
    middle = asked(network, Hints(drop=[(RIGHT[0] + 20, RIGHT[1])]))
    assert mean_in(middle, right) < 0.1
    assert mean_in(middle, left) > 0.8


def test_most_of_the_subject_goes_whole_only_where_the_network_gives_it_up():
    """Two that touch are one piece: a point to drop in one of them does not take the other away."""
    alpha = np.zeros((48, 64), np.float32)
    alpha[8:40, 4:40] = 1  # two that touch: most of what was found
    alpha[20:34, 50:62] = 1
    fit = Fit(PHOTO, PHOTO.box, Size(64, 48))
    before, kept, given_up = (CoarseMatte(alpha.copy(), fit) for _ in range(3))
    kept.alpha[8:40, 4:20] = 0
    given_up.alpha[8:40, 4:36] = 0
    hints = Hints(drop=[(220, 240)])
    np.testing.assert_array_equal(_without_dropped(kept, before, hints).alpha, kept.alpha)
    assert not _without_dropped(given_up, before, hints).alpha[:, :44].any()
    # of two alike, one goes whole whatever the network keeps of it
    alike = CoarseMatte(np.roll(alpha, 3, 0), fit)
    alike.alpha[:, 4:34] = 0
    assert not _without_dropped(alike, alike, Hints(drop=[(370, 270)])).alpha[:, :44].any()
