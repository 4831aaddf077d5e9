"""Frames are cut in the light of those before: with the embedded network, on a small photographic scene."""

from __future__ import annotations

import itertools
from fractions import Fraction

import cv2
import numpy as np
import pytest

from gigamatte import Hints, Options, UsageError
from gigamatte.film.cutting import FilmCutting
from gigamatte.film.hints import FilmHints, followed_by
from gigamatte.film.motion import motion
from gigamatte.film.tiles import FilmTiles, nearly
from gigamatte.film.types import Frame
from gigamatte.tools import Tools
from gigamatte.types import Size

SIZE = Size(320, 240)


def scene(shift: int = 0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A ball before a textured ground, 8 bits sRGB."""
    ground = cv2.GaussianBlur(np.random.default_rng(5).integers(60, 150, (240, 320, 3), np.uint8), (0, 0), 3)
    rows, columns = np.mgrid[0:240, 0:320]
    inside = np.clip(60 - np.hypot(rows - 120, columns - 160 - shift) + 0.5, 0, 1)[..., np.newaxis]
    light = (230 - 0.6 * np.hypot(rows - 100, columns - 140 - shift))[..., np.newaxis]
    frame = inside * np.concatenate([light, light * 0.4, light * 0.2], axis=2) + (1 - inside) * ground
    if noise:
        frame = frame + np.random.default_rng(seed).normal(0, noise, frame.shape)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


def at(number: int, pixels: np.ndarray) -> Frame:
    return Frame(Fraction(number, 25), pixels, Fraction(1, 25))


def nobody(_stage: str, _fraction: float) -> None:
    """Reports nothing."""


@pytest.fixture(name="tools", scope="module")
def _tools() -> Tools:
    return Tools(Options(threads=1))


def test_a_still_scene_is_refined_once(tools: Tools) -> None:
    cutting = FilmCutting(tools.options, tools)
    large = cv2.resize(scene(), (1200, 900), interpolation=cv2.INTER_CUBIC)
    cutouts = [cutting.cut(at(number, large), nobody) for number in range(3)]
    first, *others = (cutout.alpha for cutout in cutouts)
    assert first.any()
    assert all(np.array_equal(first, other) for other in others)
    assert cutouts[0].receipt.tiles["done"] > 0
    assert [cutout.receipt.tiles["done"] for cutout in cutouts[1:]] == [0, 0]


def test_noise_makes_no_flicker(tools: Tools) -> None:
    frames = [at(number, scene(noise=1.5, seed=number)) for number in range(4)]

    def flicker(alone: bool) -> float:
        cutting = FilmCutting(tools.options, tools, alone=alone)
        alphas = [cutting.cut(frame, nobody).alpha.astype(float) for frame in frames]
        return float(np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(alphas)]))

    assert flicker(alone=False) <= 0.6 * flicker(alone=True)


def test_a_moving_subject_is_followed(tools: Tools) -> None:
    cutting = FilmCutting(tools.options, tools)
    for number in range(4):
        alpha = cutting.cut(at(number, scene(8 * number)), nobody).alpha > 127
        rows, columns = np.mgrid[0:240, 0:320]
        truth = np.hypot(rows - 120, columns - 160 - 8 * number) < 60
        assert (alpha & truth).sum() / (alpha | truth).sum() > 0.95
    assert cutting.cuts == 0


def opposed(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(frame, alpha): a textured flower that moves against its ground, 8 bits sRGB and [0, 1]."""
    noise = np.random.default_rng(5).integers(0, 255, (2, 360, 640, 3), np.uint8)
    ground, body = (cv2.GaussianBlur(one, (0, 0), 2).astype(float) for one in noise)
    ground, body = (np.roll(one, by * number, axis=1) for one, by in ((ground, -9), (body, 6)))
    rows, columns = np.mgrid[0:360, 0:640]
    down, across = rows - 180, columns - 260 - 6 * number
    radius = 140 + 28 * np.sin(9 * np.arctan2(down, across))
    inside = np.clip(radius - np.hypot(down, across) + 0.5, 0, 1)
    light = (230 - 0.6 * np.hypot(down + 30, across + 20))[..., np.newaxis]
    shown = np.concatenate([light, light * 0.4, light * 0.2], axis=2) + body.mean(axis=2, keepdims=True) - 127
    frame = inside[..., np.newaxis] * shown + (1 - inside[..., np.newaxis]) * np.clip(3 * ground - 210, 0, 255)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8), inside


def test_a_ground_that_moves_against_the_subject_takes_nothing_along(tools: Tools) -> None:
    scene_of = [opposed(number) for number in range(5)]

    def likeness(alone: bool) -> float:
        cutting, each = FilmCutting(tools.options, tools, alone=alone), []
        for number, (pixels, truth) in enumerate(scene_of):
            found = cutting.cut(at(number, pixels), nobody).alpha > 127
            each.append((found & (truth > 0.5)).sum() / (found | (truth > 0.5)).sum())
        return float(np.mean(each))

    assert likeness(alone=False) > likeness(alone=True) - 0.0002


def test_what_is_remembered_goes_into_another_process(tools: Tools) -> None:
    frames = [at(number, scene(3 * number, 1.0, number)) for number in range(5)]
    whole = FilmCutting(tools.options, tools)
    expected = [whole.cut(frame, nobody).alpha for frame in frames]
    first, other = FilmCutting(tools.options, tools), FilmCutting(tools.options, tools)
    for frame in frames[:3]:
        first.cut(frame, nobody)
    other.restore({name: values.copy() for name, values in first.state().items()})
    found = [other.cut(frame, nobody).alpha for frame in frames[3:]]
    assert all(np.array_equal(one, alpha) for one, alpha in zip(found, expected[3:], strict=True))
    assert (other.frames, other.done, other.kept) == (whole.frames, whole.done, whole.kept)


def test_tiles_of_another_scene_are_forgotten() -> None:
    tiles = FilmTiles()
    tiles.turn()
    key = tiles.key("described", (0, 0, 0), np.zeros((4, 4), np.float32))
    tiles.add(key, np.ones((4, 4), np.uint16), 1)
    tiles.turn()
    assert tiles.find(tiles.key("described", (0, 0, 0), np.zeros((4, 4), np.float32)), Size(4, 4), 1) is not None
    tiles.forget()
    assert tiles.find(tiles.key("described", (0, 0, 0), np.zeros((4, 4), np.float32)), Size(4, 4), 1) is None


def test_tiles_that_never_serve_are_no_longer_compared() -> None:
    """Where all moves, tiles are worked on in blocks again, which read fewer pixels twice."""
    tiles, remembered = FilmTiles(), []
    for frame in range(14):
        tiles.turn()
        remembered.append(tiles.remembers)
        key = tiles.key("described", (0, 0, 0), np.full((4, 4), frame, np.float32)) if tiles.remembers else None
        if key is not None:
            assert tiles.find(key, Size(4, 4), 1) is None
        tiles.add(key, np.ones((4, 4), np.uint16), 1)
        if frame == 5:
            other = FilmTiles()
            other.restore(tiles.arrays())
            tiles = other
    assert remembered == [True, True, *[False] * 8, True, True, False, False]


def test_a_thin_hair_that_moves_is_no_noise() -> None:
    ground = np.full((64, 64, 3), 120, np.uint8)
    hair, moved = ground.copy(), ground.copy()
    hair[:, 30], moved[:, 31] = 90, 90
    noisy = np.clip(hair + np.random.default_rng(0).normal(0, 2, hair.shape), 0, 255).astype(np.uint8)
    assert nearly((hair,), (noisy,))
    assert not nearly((hair,), (moved,))
    assert not nearly((np.zeros((4, 4), np.float32),), (np.full((4, 4), 0.05, np.float32),))


def test_hints_hold_until_the_next_and_before_the_first() -> None:
    hints = FilmHints.from_plain([{"time": 2, "keep": [[5, 5]]}, {"time": 1, "drop": [[9, 9]]}])
    size = Size(40, 40)
    first, second = Hints(drop=((9, 9),)), Hints(keep=((5, 5),))  # type: ignore[arg-type]
    assert [hints.turn(Fraction(t, 2), None, size) for t in range(6)] == [first, first, first, first, second, second]


def test_hints_follow_the_picture() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (96, 160, 3), np.uint8)
    frame = cv2.GaussianBlur(noise, (0, 0), 2)
    moved = motion(frame, np.roll(frame, 4, axis=1))
    hints = Hints(keep=((60, 48), (158, 20)), drop=((80, 40, 3),))  # type: ignore[arg-type]
    found = followed_by(hints, moved, Size(160, 96))
    assert [(round(point.x), round(point.y)) for point in (*found.keep, *found.drop)] == [(64, 48), (84, 40)]
    assert found.drop[0].radius == 3


@pytest.mark.parametrize(
    "plain", [3, [{"keep": [[1, 1]]}], [{"time": -1}], [{"time": 0}, {"time": 0.0}], [{"time": 0, "wrong": 1}]]
)
def test_hints_that_are_none(plain: object) -> None:
    with pytest.raises(UsageError):
        FilmHints.from_plain(plain)


def test_a_point_decides_which_of_two_is_meant(tools: Tools) -> None:
    """What was dropped in one frame stays away in the next ones, whose hints are the same, moved."""
    pair = np.concatenate([scene()[:, 60:260], scene()[:, 60:260]], axis=1)
    hints = FilmHints.from_plain([{"time": 0, "keep": [[100, 120]], "drop": [[300, 120]]}])
    cutting = FilmCutting(tools.options, tools, hints)
    for number in range(3):
        alpha = cutting.cut(at(number, pair), nobody).alpha
        assert alpha[120, 100] == 255
        assert alpha[120, 300] == 0


def test_what_is_said_holds_from_its_frame_on(tools: Tools) -> None:
    """What steadies frames must not let what was dropped fade out slowly, nor touch the frames before."""
    pair = np.concatenate([scene()[:, 60:260], scene()[:, 60:260]], axis=1)
    both = {"keep": [[100, 120], [300, 120]]}
    told = [{"time": 0, **both}, {"time": 0.08, "keep": [[100, 120]], "drop": [[300, 120]]}]
    cutting = FilmCutting(tools.options, tools, FilmHints.from_plain(told))
    seen = [int(cutting.cut(at(number, pair), nobody).alpha[120, 300]) for number in range(4)]
    assert seen == [255, 255, 0, 0]
    assert cutting.cuts == 0
