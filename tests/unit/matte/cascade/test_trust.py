"""A mask is taken for a matte or for an outline by what it and the photo show."""

import cv2
import numpy as np
import pytest

from gigamatte.matte.cascade.trust import measured_trust
from gigamatte.matte.mask.user_mask import as_coarse
from gigamatte.testing.levels import ArrayLevels
from gigamatte.testing.photos import coarse, made_photo
from gigamatte.types import CoarseMatte, Fit, Size


@pytest.fixture(scope="module")
def made():
    return made_photo(Size(700, 600), strands=80, seed=7)


def shrunk(alpha, ratio):
    size = (round(alpha.shape[1] / ratio), round(alpha.shape[0] / ratio))
    return cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)


def eight_bits(alpha):
    return np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)


def trust(made, alpha, **how):
    mask, _ = as_coarse(eight_bits(alpha), Size.of(made.photo), **how)
    return measured_trust(mask, ArrayLevels(made.photo))


@pytest.mark.parametrize("ratio", [1, 1.4, 2, 3, 4, 6])
def test_an_exact_alpha_made_smaller_is_a_matte(made, ratio):
    found = trust(made, shrunk(made.alpha, ratio))
    assert found.answers == "matte"
    assert found.share > 0.9
    assert found.halvings == 0


@pytest.mark.parametrize("ratio", [4, 6, 8])
def test_what_a_network_draws_is_an_outline(made, ratio):
    assert trust(made, coarse(made.alpha, ratio)).answers == "contour"


@pytest.mark.parametrize("ratio", [2, 4])
def test_a_mask_that_was_cut_in_two_is_an_outline(made, ratio):
    assert trust(made, (shrunk(made.alpha, ratio) > 0.5).astype(np.float32)).answers == "contour"


@pytest.mark.parametrize("ratio", [2, 4])
@pytest.mark.parametrize(("across", "down"), [(1, 0.6), (-1, 0.6), (0, -1.2), (-1.2, 0)])
def test_a_mask_that_lies_beside_the_subject_is_an_outline(made, ratio, across, down):
    mask = shrunk(made.alpha, ratio)
    moved = cv2.warpAffine(mask, np.array([[1, 0, across], [0, 1, down]]), mask.shape[::-1])
    assert trust(made, moved).answers == "contour"


@pytest.mark.parametrize("change", [cv2.erode, cv2.dilate])
def test_a_mask_that_is_too_narrow_or_too_wide_is_an_outline(made, change):
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    assert trust(made, change(shrunk(made.alpha, 3), disc)).answers == "contour"


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_a_matte_of_a_noisy_photo_that_is_out_of_focus_is_kept(made, ratio):
    """The blurred photo has less noise: it must not look as if the mask were blurred like it."""
    rng = np.random.default_rng(3)
    photo = cv2.GaussianBlur(made.photo, (0, 0), 3.0).astype(np.float32) + rng.normal(0, 4, made.photo.shape)
    mask, _ = as_coarse(eight_bits(shrunk(cv2.GaussianBlur(made.alpha, (0, 0), 3.0), ratio)), Size.of(made.photo))
    found = measured_trust(mask, ArrayLevels(np.clip(photo, 0, 255).astype(np.uint8)))
    assert found.answers == "matte"


def test_a_mask_of_two_values_that_was_enlarged_is_an_outline(made):
    hard = (shrunk(made.alpha, 4) > 0.5).astype(np.float32)
    enlarged = cv2.resize(hard, made.photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    assert trust(made, enlarged).answers == "contour"


def test_an_outline_that_another_tool_enlarged_stays_one(made):
    enlarged = cv2.resize(coarse(made.alpha, 6), made.photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert trust(made, enlarged).answers == "contour"


def test_a_part_that_is_blurred_is_not_trusted(made):
    mask = shrunk(made.alpha, 2)
    blurred = cv2.GaussianBlur(mask, (0, 0), 1.5)
    half = mask.shape[1] // 2
    mixed = np.concatenate([mask[:, :half], blurred[:, half:]], axis=1)
    found = trust(made, mixed)
    assert found.answers == "matte"
    places = found.places.shape[1] // 2
    assert found.places[:, : places - 1].mean() > found.places[:, places + 1 :].mean() + 0.2


def test_what_is_said_is_not_measured(made):
    blurred = coarse(made.alpha, 6)
    said = trust(made, blurred, answers="matte")
    assert (said.answers, said.measured, said.share) == ("matte", False, 1.0)
    exact = CoarseMatte(shrunk(made.alpha, 2), Fit.whole(Size(700, 600), Size(350, 300)), answers="contour")
    assert measured_trust(exact, ArrayLevels(made.photo)).answers == "contour"


def test_a_mask_of_two_values_is_no_matte_whatever_is_said(made):
    hard = (shrunk(made.alpha, 4) > 0.5).astype(np.float32)
    assert trust(made, hard, answers="matte").answers == "contour"


def test_a_constant_mask_says_nothing(made):
    assert trust(made, np.ones((60, 70), np.float32)).answers == "contour"


def test_nothing_near_a_stroke_is_kept(made):
    stroke = np.zeros((600, 700), np.uint8)
    stroke[100:120, 300:400] = 255
    found = trust(made, shrunk(made.alpha, 2)).without([stroke])
    inside = found.at(np.array([110 / 600]), np.array([350 / 700]))
    far = found.at(np.array([500 / 600]), np.array([350 / 700]))
    assert inside[0, 0] == 0
    assert far[0, 0] > 0
