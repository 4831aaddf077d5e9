"""The alpha of a frame is carried to the next ones where the motion is believed, and refined elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.unit.film.test_cutting import at, nobody, scene

from gigamatte import Options
from gigamatte.film.answers import EARLY
from gigamatte.film.carrying import HELD, Carried, News, carried
from gigamatte.film.cutting import FilmCutting
from gigamatte.film.doubtful import DoubtfulPixels
from gigamatte.film.motion import Motion, Way, along, motion, reduced
from gigamatte.film.settling import Settled
from gigamatte.film.tiles import FilmTiles
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.tools import Tools
from gigamatte.types import Box, Fit, Matte, Size

SIZE = Size(640, 512)


def picture(shift: int = 0, seed: int = 3) -> np.ndarray:
    """A textured frame, 8 bits sRGB, moved to the right."""
    grain = np.random.default_rng(seed).integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
    smooth = cv2.GaussianBlur(grain, (0, 0), 3)
    return np.roll(cv2.normalize(smooth, None, 20, 235, cv2.NORM_MINMAX), shift, axis=1)


def disc_alpha(shift: float = 0, radius: float = 120) -> np.ndarray:
    rows, columns = np.mgrid[0 : SIZE.height, 0 : SIZE.width]
    away = radius - np.hypot(rows - 250, columns - 300 - shift)
    return np.clip(away / 3 + 0.5, 0, 1).astype(np.float32)


def levels(pixels: np.ndarray) -> PhotoLevels:
    return PhotoLevels(open_photo(pixels, max_pixels=10**8))


def key(bits: int = 8) -> Settled:
    pixels = picture() if bits == 8 else picture().astype(np.uint16) * 257
    return Settled(pixels, as_matte(disc_alpha(), bits))


def standing() -> Way:
    rows, columns = reduced(picture()).shape[:2]
    return Way(np.zeros((rows, columns, 2), np.float32), np.ones((rows, columns), np.float32))


def step(before: np.ndarray, now: np.ndarray, shift: float) -> Motion:
    """What moved, with the contour of a disc that has moved by ``shift``."""
    moved = motion(reduced(before), reduced(now))
    rows, columns = moved.back.shape[:2]
    return along(moved, cv2.resize(disc_alpha(shift), (columns, rows), interpolation=cv2.INTER_AREA))


def found_in(now: np.ndarray, bits: int = 8, news: News | None = None) -> Carried | None:
    """The disc, carried into a frame in which it has moved by 6 pixels at most."""
    frame = now if bits == 8 else now.astype(np.uint16) * 257
    return carried(key(bits), standing().then(step(picture(), now, 6)), levels(frame), news)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_alpha_follows_the_picture(bits: int) -> None:
    found = found_in(picture(6), bits)
    assert found is not None
    assert not found.doubtful
    alpha = found.matte.read(SIZE.box).astype(float) / found.matte.depth.full
    assert np.abs(alpha - disc_alpha(6)).mean() < 4e-4
    assert np.abs(alpha - disc_alpha()).mean() > 5e-3


def test_the_motion_of_several_frames_is_taken_together() -> None:
    """The alpha comes from the first of them, interpolated once, however many there are."""
    way = standing()
    for number in range(1, 7):
        way = way.then(step(picture(3 * number - 3), picture(3 * number), 3 * number))
    found = carried(key(), way, levels(picture(18)), None)
    assert found is not None
    assert not found.doubtful
    assert np.abs(found.matte.read(SIZE.box) / 255.0 - disc_alpha(18)).mean() < 8e-4


def test_what_was_in_doubt_in_one_frame_is_in_doubt_in_the_next() -> None:
    between = picture(3)
    between[:, :256] = picture(seed=4)[:, :256]
    way = standing().then(step(picture(), between, 3)).then(step(between, picture(6), 6))
    found = carried(key(), way, levels(picture(6)), None)
    assert found is not None
    assert {column for _, column in found.doubtful} == {0}


def test_the_ground_that_shows_through_makes_no_doubt() -> None:
    """Half of what is seen in a veil is the ground, which moves the other way: it moves with the subject beside it."""
    veil = np.maximum(disc_alpha(radius=80), 0.4 * disc_alpha(radius=140))
    skin, ground = picture(seed=5), picture(seed=6)

    def frame(number: int) -> np.ndarray:
        alpha = np.roll(veil, 4 * number, axis=1)[..., np.newaxis]
        shown = alpha * np.roll(skin, 4 * number, axis=1) + (1 - alpha) * np.roll(ground, -6 * number, axis=1)
        return np.rint(shown).astype(np.uint8)

    moved = motion(reduced(frame(0)), reduced(frame(1)))
    small = cv2.resize(np.roll(veil, 4, axis=1), moved.still.shape[::-1], interpolation=cv2.INTER_AREA)
    found = carried(Settled(frame(0), as_matte(veil, 8)), standing().then(along(moved, small)), levels(frame(1)), None)
    assert found is not None
    alpha = found.drawn(as_matte(np.zeros(SIZE.shape, np.float32), 8)).read(SIZE.box) / 255.0
    assert np.abs(alpha - np.roll(veil, 4, axis=1)).mean() < 0.4 * np.abs(veil - np.roll(veil, 4, axis=1)).mean()


def test_where_nothing_moves_it_stays_bit_for_bit() -> None:
    before = key()
    found = carried(before, standing().then(step(picture(), picture(), 0)), levels(picture()), None)
    assert found is not None
    assert not found.doubtful
    assert np.array_equal(found.matte.read(SIZE.box), before.matte.read(SIZE.box))


def test_what_shows_something_else_is_doubtful() -> None:
    now = picture(6)
    now[:, :256] = picture(seed=4)[:, :256]
    found = found_in(now)
    assert found is not None
    assert {column for _, column in found.doubtful} == {0}
    refined = as_matte(np.full(SIZE.shape, 0.25, np.float32), 8)
    drawn = found.drawn(refined)
    assert (drawn.read(Box(20, 200, 200, 100)) == 64).mean() > 0.95
    assert np.array_equal(drawn.read(Box(256, 0, 384, 512)), found.matte.read(Box(256, 0, 384, 512)))
    assert found_in(picture(seed=4)) is None  # nothing is to be believed


def test_news_of_the_network_are_refined() -> None:
    """A part of the subject that comes in where all was background is in no tile that is carried."""
    fit = Fit(SIZE, SIZE.box, Size(64, 51))
    before, now = np.zeros((51, 64), np.float32), np.zeros((51, 64), np.float32)
    now[2:6, 56:62] = 1
    found = found_in(picture(), news=News.of(now, before, fit))
    assert found is not None
    assert list(found.doubtful) == [(0, 2)]
    assert not found.doubtful[0, 2].any()  # nothing of what was carried stays
    now[:], now[25, 32] = 0, 0.5  # a single pixel
    assert not News.of(now, before, fit).within(SIZE.box)


def test_pixels_in_doubt_are_those_that_show_something_else() -> None:
    """And what lies beside them, so that one alpha passes into the other; a single pixel is none."""
    now = picture(6)
    now[200:300, 170:200] = picture(seed=4)[200:300, 170:200]
    now[150, 400] = 255 - now[150, 400]
    found = found_in(now)
    assert found is not None
    unsure = found.unsure
    assert unsure[210:290, 175:195].mean() > 0.9
    assert unsure[100:400, 100:].sum() < 2.5 * 100 * 30
    assert not unsure[:, 256:].any()


def test_doubt_does_not_alternate_from_pixel_to_pixel() -> None:
    """Where it would, two alphas that are each smooth would be mixed into grain."""
    now = picture(6)
    random = np.random.default_rng(8).random(SIZE.shape) < 0.25
    now[100:300, 250:450][random[100:300, 250:450]] += np.uint8(20)
    found = found_in(now)
    assert found is not None
    inside = found.unsure[110:290, 260:440]
    alternates = (inside[:, 1:] != inside[:, :-1]).mean() + (inside[1:] != inside[:-1]).mean()
    assert alternates < 0.28


def test_few_pixels_of_a_moving_subject_are_refined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A face that moves before a still ground: the first frames and one of eight are refined whole, the others are
    carried, and what the refiner is asked there is a small part of the frame's pixels.
    """
    whole, asked = list[int](), dict[int, float]()

    class Turned(FilmTiles):
        def turn(self) -> None:
            whole.append(number)
            super().turn()

    class Counted(DoubtfulPixels):
        def __init__(self, matte: Matte, doubtful: np.ndarray) -> None:
            asked[number] = float(doubtful.mean())
            super().__init__(matte, doubtful)

    monkeypatch.setattr("gigamatte.film.cutting.DoubtfulPixels", Counted)
    monkeypatch.setattr("gigamatte.film.cutting.FilmTiles", Turned)
    ground = cv2.GaussianBlur(np.random.default_rng(5).integers(60, 150, (600, 800, 3), np.uint8), (0, 0), 3)
    skin = cv2.GaussianBlur(np.random.default_rng(6).integers(0, 90, (600, 800, 3), np.uint8), (0, 0), 4)
    skin = cv2.normalize(skin, None, 0, 60, cv2.NORM_MINMAX)
    rows, columns = np.mgrid[0:600, 0:800]
    tools = Tools(Options(threads=1))
    cutting = FilmCutting(tools.options, tools)
    for number in range(HELD + 1):
        away = np.hypot(rows - 300, columns - 400 - 2 * number)
        inside = np.clip(220 - away + 0.5, 0, 1)[..., np.newaxis]
        face = np.roll(skin, 2 * number, axis=1) + np.array([150, 70, 40])
        frame = np.rint(inside * face + (1 - inside) * ground).clip(0, 255).astype(np.uint8)
        if number == HELD - 1:  # what is carried goes into another process as well
            state = {name: values.copy() for name, values in cutting.state().items()}
            assert "key matte" in state
        cutout = cutting.cut(at(number, frame), nobody)
        if number == HELD - 1:
            expected, again = cutout.alpha, frame
        alpha, truth = cutout.alpha > 127, away < 220
        assert (alpha & truth).sum() / (alpha | truth).sum() > 0.97
    assert whole == [0, *EARLY, HELD]
    assert sum(asked.values()) / (HELD - 1 - len(EARLY)) < 0.05  # of the frame's pixels, in those that are carried
    other = FilmCutting(tools.options, tools)
    other.restore(state)
    assert np.array_equal(other.cut(at(HELD - 1, again), nobody).alpha, expected)


def test_small_frames_are_not_carried() -> None:
    """Their alpha comes from the network's answer at once: there is nothing to be saved."""
    cutting = FilmCutting(Options(threads=1), Tools(Options(threads=1)))
    for number in range(2):
        cutting.cut(at(number, scene(3 * number)), nobody)
    assert cutting.done == 0
    assert not cutting.state()["carries"]
