"""What moved, what stayed, and where a new scene begins."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gigamatte.film.answers import carried, followable, followed_answer, looked_at, nearer, steady
from gigamatte.film.motion import Motion, along, motion, reduced
from gigamatte.types import Box, CoarseMatte, Fit, Size

SIZE = Size(160, 96)


def textured(seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (*SIZE.shape, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def test_an_unchanged_frame_has_not_moved() -> None:
    frame = textured()
    found = motion(frame, frame.copy())
    assert found.same
    assert not found.cut
    assert not found.back.any()
    assert found.still.min() == 1


def test_noise_is_no_motion() -> None:
    frame = textured()
    noise = np.random.default_rng(1).normal(0, 1.5, frame.shape)
    noisy = np.clip(frame + noise, 0, 255).astype(np.uint8)
    found = motion(frame, noisy)
    assert not found.cut
    assert np.mean(found.still > 0.9) > 0.9
    assert np.abs(found.back).mean() < 0.05


def test_a_shift_is_found_and_believed() -> None:
    frame = textured()
    found = motion(frame, np.roll(frame, 3, axis=1))
    inner = found.back[20:-20, 20:-20]
    assert np.abs(np.median(inner, axis=(0, 1)) - (-3, 0)).max() < 0.3
    assert np.median(found.believed[20:-20, 20:-20]) > 0.9
    assert np.median(found.still[20:-20, 20:-20]) < 0.1


def test_a_new_scene_is_a_cut_and_a_moving_one_is_not() -> None:
    frame = textured()
    assert motion(frame, textured(99)).cut
    assert not motion(frame, np.roll(frame, 5, axis=1)).cut
    assert not motion(frame, (frame * 0.8).astype(np.uint8)).cut  # it only got darker


def test_frames_are_compared_small() -> None:
    assert reduced(np.zeros((1080, 1920, 3), np.uint8)).shape == (324, 576, 3)
    small = np.zeros((50, 80, 3), np.uint8)
    assert reduced(small) is small


def opposed(shift: int, against: int) -> tuple[np.ndarray, np.ndarray]:
    """(frame, alpha in [0, 1]): a textured disc that moved by ``shift`` before a ground that moved by ``against``."""
    ground, body = (cv2.GaussianBlur(noise, (0, 0), 2) for noise in np.random.default_rng(7).integers(
        0, 255, (2, 324, 576, 3), np.uint8))  # fmt: skip
    rows, columns = np.mgrid[0:324, 0:576]
    alpha = np.clip((90 - np.hypot(rows - 162, columns - 270 - shift)) / 10 + 0.5, 0, 1).astype(np.float32)
    ground, body = np.roll(ground, against, axis=1), 64 + np.roll(body, shift, axis=1) // 2
    frame = alpha[..., None] * body + (1 - alpha[..., None]) * ground
    return np.rint(frame).astype(np.uint8), alpha


def test_what_surrounds_the_subject_moves_as_the_subject() -> None:
    """Flow that is sought at a contour is partly the ground's; the subject's own is known a little further inside."""
    (before, _), (now, alpha) = opposed(0, 0), opposed(4, -6)
    own = motion(before, now)
    found = along(own, alpha)
    rim = (alpha > 0) & (alpha < 0.9)

    def missed(moved: Motion) -> float:
        return float(np.abs(moved.back[rim] - (-4, 0)).max(axis=1).mean())

    assert missed(own) > 2.5
    assert missed(found) < 1.0
    # what is far from it keeps its own motion
    assert np.array_equal(found.back[:, :100], own.back[:, :100])
    assert np.array_equal(found.believed[:, :100], own.believed[:, :100])


def test_where_nothing_is_surely_subject_or_moves_the_motion_stays_as_it_is() -> None:
    (before, alpha), (now, _) = opposed(0, 0), opposed(4, -6)
    moved = motion(before, now)
    assert along(moved, np.minimum(alpha, np.float32(0.9))) is moved
    unmoved = motion(before, before.copy())
    assert along(unmoved, alpha) is unmoved


def test_a_motion_that_shows_something_else_is_not_believed() -> None:
    """The subject's motion is spread to a place that did something else: the picture there tells."""
    (before, _), (now, alpha) = opposed(0, 0), opposed(4, -6)
    other = now.copy()
    other[120:204, 356:372] = 255
    rim = (slice(135, 190), slice(359, 368))
    believed = [along(motion(before, frame), alpha).believed[rim].mean() for frame in (now, other)]
    assert believed[1] < 0.5 * believed[0]


def coarse(region: Box, seed: int = 0) -> CoarseMatte:
    alpha = cv2.GaussianBlur(np.random.default_rng(seed).random((64, 64)).astype(np.float32), (0, 0), 2)
    return CoarseMatte(np.clip((alpha - 0.4) * 5, 0, 1), Fit(SIZE, region, Size(64, 64)))


@pytest.mark.parametrize("region", [SIZE.box, Box(20, 10, 100, 70)])
def test_an_answer_that_has_not_moved_is_carried_bit_for_bit(region: Box) -> None:
    frame, before = textured(), coarse(region)
    moved = motion(frame, frame.copy())
    assert np.array_equal(carried(before, moved, before.fit), before.alpha)


def test_where_nothing_changes_small_news_are_none() -> None:
    frame, before = textured(), coarse(SIZE.box)
    moved = motion(frame, frame.copy())
    news = np.float32(0.05) * np.sign(np.random.default_rng(2).random(before.alpha.shape) - 0.5).astype(np.float32)
    now = before.changed(np.clip(before.alpha + news, 0, 1).astype(np.float32))
    assert np.array_equal(steady(now, before, moved).alpha, before.alpha)
    # but what the network insists on is followed
    other = before.changed(np.ones_like(before.alpha))
    held = before
    for _ in range(60):
        held = steady(other, held, moved)
    assert held.alpha.min() > 0.85


def test_where_the_picture_moves_the_answer_follows() -> None:
    frame, before = textured(), coarse(SIZE.box)
    moved = motion(frame, np.roll(frame, 5, axis=1))
    followed = carried(before, moved, before.fit)
    shifted = np.roll(before.alpha, 2, axis=1)  # 5 of 160 pixels are 2 of 64
    inner = (slice(10, -10), slice(10, -10))
    assert np.abs(followed - shifted)[inner].mean() < 0.03


def test_the_part_that_is_looked_at_stays_while_it_suits() -> None:
    alpha = np.zeros((64, 64), np.float32)
    alpha[20:40, 20:40] = 1
    whole = CoarseMatte(alpha, Fit(SIZE, SIZE.box, Size(64, 64)))
    box = looked_at(whole, SIZE.box, 0.25)
    assert box != SIZE.box
    closer = CoarseMatte(np.pad(np.ones((40, 40), np.float32), 12), Fit(SIZE, box, Size(64, 64)))
    assert looked_at(closer, SIZE.box, 0.25) == box
    touching = CoarseMatte(np.pad(np.ones((64, 40), np.float32), ((0, 0), (0, 24))), Fit(SIZE, box, Size(64, 64)))
    assert looked_at(touching, SIZE.box, 0.25) != box
    assert looked_at(CoarseMatte(np.zeros_like(alpha), whole.fit), SIZE.box, 0.25) == SIZE.box


def test_a_large_subject_is_looked_at_twice() -> None:
    """A part that is nearly the frame shows hardly more than the whole: the mean of both is nearer to the truth."""
    asked = []

    def look(box: Box) -> CoarseMatte:
        asked.append(box)
        return CoarseMatte(np.full((8, 8), 0.2 * len(asked), np.float32), Fit(SIZE, box, Size(8, 8)))

    small, large = Box(20, 10, 60, 60), Box(10, 0, 140, 90)
    assert nearer(look, small, SIZE.box).alpha.mean() == pytest.approx(0.2)
    assert asked == [small]
    found = nearer(look, large, SIZE.box)
    assert asked[1:] == [SIZE.box, large]
    assert found.fit.region == large
    assert found.alpha.mean() == pytest.approx(0.5)
    whole = CoarseMatte(np.zeros((8, 8), np.float32), Fit(SIZE, SIZE.box, Size(8, 8)))
    assert nearer(look, large, SIZE.box, whole).alpha.mean() == pytest.approx(0.4)


def test_of_a_calm_scene_one_frame_in_four_is_asked() -> None:
    """Between them the answer follows the motion; where that cannot be believed, every frame is asked."""
    fit = Fit(Size(200, 100), Box(0, 0, 200, 100), Size(64, 32))
    alpha = np.zeros((32, 64), np.float32)
    alpha[8:24, 16:40] = 1.0
    alpha[8:24, 15] = alpha[8:24, 40] = 0.5
    before = CoarseMatte(alpha, fit)
    shape = (144, 288)
    back = np.zeros((*shape, 2), np.float32)
    back[..., 0] = -288 / 64  # all moves by a pixel of the answer to the right
    believed, moving = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    calm = Motion(back, believed, moving)
    assert followable(before, calm)
    found = followed_answer(before, calm).alpha
    assert np.abs(found[:, 1:] - alpha[:, :-1]).max() <= 1e-4
    wild = Motion(back, believed * 0.5, moving)
    assert not followable(before, wild)
    assert not followable(CoarseMatte(np.zeros((32, 64), np.float32), fit), calm)
    still = Motion(back * 0, believed, believed)
    assert np.array_equal(followed_answer(before, still).alpha, alpha)
