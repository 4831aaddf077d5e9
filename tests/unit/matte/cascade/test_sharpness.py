"""Where the cascade starts: by the sharpness of the mask, and by the error of its network's contours."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.cascade.sharpness import _percentile, edge_blur, searching_level, starting_level
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.cards.locator import locator_card
from gigamatte.network.decode import as_coarse
from gigamatte.testing.levels import ArrayLevels
from gigamatte.types import Box, CoarseMatte, Fit, FloatArray, PixelArray, Size


def disc(photo: Size, side: int, stray: float = 0.0) -> CoarseMatte:
    alpha = np.zeros((side * 4, side * 4), np.float32)
    cv2.circle(alpha, (2 * side, 2 * side), side, 1.0, -1)
    small = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_AREA)
    return CoarseMatte(cv2.GaussianBlur(small, (0, 0), 0.8), Fit.whole(photo, Size(side, side)), stray)


@pytest.mark.parametrize("photo", [Size(4096, 4096), Size(1024, 1024)])
@pytest.mark.parametrize("stray", [40.0, 140.0])
def test_a_contour_that_strays_is_looked_for_from_a_level_where_it_strays_by_a_pixel(photo, stray):
    coarse = disc(photo, 256, stray)
    assert searching_level(coarse, 12) == round(math.log2(stray)) > starting_level(coarse, 12)[0]
    assert searching_level(coarse, 3) == 3
    assert starting_level(coarse, 12) == starting_level(disc(photo, 256), 12)
    assert searching_level(disc(photo, 256), 12) == 0


def moved_mask(photo: Size, moved: int, stray: float) -> tuple[PixelArray, FloatArray, CoarseMatte]:
    """A red square on blue, its exact alpha, and a sharp mask of it that lies beside it."""
    alpha = np.zeros(photo.shape, np.float32)
    alpha[photo.height // 4 : -photo.height // 4, photo.width // 4 : -photo.width // 4] = 1
    colours = np.where(alpha[..., None] > 0, np.uint8((200, 40, 40)), np.uint8((40, 60, 200)))
    beside = np.roll(alpha, (moved, moved), (0, 1))
    small = cv2.resize(beside, (photo.width // 4, photo.height // 4), interpolation=cv2.INTER_AREA)
    return colours, alpha, CoarseMatte(small, Fit.whole(photo, Size.of(small)), stray)


def test_the_contour_of_a_network_that_strays_is_found_again():
    photo = Size(1024, 768)
    errors = []
    for stray in (0.0, 16.0):
        colours, alpha, coarse = moved_mask(photo, 12, stray)
        matte, _ = resolve(coarse, ArrayLevels(colours), GuidedRefiner())
        errors.append(float(np.abs(matte.read(photo.box) / 255 - alpha).mean()))
    assert errors[1] < 0.3 * errors[0]


def test_without_a_refiner_nothing_is_looked_for():
    """With ``off`` the mask is only enlarged, also where its network's contours are known to be wrong."""
    photo = Size(1024, 768)
    alphas = []
    for stray in (0.0, 16.0):
        colours, _, coarse = moved_mask(photo, 12, stray)
        alphas.append(resolve(coarse, ArrayLevels(colours), UpscaleRefiner())[0].read(photo.box))
    np.testing.assert_array_equal(*alphas)


def test_a_stroke_is_not_felt_far_away_though_the_contour_is_looked_for_far():
    photo = Size(1024, 768)
    colours, _, coarse = moved_mask(photo, 12, 16.0)
    keep = np.zeros(photo.shape, np.uint8)
    keep[20:40, 20:40] = 255
    plain, _ = resolve(coarse, ArrayLevels(colours), GuidedRefiner())
    kept, _ = resolve(coarse, ArrayLevels(colours), GuidedRefiner(), correction=Correction(keep=keep))
    far = Box(photo.width // 2, 0, photo.width // 2, photo.height)
    np.testing.assert_array_equal(kept.read(far), plain.read(far))
    assert kept.read(Box(25, 25, 10, 10)).min() == 255


def test_what_is_looked_for_leaves_the_searched_region_no_farther_than_any_mask_does():
    photo, region = Size(1024, 768), Box(128, 96, 384, 480)  # cuts the subject off on two sides
    colours, _, coarse = moved_mask(photo, 0, 0.0)
    seen = slice(region.top // 4, region.bottom // 4), slice(region.left // 4, region.right // 4)
    part = np.ascontiguousarray(coarse.alpha[seen])
    outside = []
    for stray in (0.0, 16.0):
        searched = CoarseMatte(part, Fit(photo, region, Size.of(part)), stray)
        alpha = resolve(searched, ArrayLevels(colours), GuidedRefiner())[0].read(photo.box)
        assert alpha[300, 400] == 255
        alpha[region.slices()] = 0
        rows, columns = np.nonzero(alpha)
        outside.append(max(rows.max(initial=0) - region.bottom, columns.max(initial=0) - region.right))
    assert outside[1] <= outside[0] + 8


def test_a_small_mask_that_lies_right_does_not_start_among_a_few_pixels():
    level, _ = starting_level(disc(Size(800, 800), 32), 12)
    assert 800 >> level > 128


def test_the_networks_stray_is_carried_in_photo_pixels():
    card = dataclasses.replace(locator_card(), stray=3.0)
    alpha = np.zeros((card.size, card.size), np.float32)
    fit = Fit(Size(8000, 8000), Box(100, 100, 4 * card.size, 9 * card.size), Size(card.size, card.size))
    assert as_coarse(alpha, card, fit).stray == pytest.approx(18.0)
    assert locator_card().stray > 1


@pytest.mark.parametrize("size", [16, 17, 250, 99_991])
def test_the_percentile_is_numpys(size: int) -> None:
    values = np.random.default_rng(size).random(size, np.float32)
    assert _percentile(values, 97) == pytest.approx(float(np.percentile(values, 97)), rel=1e-6)


def mesh(width: int, apart: int, side: int = 960) -> FloatArray:
    """The exact alpha of a mesh of wires, so wide and so far apart, in both directions."""
    alpha = np.zeros((side, side), np.float32)
    for at in range(apart // 2, side, apart):
        alpha[at : at + width] = 1
        alpha[:, at : at + width] = 1
    return alpha


def blurred(alpha: FloatArray) -> FloatArray:
    """A mask of a sixth of the sides, blurred by a pixel."""
    return cv2.GaussianBlur(cv2.resize(alpha, None, fx=1 / 6, fy=1 / 6, interpolation=cv2.INTER_AREA), (0, 0), 1)


@pytest.mark.parametrize(("width", "apart"), [(4, 24), (6, 48), (8, 24), (12, 48)])
def test_wires_thinner_than_the_blur_do_not_look_more_blurred_than_a_solid_thing(width, apart):
    solid = np.zeros((960, 960), np.float32)
    solid[240:720, 240:720] = 1
    assert edge_blur(blurred(mesh(width, apart))) == pytest.approx(edge_blur(blurred(solid)), rel=0.2)


def test_a_mesh_is_not_washed_out():
    side, alpha, rng = 960, mesh(4, 24), np.random.default_rng(1)
    behind = cv2.resize(rng.integers(60, 200, (10, 10, 3), np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)
    photo = np.where(alpha[..., None] > 0, np.uint8((30, 30, 35)), behind) + rng.normal(0, 2, (side, side, 3))
    small = blurred(alpha)
    coarse = CoarseMatte(small, Fit.whole(Size(side, side), Size.of(small)), answers="contour")
    matte, _ = resolve(coarse, ArrayLevels(np.clip(photo, 0, 255).astype(np.uint8)), GuidedRefiner())
    found = matte.read(matte.size.box) / 255
    assert found[alpha > 0].mean() > 0.85
    assert found[alpha == 0].mean() < 0.1


def test_faint_strands_around_a_solid_thing_do_not_make_its_contour_look_sharper():
    solid = np.zeros((160, 160), np.float32)
    solid[40:120, 40:120] = 1
    hairy = cv2.GaussianBlur(solid, (0, 0), 2.5)
    strands = 0.3 + 0.12 * np.sin(np.arange(160) * 1.6)[None, :].astype(np.float32)
    hairy = np.where(hairy < 0.02, strands, hairy)
    assert np.count_nonzero((hairy > 0.25) & (hairy < 0.75)) > 5 * 4 * 80
    assert edge_blur(hairy) == pytest.approx(edge_blur(cv2.GaussianBlur(solid, (0, 0), 2.5)), rel=0.2)
