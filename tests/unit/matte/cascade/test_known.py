"""A matte's values are kept: its means, its exact values at the photo's size; and more detail than by enlarging."""

import cv2
import numpy as np
import pytest

from gigamatte.evaluate.metrics import gradient_error, sad
from gigamatte.matte.cascade.known import Known
from gigamatte.matte.cascade.resolve import lifted_by, resolve, trust_in
from gigamatte.matte.cascade.trust import stated_trust
from gigamatte.matte.mask.area import area_means
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.mask.user_mask import as_coarse
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner, twice
from gigamatte.testing.levels import ArrayLevels
from gigamatte.testing.photos import made_photo
from gigamatte.types import Box, Size


@pytest.fixture(scope="module")
def made():
    return made_photo(Size(700, 600), strands=80, seed=7)


def shrunk(alpha, ratio, bits=8):
    size = (round(alpha.shape[1] / ratio), round(alpha.shape[0] / ratio))
    full = (1 << bits) - 1
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    return np.round(np.clip(small, 0, 1) * full).astype(np.uint8 if bits == 8 else np.uint16)


def lifted(made, mask, refiner=None, bits=8, **how):
    size = Size.of(made.photo)
    given, _ = as_coarse(mask, size, answers=how.pop("answers", None))
    matte, _ = resolve(given, ArrayLevels(made.photo), refiner or GuidedRefiner(), bits=bits, **how)
    return matte.read(size.box)


@pytest.mark.parametrize(("mask_bits", "bits"), [(8, 8), (16, 16), (16, 8), (8, 16)])
def test_a_matte_of_the_photos_size_comes_back_as_it_is(made, mask_bits, bits):
    mask = shrunk(made.alpha, 1, mask_bits)
    found = lifted(made, mask, bits=bits)
    full, own = (1 << bits) - 1, (1 << mask_bits) - 1
    np.testing.assert_array_equal(found, np.floor(mask * (full / own) + 0.5).astype(found.dtype))


def test_faint_values_are_not_rounded_away(made):
    mask = shrunk(made.alpha, 1)
    mask[:40, :300] = 2  # 0.8 %: of a network it would be noise
    np.testing.assert_array_equal(lifted(made, mask), mask)


def test_a_matte_larger_than_the_photo_is_averaged(made):
    larger = cv2.resize(made.alpha, (1400, 1200), interpolation=cv2.INTER_NEAREST)
    found = lifted(made, np.round(larger * 255).astype(np.uint8), answers="matte")
    np.testing.assert_array_equal(found, np.round(made.alpha * 255).astype(np.uint8))


def test_strokes_count_on_a_matte_that_is_kept_whole(made):
    keep = np.zeros((600, 700), np.uint8)
    keep[20:40, 20:60] = 255
    found = lifted(made, shrunk(made.alpha, 1), correction=Correction(keep=keep))
    assert (found[25:35, 25:55] == 255).all()
    np.testing.assert_array_equal(found[100:], shrunk(made.alpha, 1)[100:])


def off_by(made, mask, found):
    """How far the means of a 16 bit result over the mask's pixels are from them, in steps of the mask's values."""
    borders = (np.arange(count + 1) * (side / count) for count, side in zip(mask.shape, (600, 700), strict=True))
    full = np.iinfo(mask.dtype).max
    return np.abs(area_means(found.astype(np.float32), *borders) * (full / 65535) - mask.astype(np.float32))


@pytest.mark.parametrize("ratio", [2, 3, 4])
@pytest.mark.parametrize("refiner", [GuidedRefiner(), UpscaleRefiner()])
def test_means_over_the_masks_pixels_stay_within_its_rounding(made, ratio, refiner):
    mask = shrunk(made.alpha, ratio)
    off = off_by(made, mask, lifted(made, mask, refiner, bits=16, answers="matte"))
    # where the clipping at 0 and 1 leaves no room, one turn of several finer pixels is not enough
    assert (off <= 0.51).mean() >= (0.98 if refiner.looks else 0.96)
    assert off.mean() < 0.08


def test_where_pixels_lie_across_borders_means_stay_nearly_what_they_were(made):
    mask = shrunk(made.alpha, 1.4)
    off = off_by(made, mask, lifted(made, mask, bits=16, answers="matte"))
    assert (off <= 0.51).mean() >= 0.97
    assert off.mean() < 0.1


@pytest.mark.parametrize(("ratio", "most"), [(2, (0.88, 0.9)), (3, (0.68, 0.7)), (4, (0.6, 0.5))])
def test_a_soft_mask_that_is_right_comes_out_better_than_enlarged(made, ratio, most):
    mask = shrunk(made.alpha, ratio)
    enlarged = cv2.resize(mask.astype(np.float32) / 255, (700, 600), interpolation=cv2.INTER_LANCZOS4)
    plain = np.round(np.clip(enlarged, 0, 1) * 255).astype(np.uint8)
    found = lifted(made, mask)
    assert sad(found, made.alpha) <= most[0] * sad(plain, made.alpha)
    assert gradient_error(found, made.alpha) <= most[1] * gradient_error(plain, made.alpha)


@pytest.mark.parametrize("ratio", [2, 4])
def test_enlarging_alone_is_better_than_lanczos(made, ratio):
    mask = shrunk(made.alpha, ratio)
    enlarged = cv2.resize(mask.astype(np.float32) / 255, (700, 600), interpolation=cv2.INTER_LANCZOS4)
    plain = np.round(np.clip(enlarged, 0, 1) * 255).astype(np.uint8)
    found = lifted(made, mask, UpscaleRefiner())
    assert sad(found, made.alpha) <= sad(plain, made.alpha)
    assert gradient_error(found, made.alpha) <= gradient_error(plain, made.alpha)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.5, 1.0), (0.2, 0.6)])
def test_enlarging_does_not_ring_beside_a_step(low, high):
    step = np.full((40, 40), low, np.float32)
    step[:, 20:] = high
    found = twice(step)
    assert found.min() >= low - 1e-6
    assert found.max() <= high + 1e-6
    assert twice(np.eye(40, dtype=np.float32)).max() > 0.9  # a strand is no plateau


@pytest.mark.parametrize("ratio", [2, 3, 5.3])
@pytest.mark.parametrize("refiner", [GuidedRefiner(), UpscaleRefiner()])
def test_tiles_of_any_size_agree_within_one_level(made, ratio, refiner):
    mask = shrunk(made.alpha, ratio)
    whole = lifted(made, mask, refiner, edge=1024, answers="matte").astype(int)
    tiled = lifted(made, mask, refiner, edge=64, threads=2, answers="matte").astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_a_mask_of_a_box_says_nothing_beyond_it(made):
    size = Size.of(made.photo)
    mask, _ = as_coarse(shrunk(made.alpha, 2), size, Box(0, 0, 350, 600), answers="matte")
    found = resolve(mask, ArrayLevels(made.photo), GuidedRefiner())[0].read(size.box)
    assert (found[:, 360:] == 0).all()


def test_large_masks_are_read_at_their_own_size(monkeypatch, made):
    """More pixels than are looked at as floats: what is kept comes from the mask's own values all the same."""
    monkeypatch.setattr("gigamatte.matte.mask.user_mask.MASK_PIXELS", 50_000)
    mask = shrunk(made.alpha, 1)
    np.testing.assert_array_equal(lifted(made, mask, answers="matte"), mask)


def test_the_receipt_says_who_lifted(made):
    levels, refiner = ArrayLevels(made.photo), GuidedRefiner()
    names = []
    for ratio in (1, 2):
        mask, _ = as_coarse(shrunk(made.alpha, ratio), Size.of(made.photo))
        names.append(lifted_by(mask, refiner, trust_in(mask, levels, refiner)).name)
    assert names == ["off", "guided"]


def test_what_a_tile_depends_on_names_its_masks_rounding(made):
    """A mask of 8 bits may have the values of one of 16: what is put back differs."""
    mask, size = shrunk(made.alpha, 2), Size.of(made.photo)
    said = set()
    for values in (mask, mask.astype(np.uint16) * 257):
        coarse, _ = as_coarse(values, size, answers="matte")
        said.add(str(Known(coarse, stated_trust("matte")).part(0, size.box)))
    assert len(said) == 2
