"""Composition: opaque pixels stay equal, mixed ones get the subject's colour, under alpha 0 is none of the photo."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import gigamatte
from gigamatte import Box, Options, UsageError
from gigamatte.cutout.css_colour import parse_colour
from gigamatte.cutout.foreground import Foreground, solve
from gigamatte.matte.cascade.sparse import as_matte
from gigamatte.matte.smooth import smooth_alpha
from gigamatte.testing.levels import ArrayLevels


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photo, exact alpha (both uint8) and the subject's colour, with a soft border 20 pixels wide."""
    rows, columns = np.mgrid[0:400, 0:600].astype(np.float32)
    distance = np.hypot(rows - 200, columns - 300)
    alpha = np.clip((120 - distance) / 20 + 0.5, 0, 1)
    front = np.dstack([200 + 0 * rows, 90 + columns / 20, 40 + rows / 20])
    back = np.dstack([30 + columns / 20, 160 - rows / 20, 200 + 0 * rows])
    photo = alpha[..., None] * front + (1 - alpha[..., None]) * back
    return np.round(photo).astype(np.uint8), np.round(alpha * 255).astype(np.uint8), front


def cut(photo: np.ndarray, mask: np.ndarray, **options: object) -> gigamatte.Cutout:
    return gigamatte.cut(photo, Options(**options), mask=mask)  # type: ignore[arg-type]


def test_opaque_pixels_are_the_photos_own(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, _ = scene
    rgba = cut(photo, mask).rgba()
    opaque = rgba[..., 3] == 255
    assert opaque.any()
    assert np.array_equal(rgba[opaque][:, :3], photo[opaque])


def test_smooth_hardens_the_alpha_and_leaves_the_colours(scene: tuple[np.ndarray, ...]) -> None:
    """As if the finished cutout were smoothed; and what a hardened alpha newly shows is the subject, not the ground."""
    photo, mask, front = scene
    sharp = np.where(mask > 127, 255, 0).astype(np.uint8)  # so that the blur shows pixels that were not to be seen
    for given in (mask, sharp):
        plain, hard = (cut(photo, given, refine="off", smooth=smooth).rgba() for smooth in (False, True))
        assert np.array_equal(hard[..., 3], smooth_alpha(plain[..., 3]))
        assert (hard[..., 3] != plain[..., 3]).sum() > 500
        both = (hard[..., 3] > 0) & (plain[..., 3] > 0)
        assert np.array_equal(hard[both][:, :3], plain[both][:, :3])
    new = (hard[..., 3] > 0) & (plain[..., 3] == 0)
    assert new.any()
    assert np.abs(hard[new][:, :3] - front[new]).mean() < np.abs(photo[new] - front[new]).mean()


def test_nothing_hides_under_alpha_zero(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, _ = scene
    for under, value in (("black", 0), ("white", 255)):
        rgba = cut(photo, mask, under=under).rgba()
        assert (rgba[rgba[..., 3] == 0][:, :3] == value).all()


def test_no_halo_on_any_background(scene: tuple[np.ndarray, ...]) -> None:
    """On white, black and magenta the band is at most a third as wrong as with the photo's own colours."""
    photo, mask, front = scene
    cutout = cut(photo, mask, refine="off")  # the mask is exact, so only the colours are tested
    rgba = cutout.rgba().astype(np.float32)
    alpha = rgba[..., 3:] / 255
    exact = mask[..., None] / 255
    band = (mask > 2) & (mask < 253)
    for ground in ([255, 255, 255], [0, 0, 0], [255, 0, 255]):
        truth = front * exact + np.float32(ground) * (1 - exact)
        ours = rgba[..., :3] * alpha + np.float32(ground) * (1 - alpha)
        naive = photo * exact + np.float32(ground) * (1 - exact)
        assert np.abs(ours - truth)[band].mean() < np.abs(naive - truth)[band].mean() / 3


def test_tiled_colours_are_as_good_as_the_whole_picture_at_once(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, front = scene
    matte = as_matte(mask / np.float32(255), 8, 64)
    tiled = Foreground(ArrayLevels(photo), matte).read(Box(0, 0, 600, 400))
    planes = np.stack(cv2.split(photo.astype(np.float32) / 255))
    whole = solve(planes, mask / np.float32(255))[:3].transpose(1, 2, 0) * 255
    band = (mask > 2) & (mask < 253)
    weight = (mask / 255)[..., None]
    wrong_tiled = np.abs((tiled - front) * weight)[band].mean()
    wrong_whole = np.abs((whole - front) * weight)[band].mean()
    assert wrong_tiled < max(1.1 * wrong_whole, wrong_whole + 0.3)


@pytest.mark.parametrize("width", [600, 333])
def test_colours_do_not_depend_on_how_a_tile_is_divided(scene: tuple[np.ndarray, ...], width: int) -> None:
    photo, mask, _ = scene
    noise = np.random.default_rng(0).integers(-20, 20, photo.shape)
    photo, mask = np.clip(photo + noise, 0, 255).astype(np.uint8)[:397, :width], mask[:397, :width]
    foreground = Foreground(ArrayLevels(photo), as_matte(mask / np.float32(255), 8, 64))
    whole = foreground.read(Box(0, 0, width, 397)).astype(int)
    for part in (Box(0, 0, 37, 20), Box(170, 60, 30, 9), Box(251, 93, 82, 64), Box(width - 5, 380, 5, 17)):
        apart = foreground.read(part).astype(int)
        differs = np.abs(apart - whole[part.slices()])
        assert differs.max() <= 1
        assert (differs > 0).mean() < 0.01


@pytest.mark.parametrize("width", [600, 333])
def test_colours_in_a_hurry_are_those_of_half_the_size(scene: tuple[np.ndarray, ...], width: int) -> None:
    photo, mask, _ = scene
    matte = as_matte(mask[:397, :width] / np.float32(255), 8, 64)
    quick = Foreground(ArrayLevels(photo[:397, :width]), matte, quick=True)
    whole = quick.read(Box(0, 0, width, 397))
    assert quick.held
    quick.held.clear()  # what it held is what it would read
    assert np.array_equal(quick.read(Box(0, 0, width, 397)), whole)
    exact = Foreground(ArrayLevels(photo[:397, :width]), matte).read(Box(0, 0, width, 397))
    band = (mask[:397, :width] > 2) & (mask[:397, :width] < 253)
    assert np.abs(whole.astype(int) - exact)[band].mean() < 3


def test_colours_of_a_reduced_result_are_fitted_to_the_photo(scene: tuple[np.ndarray, ...]) -> None:
    """Of a grained subject, on a canvas of ⅞ and ½ of the photo's size, they are nearly as right: no grain is lost."""
    photo, mask, front = scene
    grain = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 60, photo.shape), (0, 0), 1.5)
    true = np.clip(front + grain, 0, 255)
    photo = np.clip(photo + (true - front) * (mask / 255)[..., None], 0, 255).astype(np.uint8)
    levels, matte = ArrayLevels(photo), as_matte(mask / np.float32(255), 8, 64)
    whole = Box(0, 0, 600, 400)
    made = {
        "solved": Foreground(levels, matte).read(whole),
        "fitted": Foreground(levels, matte, reduced=True).read(whole),
        "enlarged": Foreground(levels, matte, quick=True).read(whole),
    }
    for size in ((525, 350), (300, 200)):
        small = {
            name: cv2.resize(colours.astype(np.float32) * (mask / 255)[..., None], size, interpolation=cv2.INTER_AREA)
            for name, colours in {"true": true, **made}.items()
        }
        seen = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        band = (seen > 2) & (seen < 253)
        solved, fitted, enlarged = (np.abs(small[name] - small["true"])[band].mean() for name in made)
        assert fitted < 1.15 * solved
        assert fitted < 0.8 * enlarged


def test_the_photos_own_alpha_is_kept(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, _ = scene
    own = np.full(mask.shape, 128, np.uint8)
    with_alpha = cut(np.dstack([photo, own]), mask).alpha.astype(int)
    without = cut(photo, mask).alpha.astype(int)
    assert np.abs(with_alpha - without * 128 / 255).max() <= 0.51


def test_sixteen_bits_end_to_end(scene: tuple[np.ndarray, ...], tmp_path: Path) -> None:
    photo, mask, _ = scene
    deep = photo.astype(np.uint16) * 257 + 3
    cutout = cut(deep, mask)
    cutout.save(tmp_path / "deep.png")
    back = cv2.imread(str(tmp_path / "deep.png"), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint16
    opaque = back[..., 3] == 65535
    assert np.array_equal(back[opaque][:, 2::-1], deep[opaque])


def test_crop_and_margin(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, _ = scene
    cropped = cut(photo, mask, crop=True)
    assert abs(cropped.size.width - 258) <= 6
    wider = cut(photo, mask, crop=True, margin=10)
    assert wider.size.width == cropped.size.width + 2 * round(max(cropped.size.width, cropped.size.height) / 10)
    widest = cut(photo, mask, crop=True, margin=1000)  # beyond the photo
    longer = max(cropped.size.width, cropped.size.height)
    assert widest.size.width == cropped.size.width + 20 * longer


@pytest.mark.parametrize(
    ("only", "bands", "values"), [("alpha", 1, None), ("trimap", 1, {0, 128, 255}), ("foreground", 3, None)]
)
def test_only_a_part(scene: tuple[np.ndarray, ...], only: str, bands: int, values: set[int] | None) -> None:
    photo, mask, _ = scene
    out = io.BytesIO()
    cut(photo, mask, only=only).save(out)
    picture = np.atleast_3d(np.asarray(Image.open(io.BytesIO(out.getvalue()))))
    assert picture.shape == (400, 600, bands)
    if values is not None:
        assert set(np.unique(picture)) == values


def test_a_background_colour_fills_what_is_not_subject(scene: tuple[np.ndarray, ...], tmp_path: Path) -> None:
    photo, mask, _ = scene
    cut(photo, mask, background="#ff00ff").save(tmp_path / "shop.png")
    picture = np.asarray(Image.open(tmp_path / "shop.png"))
    assert picture.shape == (400, 600, 3)
    assert (picture[mask == 0][:, 0] == 255).all()
    assert (picture[5, 5] == (255, 0, 255)).all()


def test_a_background_picture_covers_and_is_centred(scene: tuple[np.ndarray, ...], tmp_path: Path) -> None:
    photo, mask, _ = scene
    wide = np.zeros((50, 300, 3), np.uint8)
    wide[:, 100:200] = (0, 200, 0)
    Image.fromarray(wide).save(tmp_path / "wall.png")
    cut(photo, mask, background=str(tmp_path / "wall.png")).save(tmp_path / "out.png")
    picture = np.asarray(Image.open(tmp_path / "out.png"))
    assert tuple(picture[10, 300]) == (0, 200, 0)


def test_colours_are_understood() -> None:
    assert parse_colour("white") == (255, 255, 255, 255)
    assert parse_colour("#0f0") == (0, 255, 0, 255)
    assert parse_colour("1, 2, 3") == (1, 2, 3, 255)
    assert parse_colour("no-colour") is None


def test_jpeg_needs_a_background(scene: tuple[np.ndarray, ...], tmp_path: Path) -> None:
    photo, mask, _ = scene
    with pytest.raises(UsageError, match="JPEG has no transparency"):
        cut(photo, mask).save(tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_mask_is_an_outcome(scene: tuple[np.ndarray, ...]) -> None:
    photo, mask, _ = scene
    with pytest.raises(gigamatte.NoSubject):
        cut(photo, np.zeros_like(mask))
    assert not cut(photo, np.zeros_like(mask), keep_empty=True).alpha.any()


def test_the_receipt_tells_what_was_done(scene: tuple[np.ndarray, ...], tmp_path: Path) -> None:
    photo, mask, _ = scene
    receipt = cut(photo, mask).save(tmp_path / "out.png").as_dict()
    assert set(receipt["seconds"]) == {"read", "network", "matte", "colours", "write", "total"}
    assert receipt["model"]["name"] == "mask"
    assert receipt["width"], receipt["height"] == (600, 400)
    assert 0 < receipt["band_fraction"] < 1
    assert receipt["error"] is None
