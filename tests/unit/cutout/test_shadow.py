"""Shadows: the photo's own comes near to the true one, drawn ones lie where they should, in every division."""

from __future__ import annotations

import dataclasses
import io
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, UsageError, cut
from gigamatte.cutout.cutout import Cutout
from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.sampled import Sampled
from gigamatte.cutout.shadow_drawn import contact_shadow, drop_shadow
from gigamatte.cutout.shadow_kept import lift_shadow
from gigamatte.effects import outline_of, shadow_of
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing.levels import ArrayLevels
from gigamatte.testing.shadows import ShadowedPhoto, shadowed_photo
from gigamatte.types import Box, Receipt, Size

SIZE = Size(480, 400)


@pytest.mark.parametrize("kind", ["floor", "wall", "pool"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_kept_shadow_is_the_true_one(kind: str, seed: int) -> None:
    """Mean absolute error of its alpha: at most .03 in the shadow, .01 outside; with noise of 1 to 4 levels."""
    made = shadowed_photo(SIZE, kind=kind, noise=(1, 2.5, 4)[seed], seed=seed)
    lifted = lift_shadow(ArrayLevels(made.photo), as_matte(made.alpha, 8, 256))
    assert lifted.alpha is not None, lifted.reason
    found = cv2.resize(lifted.alpha, (SIZE.width, SIZE.height), interpolation=cv2.INTER_LINEAR)
    error, seen = np.abs(found - made.shadow), made.alpha < 0.5
    shaded = made.shadow > 0.02
    assert made.shadow[shaded & seen].mean() > 0.1
    assert error[shaded & seen].mean() <= 0.03
    assert error[~shaded & seen].mean() <= 0.01


@pytest.mark.parametrize("kind", ["floor", "wall", "pool"])
@pytest.mark.parametrize("cove", [0.2, 0.35])
def test_a_ground_that_bends_up_behind_the_subject_is_no_shade(kind: str, cove: float) -> None:
    made = shadowed_photo(SIZE, kind=kind, noise=2, seed=7, cove=cove)
    lifted = lift_shadow(ArrayLevels(made.photo), as_matte(made.alpha, 8, 256))
    assert lifted.alpha is not None, lifted.reason
    found = cv2.resize(lifted.alpha, (SIZE.width, SIZE.height), interpolation=cv2.INTER_LINEAR)
    error, seen = np.abs(found - made.shadow), made.alpha < 0.5
    shaded = made.shadow > 0.02
    assert error[shaded & seen].mean() <= 0.03
    assert error[~shaded & seen].mean() <= 0.01


def test_a_photo_without_shadow_gives_none() -> None:
    made = shadowed_photo(SIZE, kind="pool", seed=4)
    ground = np.full_like(made.photo, 235)
    photo = np.where(made.alpha[..., None] > 0, made.photo, ground)
    noise = np.random.default_rng(0).normal(0, 2, photo.shape)
    lifted = lift_shadow(ArrayLevels(np.clip(photo + noise, 0, 255).astype(np.uint8)), as_matte(made.alpha, 8, 256))
    assert lifted.alpha is not None
    assert float(lifted.alpha[made.alpha == 0].mean()) < 0.002


def test_a_ground_that_is_not_plain_is_said() -> None:
    made = shadowed_photo(SIZE, kind="pool", seed=1)
    chance = np.random.default_rng(1)
    rough = cv2.resize(chance.integers(40, 255, (12, 12, 3), np.uint8), (SIZE.width, SIZE.height))
    photo = np.where(made.alpha[..., None] > 0.5, made.photo, rough)
    result = cut(photo, Options(refine="off", shadow="keep"), mask=np.rint(made.alpha * 255).astype(np.uint8))
    assert any("not plain" in warning for warning in result.receipt.warnings)


def test_another_ground_around_the_subject_is_no_shadow() -> None:
    """Darker on both sides, which the subject divides."""
    made = shadowed_photo(SIZE, kind="pool", seed=4)
    ground = np.full_like(made.photo, 235)
    rows, columns = made.alpha.shape
    ground[:, 7 * columns // 8 :] = 190
    ground[rows // 5 :, : columns // 8] = 190
    ground[-rows // 10 :, : columns // 3] = 190
    photo = np.where(made.alpha[..., None] > 0, made.photo, ground).astype(np.float64)
    photo += np.random.default_rng(0).normal(0, 2, photo.shape)
    lifted = lift_shadow(ArrayLevels(np.clip(photo, 0, 255).astype(np.uint8)), as_matte(made.alpha, 8, 256))
    assert (lifted.alpha is None, lifted.reason) == (True, "the ground is not plain")


@pytest.fixture(scope="module")
def scene() -> tuple[ShadowedPhoto, NDArray[np.uint8]]:
    made = shadowed_photo(SIZE, kind="floor", seed=3)
    return made, np.rint(made.alpha * 255).astype(np.uint8)


def made(scene: Any, **options: Any) -> NDArray[Any]:
    photo, mask = scene[0].photo, scene[1]
    file = io.BytesIO()
    cut(photo, Options(refine="off", **options), mask=mask).save(file)
    return np.asarray(Image.open(file))


def test_kept_on_white_looks_like_the_photo_did(scene: Any) -> None:
    """The subject over its shadow over white: the photo's own composition, with white for the ground."""
    truth = 255 * (1 - scene[0].shadow)
    ground = scene[0].alpha < 0.004
    found = made(scene, shadow="keep", background="white").astype(np.float32)
    assert np.abs(found[ground] - truth[ground][:, None]).mean() < 255 * 0.01


def test_the_shadow_alone_and_beneath_are_the_same(scene: Any) -> None:
    alone, beneath = made(scene, only="shadow"), made(scene, shadow="keep")
    clear = scene[1] == 0
    assert (alone[..., :3] == 0).all()
    assert alone[..., 3].max() > 60
    assert np.array_equal(alone[clear][:, 3], beneath[clear][:, 3])
    opaque = scene[1] == 255
    assert np.array_equal(beneath[opaque][:, :3], scene[0].photo[opaque])


@pytest.mark.parametrize("kind", ["contact", "drop"])
def test_drawn_shadows_darken_the_ground_and_never_the_subject(scene: Any, kind: str) -> None:
    plain, found = made(scene, background="white"), made(scene, shadow=kind, background="white")
    opaque = scene[1] == 255
    assert np.array_equal(plain[opaque], found[opaque])
    darker = plain.astype(int)[..., 0] - found[..., 0]
    assert darker.min() >= 0
    assert 40 < darker.max() < 200
    foot = np.flatnonzero(opaque.any(axis=1))[-1]
    rows = np.flatnonzero((darker > 20).any(axis=1))
    assert rows[-1] > foot  # falls below the subject
    if kind == "contact":
        assert rows[0] > foot - SIZE.height // 8  # and nowhere near its head


def test_a_drop_shadow_lies_where_it_is_sent(scene: Any) -> None:
    plain = made(scene, background="white").astype(int)
    middles = []
    for direction in (0, 180):
        wish = f"drop:direction={direction},length=20,softness=1,strength=80"
        darker = plain[..., 0] - made(scene, shadow=wish, background="white")[..., 0]
        middles.append(float((darker.sum(axis=0) * np.arange(SIZE.width)).sum() / darker.sum()))
    side = max(np.ptp(np.flatnonzero((scene[1] > 127).any(axis=axis))) for axis in (0, 1))
    assert middles[0] - middles[1] > 0.25 * side


@pytest.mark.parametrize("length", [0, 200])
@pytest.mark.parametrize("direction", [90, 200])
@pytest.mark.parametrize("softness", [0, 5, 50])
def test_long_and_soft_shadows_are_whole_and_cost_no_more(length: int, direction: int, softness: int) -> None:
    """As much shade as the subject has, moved by as much, drawn in a small picture however soft it is."""
    alpha = np.zeros((700, 800), np.uint8)
    cv2.ellipse(alpha, (400, 350), (330, 200), 0, 0, 360, 255, -1)
    subject = Box(70, 150, 661, 401)
    wish = shadow_of(f"drop:direction={direction},length={length},softness={softness},strength=50")
    found = drop_shadow(as_matte(alpha, 8, 256), subject, wish)
    assert found.values.size < 3_200_000
    assert found.values.sum() * found.step**2 == pytest.approx(0.5 * (alpha > 0).sum(), rel=0.02)
    rows, columns = (np.arange(count) + 0.5 for count in found.values.shape)
    middle = (
        found.left + float((found.values.sum(axis=0) * columns).sum() / found.values.sum()) * found.step,
        found.top + float((found.values.sum(axis=1) * rows).sum() / found.values.sum()) * found.step,
    )
    angle, far = math.radians(direction), 661 * length / 100
    assert middle == pytest.approx((400 + far * math.cos(angle), 350 + far * math.sin(angle)), abs=4)
    floor = contact_shadow(
        as_matte(alpha, 8, 256), subject, dataclasses.replace(wish, kind="contact", softness=softness / 2)
    )
    assert floor.values.size < 5_000_000
    # nothing of it is cut off
    rim = np.concatenate([floor.values[0], floor.values[-1], floor.values[:, 0], floor.values[:, -1]])
    assert rim.max() < 0.01


def test_a_crop_shows_the_whole_shadow(scene: Any) -> None:
    bare, found = made(scene, crop=True), made(scene, crop=True, shadow="drop")
    assert found.shape[0] > bare.shape[0]
    assert found.shape[1] > bare.shape[1]
    assert found[..., 3][-1].max() <= 4
    assert found[..., 3][:, -1].max() <= 4


def test_division_into_rows_changes_nothing() -> None:
    values = np.random.default_rng(0).random((13, 17)).astype(np.float32)
    canvas = Canvas(Size(91, 80), Size(100, 90), 0.83, 3.2, -4.7)
    for repeated in (True, False):
        sampled = Sampled(values, 8.0, -10, -6, repeated=repeated)
        whole = sampled.rows(canvas, 0, 80)
        parts = [sampled.rows(canvas, top, min(7, 80 - top)) for top in range(0, 80, 7)]
        assert np.array_equal(whole, np.concatenate(parts))


@pytest.mark.parametrize("canvas", [None, "300x260"])
def test_tiles_of_any_size_give_the_same_picture(scene: Any, canvas: str | None) -> None:
    """Shadow, outline and ground, whatever the strips are."""
    photo = scene[0].photo
    options = Options(shadow="keep", outline="7px,white", background="linear(white, #88aacc)", canvas=canvas)
    found = []
    for tile in (64, 128, 512):
        with PhotoLevels(open_photo(photo, max_pixels=10**7)) as levels:
            matte = as_matte(scene[0].alpha, 8, tile)
            # the colours are solved in one division: what is on trial is what lies around the subject
            solved = as_matte(scene[0].alpha, 8, 64)
            file = io.BytesIO()
            Cutout(levels, matte, options, Receipt("photo"), solved).save(file)
            found.append(np.asarray(Image.open(file)))
    # what is resampled is rounded a little differently
    off = max(int(np.abs(found[0].astype(int) - other).max()) for other in found[1:])
    assert off <= (0 if canvas is None else 1)


def test_sixteen_bits_keep_their_depth(scene: Any, tmp_path: Path) -> None:
    """The same shadow as of 8 bits, in finer steps."""
    deep = scene[0].photo.astype(np.uint16) * 257
    options = Options(refine="off", shadow="keep", outline="3px,lime", background="radial(white, grey)")
    cut(deep, options, mask=scene[1]).save(tmp_path / "deep.png")
    cut(scene[0].photo, options, mask=scene[1]).save(tmp_path / "plain.png")
    fine = pyvips.Image.new_from_file(str(tmp_path / "deep.png")).numpy()
    coarse = pyvips.Image.new_from_file(str(tmp_path / "plain.png")).numpy()
    assert fine.dtype == np.uint16
    assert np.abs(fine / 257 - coarse).mean() < 0.5
    assert np.abs(fine / 257 - coarse).max() < 4


def test_a_photoshop_file_has_the_shadow_as_a_layer(scene: Any, tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools")
    target = tmp_path / "a.psd"
    options = Options(refine="off", shadow="keep", outline="5px,red")
    result = cut(scene[0].photo, options, mask=scene[1])
    result.save(target)
    file = psd_tools.PSDImage.open(target)
    assert [layer.name for layer in file] == ["shadow", "outline", "photo"]
    alone = made(scene, only="shadow")
    assert np.array_equal(np.asarray(file[0].topil())[..., 3], alone[..., 3])
    assert (np.asarray(file[0].topil())[..., :3] == 0).all()
    assert (np.asarray(file[1].topil())[..., :3] == (255, 0, 0)).all()
    assert np.asarray(file.topil()).shape == (*SIZE.shape, 4)
    together = np.asarray(file.topil())[..., 3].astype(int)
    assert np.abs(together - result.rgba()[..., 3]).max() <= 1


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("soft", "keep, contact or drop"), ("drop:angle=3", "takes direction"), ("keep:length=3", "takes strength"),
        ("drop:strength=101", "0…100"), ("drop:strength", "name=number"),
    ],
)  # fmt: skip
def test_wrong_wishes_are_refused(wish: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Options(shadow=wish)


def test_what_is_said_of_a_shadow_is_understood() -> None:
    wish = shadow_of(" drop:direction = 120, length=8%,strength=50 ")
    assert (wish.direction, wish.length, wish.strength) == (120, 8, 50)
    assert outline_of("2%").pixels(1000) == 20
    assert outline_of("12, rgb(1, 2, 3)").colour == "rgb(1, 2, 3)"
    for text in ("", "0px", "501px", "a,white", "12em"):
        with pytest.raises(UsageError, match="outline"):
            outline_of(text)


@pytest.mark.parametrize(
    "options",
    [
        {"shadow": "keep", "only": "alpha"}, {"outline": "4px", "only": "shadow"}, {"only": "shadow", "format": "jpeg"},
        {"only": "shadow", "format": "psd"}, {"outline": "4px,nocolour"}, {"shadow": "keep", "background": "blur"},
        {"relight": 0.5}, {"palette": True, "format": "webp"}, {"max_bytes": 9000, "format": "tiff"},
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(scene: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        made(scene, **options)
