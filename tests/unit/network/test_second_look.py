"""The second look: where it is taken, and that both answers speak of the same photo."""

import dataclasses

import numpy as np
import pytest

from gigamatte.network.second_look import both, surroundings, twice
from gigamatte.types import Box, CoarseMatte, Fit, Size

PHOTO = Size(640, 480)


def drawn(region, network, value):
    """A mask of ``value(x, y)``, photo pixels, as a network would see it in ``region``."""
    x = region.left + (np.arange(network.width) + 0.5) * region.width / network.width
    y = region.top + (np.arange(network.height) + 0.5) * region.height / network.height
    return CoarseMatte(value(x[None, :], y[:, None]).astype(np.float32), Fit(PHOTO, region, network))


def box_shaped(box):
    return lambda x, y: ((x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom)) * 1.0


def test_the_surroundings_hold_the_subject_and_a_margin():
    first = drawn(PHOTO.box, Size(64, 64), box_shaped(Box(200, 150, 100, 60)))
    assert surroundings(first, 0.0) == Box(200, 150, 100, 60)
    assert surroundings(first, 0.25) == Box(175, 125, 150, 110)


def test_the_surroundings_end_where_the_search_does():
    region = Box(180, 0, 300, 480)
    first = drawn(region, Size(60, 60), box_shaped(Box(200, 16, 100, 64)))
    assert surroundings(first, 1.0) == Box(180, 0, 220, 180)


@pytest.mark.parametrize("subject", [Box(0, 0, 0, 0), Box(0, 0, 640, 480), Box(40, 40, 560, 400)])
def test_nothing_is_looked_at_again_without_a_subject_or_when_it_fills_the_frame(subject):
    assert surroundings(drawn(PHOTO.box, Size(64, 64), box_shaped(subject)), 0.25) is None


def test_looking_twice_looks_where_the_subject_was_found():
    subject, looked = Box(200, 150, 100, 60), []

    def look(region):
        looked.append(region)
        return drawn(region, Size(64, 64), box_shaped(subject))

    assert twice(look, PHOTO.box, 0.25).fit.region == Box(175, 125, 150, 110)
    assert twice(look, PHOTO.box, 0.0).fit.region == PHOTO.box
    assert looked == [PHOTO.box, Box(175, 125, 150, 110), PHOTO.box]


@pytest.mark.parametrize("sizes", [(Size(64, 64), Size(64, 64)), (Size(80, 60), Size(48, 96))])
def test_both_speak_of_the_same_places(sizes):
    def slope(x, y):
        return np.clip((x + 2 * y) / 2000, 0, 0.45)

    seen = [drawn(region, size, slope) for region, size in zip((PHOTO.box, Box(100, 60, 400, 300)), sizes, strict=True)]
    merged = both(*seen)
    assert merged.fit == seen[1].fit
    np.testing.assert_allclose(merged.alpha, seen[1].alpha, atol=2e-3)


def test_both_is_the_mean():
    first = drawn(PHOTO.box, Size(64, 64), lambda x, y: np.full((y.size, x.size), 0.2))
    second = drawn(Box(100, 100, 200, 200), Size(64, 64), lambda x, y: np.full((y.size, x.size), 0.6))
    np.testing.assert_allclose(both(first, second).alpha, 0.4, atol=1e-6)


def test_a_closer_look_does_not_bring_contours_nearer_to_their_place():
    """Its pixels are smaller, but both looks are misled alike: the error in photo pixels is the first's."""
    first, second = (
        dataclasses.replace(drawn(region, Size(64, 64), box_shaped(Box(150, 150, 60, 60))), stray=stray)
        for region, stray in ((PHOTO.box, 16.0), (Box(100, 100, 200, 200), 8.0))
    )
    assert both(first, second).stray == 16.0


def test_a_subject_is_never_cut_straight():
    """It would reach the border of the second look, not of the photo: the first answer stands."""
    first = drawn(PHOTO.box, Size(64, 64), box_shaped(Box(0, 100, 320, 200)))
    reaching = drawn(Box(0, 60, 400, 300), Size(64, 64), lambda x, y: np.ones((y.size, x.size)))
    wider = drawn(PHOTO.box, Size(64, 64), lambda x, y: np.full((y.size, x.size), 0.4))
    assert both(wider, reaching) is wider
    # what reaches the photo's own border may
    inside = drawn(Box(0, 60, 400, 300), Size(64, 64), box_shaped(Box(0, 100, 320, 200)))
    assert both(first, inside).fit == inside.fit
