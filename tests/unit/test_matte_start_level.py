"""Where the cascade starts: as sharp as the mask is, but no surer of the contour than its network may be."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from gigamatte.matte.scale import starting_level
from gigamatte.network.decode import as_coarse
from gigamatte.network.locator import locator_card
from gigamatte.types import Box, CoarseMatte, Fit, Size


def disc(photo: Size, side: int, stray: float = 0.0) -> CoarseMatte:
    alpha = np.zeros((side * 4, side * 4), np.float32)
    cv2.circle(alpha, (2 * side, 2 * side), side, 1.0, -1)
    small = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_AREA)
    return CoarseMatte(cv2.GaussianBlur(small, (0, 0), 0.8), Fit.whole(photo, Size(side, side)), stray)


@pytest.mark.parametrize("photo", [Size(4096, 4096), Size(1024, 1024)])
@pytest.mark.parametrize("stray", [40.0, 140.0])
def test_a_contour_that_strays_is_looked_for_from_a_level_where_it_strays_by_a_pixel(photo, stray):
    trusted, told = (starting_level(disc(photo, 256, s), 12) for s in (0.0, stray))
    assert told[0] == round(math.log2(stray)) > trusted[0]
    # the blur is the mask's own, at that level
    assert told[1] * 2 ** told[0] == pytest.approx(trusted[1] * 2 ** trusted[0])


def test_a_mask_that_is_blurred_farther_than_it_strays_starts_as_before():
    photo = Size(4096, 4096)
    assert starting_level(disc(photo, 64, 3.0), 12) == starting_level(disc(photo, 64), 12)


def test_a_small_mask_that_lies_right_does_not_start_among_a_few_pixels():
    level, _ = starting_level(disc(Size(800, 800), 32), 12)
    assert 800 >> level > 128


def test_never_below_the_deepest_level():
    assert starting_level(disc(Size(1024, 1024), 256, 500.0), 3)[0] == 3


def test_the_networks_stray_is_carried_in_photo_pixels():
    card = dataclasses.replace(locator_card(), stray=3.0)
    alpha = np.zeros((card.size, card.size), np.float32)
    fit = Fit(Size(8000, 8000), Box(100, 100, 4 * card.size, 9 * card.size), Size(card.size, card.size))
    assert as_coarse(alpha, card, fit).stray == pytest.approx(18.0)
    assert locator_card().stray > 1
