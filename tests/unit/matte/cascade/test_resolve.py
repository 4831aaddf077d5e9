"""The cascade: tiles agree with the whole, constants stay, borders stay, and edges come out sharp."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigamatte.errors import Cancelled
from gigamatte.evaluate.metrics import sad
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.testing.levels import ArrayLevels
from gigamatte.types import CoarseMatte, Fit, FloatArray, PixelArray, Size


def scene(width: int, height: int, seed: int = 3) -> tuple[PixelArray, FloatArray]:
    """A disc with strands before a textured wall: the photo (uint8 RGB) and its exact alpha."""
    random = np.random.default_rng(seed)
    alpha = np.zeros((height, width), np.uint8)
    centre, radius = (width // 2, height // 2), min(width, height) // 4
    cv2.circle(alpha, centre, radius, 255, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 60, endpoint=False):
        tip = (
            int(centre[0] + 1.6 * radius * np.cos(angle)),
            int(centre[1] + 1.6 * radius * np.sin(angle + random.normal(0, 0.03))),
        )
        cv2.line(alpha, centre, tip, 255, 1, cv2.LINE_AA)
    noise = cv2.resize(random.normal(0, 1, (height // 8, width // 8)).astype(np.float32), (width, height))
    wall = np.float32([150, 170, 190]) + 12 * noise[..., None]
    colour = np.float32([60, 40, 30]) + 5 * noise[..., None]
    part = (alpha / np.float32(255))[..., None]
    photo = np.clip(colour * part + wall * (1 - part), 0, 255).astype(np.uint8)
    return photo, part[..., 0]


def shrunk(alpha: FloatArray, factor: int) -> FloatArray:
    """What a network of that size would say: averaged, blurred, steepened."""
    size = (alpha.shape[1] // factor, alpha.shape[0] // factor)
    small = cv2.GaussianBlur(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    return np.clip((small - 0.5) * 1.5 + 0.5, 0, 1).astype(np.float32)


def solved(photo: PixelArray, coarse: FloatArray, refiner: Refiner | None = None, **how: int) -> PixelArray:
    size = Size.of(photo)
    matte, _ = resolve(
        CoarseMatte(coarse, Fit.whole(size, Size.of(coarse))), ArrayLevels(photo), refiner or GuidedRefiner(), **how
    )
    return matte.read(size.box)


@settings(max_examples=12, deadline=None)
@given(
    width=st.integers(500, 900),
    height=st.integers(400, 700),
    edge=st.sampled_from([64, 128, 192, 320]),
    factor=st.sampled_from([4, 6, 8]),
    refiner=st.sampled_from([GuidedRefiner(), UpscaleRefiner()]),
)
def test_tiles_agree_with_the_whole(width: int, height: int, edge: int, factor: int, refiner: Refiner) -> None:
    photo, alpha = scene(width, height)
    coarse = shrunk(alpha, factor)
    whole = solved(photo, coarse, refiner, edge=1024).astype(int)
    tiled = solved(photo, coarse, refiner, edge=edge, threads=2).astype(int)
    assert np.abs(whole - tiled).max() <= 1


@pytest.mark.parametrize(("left", "top"), [(64, 32), (32, 96)])
def test_the_place_of_the_grid_does_not_show(left: int, top: int) -> None:
    photo, alpha = scene(832, 640)
    coarse = shrunk(alpha, 8)
    here = solved(photo, coarse)[top:, left:].astype(int)
    there = solved(np.ascontiguousarray(photo[top:, left:]), np.ascontiguousarray(coarse[top // 8 :, left // 8 :]))
    assert np.abs(here - there.astype(int)).max() <= 1


def test_the_number_of_threads_does_not_show() -> None:
    photo, alpha = scene(700, 500)
    coarse = shrunk(alpha, 6)
    assert np.array_equal(solved(photo, coarse, threads=1), solved(photo, coarse, threads=4))


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("refiner", [GuidedRefiner(), UpscaleRefiner()])
def test_a_constant_mask_comes_back_constant(value: float, refiner: Refiner) -> None:
    photo, _ = scene(600, 400)
    assert (solved(photo, np.full((64, 96), value, np.float32), refiner) == round(255 * value)).all()


def test_a_subject_that_touches_the_border_stays() -> None:
    photo, _ = scene(801, 533)
    photo[:, :400] = (30, 60, 90)
    photo[:, 400:] = (200, 190, 180)
    exact = np.zeros((533, 801), np.float32)
    exact[:, :400] = 1
    alpha = solved(photo, shrunk(exact, 8))
    assert (alpha[:, :396] == 255).all()
    assert (alpha[:, 404:] == 0).all()


def test_a_clean_edge_comes_out_sharp() -> None:
    """10–90 % of a straight edge within 20 % of the photo's own, far sharper than the enlarged mask."""
    photo, _ = scene(800, 600)
    ramp = np.clip((np.arange(800) - 400) / 2 + 0.5, 0, 1).astype(np.float32)
    exact = np.tile(ramp, (600, 1))
    photo = np.round(exact[..., None] * np.float32([220, 60, 60]) + (1 - exact[..., None]) * np.float32([40, 80, 40]))
    alpha = solved(photo.astype(np.uint8), shrunk(exact, 8)).astype(np.float32) / 255
    profile = alpha[300]
    own = np.interp([0.1, 0.9], ramp[390:411], np.arange(390, 411))
    ours = np.interp([0.1, 0.9], profile[390:411], np.arange(390, 411))
    assert abs((ours[1] - ours[0]) / (own[1] - own[0]) - 1) < 0.2
    assert np.ptp(alpha[100:500, 395:405], axis=0).max() < 0.02  # as straight as the photo's


def test_refining_beats_enlarging_on_strands() -> None:
    photo, alpha = scene(900, 700)
    coarse = shrunk(alpha, 6)
    refined = solved(photo, coarse).astype(np.float32) / 255
    enlarged = cv2.resize(coarse, (900, 700), interpolation=cv2.INTER_CUBIC)
    assert sad(refined, alpha) < 0.7 * sad(np.clip(enlarged, 0, 1), alpha)


def test_a_mask_that_was_enlarged_by_another_tool_is_refined_like_a_coarse_one() -> None:
    photo, alpha = scene(900, 700)
    coarse = shrunk(alpha, 6)
    enlarged = np.clip(cv2.resize(coarse, (900, 700), interpolation=cv2.INTER_CUBIC), 0, 1)
    from_coarse = solved(photo, coarse).astype(np.float32) / 255
    from_enlarged = solved(photo, enlarged).astype(np.float32) / 255
    assert sad(from_enlarged, alpha) < 1.5 * sad(from_coarse, alpha)


def test_a_hard_edge_on_a_tile_border_is_seen() -> None:
    """A binary mask has no soft pixel at all; its border may even fall between two tiles."""
    photo, _ = scene(1024, 512)
    exact = np.zeros((512, 1024), np.float32)
    exact[:, :512] = 1
    photo[:, :515] = (220, 30, 30)
    photo[:, 515:] = (20, 30, 30)
    alpha = solved(photo, np.ascontiguousarray(exact[::4, ::4]))
    assert (alpha[:, :513] > 200).all()
    assert (alpha[:, 518:] < 60).all()


def test_watching_may_cancel() -> None:
    photo, alpha = scene(900, 700)
    size = Size.of(photo)
    seen: list[float] = []

    def watch(stage: str, fraction: float) -> None:
        assert stage == "matte"
        seen.append(fraction)
        if len(seen) == 3:
            raise Cancelled("enough")

    coarse = CoarseMatte(shrunk(alpha, 6), Fit.whole(size, Size(150, 116)))
    with pytest.raises(Cancelled):
        resolve(coarse, ArrayLevels(photo), GuidedRefiner(), watch=watch)
    assert seen == sorted(seen)
    assert len(seen) == 3


def test_sixteen_bits_stay_sixteen_bits() -> None:
    photo, alpha = scene(600, 400)
    deep = photo.astype(np.uint16) * 257
    coarse = shrunk(alpha, 6)
    assert solved(deep, coarse, bits=16).dtype == np.uint16
    # coarser levels are means, which 8 bits round: an alpha leans on that by a few levels where colours are close
    assert np.abs(solved(deep, coarse, bits=16) / 257 - solved(photo, coarse)).max() <= 4
