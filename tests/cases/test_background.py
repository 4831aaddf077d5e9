"""Reported backgrounds: what a cutout is laid on. One test for each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image
from tests.cases.pictures import Case, cut, values

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.errors import UnsupportedInput, UsageError
from gigamatte.testing import profiles


def laid(background: object, folder: Path, photo: Any = None, suffix: str = ".png", **options: Any) -> NDArray[Any]:
    """The result where nothing of the photo is kept: what is behind it."""
    Image.fromarray(np.pad(np.full((4, 4), 255, np.uint8), ((0, 60), (0, 60)))).save(folder / "corner.png")
    photo = np.full((96, 128, 3), 90, np.uint8) if photo is None else photo
    target = folder / f"laid{suffix}"
    cut(photo, target, mask=str(folder / "corner.png"), background=str(background), **options)
    result: NDArray[Any] = pyvips.Image.new_from_file(str(target)).numpy()
    target.unlink()
    return result


def quarters(size: tuple[int, int] = (128, 96)) -> NDArray[np.uint8]:
    """Red, green above blue, white: what is where cannot be mistaken."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    down, across = size[1] // 2, size[0] // 2
    picture[:down, :across], picture[:down, across:] = (255, 0, 0), (0, 255, 0)
    picture[down:, :across], picture[down:, across:] = (0, 0, 255), (255, 255, 255)
    return picture


def test_background_orientation(case: Case, tmp_path: Path) -> None:
    folder = case("background-orientation")
    cut(folder / "base.jpg", tmp_path / "o.png", mask=str(folder / "mask.png"), background=str(folder / "bg3.jpg"))
    result = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()
    (red, _, _), (_, _, blue) = result[4, 4].astype(int), result[-4, 4].astype(int)
    assert min(red, blue) > 200
    assert result[-4, 4, 0] < 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_background_of_any_orientation_is_upright(orientation: int, tmp_path: Path) -> None:
    upright = Image.fromarray(quarters())
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the turn by which a viewer undoes it, undone
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "b.png", exif=exif)
    result = laid(tmp_path / "b.png", tmp_path)
    inside = [(24, 32), (24, 96), (72, 32), (72, 96)]
    assert [result[place].tolist() for place in inside] == [quarters()[place].tolist() for place in inside]


def test_a_background_keeps_its_own_profile_colours(tmp_path: Path) -> None:
    Image.fromarray(quarters()).save(tmp_path / "b.png", icc_profile=profiles.swapped_srgb())
    result = laid(tmp_path / "b.png", tmp_path)
    assert np.abs(result[24, 32].astype(int) - (0, 255, 0)).max() <= 2  # what the profile calls red is green
    assert np.abs(result[24, 96].astype(int) - (255, 0, 0)).max() <= 2


def test_background_alpha(case: Case, tmp_path: Path) -> None:
    folder = case("background-alpha")
    behind = np.asarray(Image.open(folder / "bgtrans.png").convert("RGBA"))
    assert 0 < (behind[..., 3] == 0).mean() < 1
    given = {"mask": str(folder / "mask.png"), "background": str(folder / "bgtrans.png")}
    cut(folder / "base.jpg", tmp_path / "o.png", **given)
    result = pyvips.Image.new_from_file(str(tmp_path / "o.png")).numpy()
    assert result.shape[2] == 4
    scaled = cv2.resize(behind[..., 3], result.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    mask = cv2.imread(str(folder / "mask.png"), cv2.IMREAD_GRAYSCALE)
    outside = cv2.dilate(cv2.resize(mask, result.shape[1::-1]), np.ones((9, 9), np.uint8)) == 0
    edge = cv2.morphologyEx(scaled, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)) > 0
    assert (result[..., 3] == scaled)[outside & ~edge].all()
    for target in ("o.jpg", "p.jpeg"):
        with pytest.raises(UsageError, match="can be seen through"):
            cut(folder / "base.jpg", tmp_path / target, **given)
        assert not (tmp_path / target).exists()


@pytest.mark.parametrize("deep", [False, True])
def test_half_transparent_colours_and_pictures_are_seen_through(deep: bool, tmp_path: Path) -> None:
    photo = np.full((96, 128, 3), 90, np.uint8).astype(np.uint16) * 257 if deep else None
    full = 65535 if deep else 255
    result = laid("#ff000080", tmp_path, photo)
    assert (result[-1, -1] == (full, 0, 0, 128 * full // 255)).all()
    assert (result[0, 0] == (90 * full // 255,) * 3 + (full,)).all()  # the subject is as opaque as ever
    picture = np.dstack([quarters(), np.full((96, 128), 255, np.uint8)])
    picture[48:, 64:] = (10, 20, 30, 0)  # hidden colours
    Image.fromarray(picture).save(tmp_path / "b.png")
    result = laid(tmp_path / "b.png", tmp_path, photo)
    assert (result[70, 100] == (full, full, full, 0)).all()  # white, not what was hidden
    assert (result[70, 20] == (0, 0, full, full)).all()
    Image.fromarray(picture).resize((64, 48), Image.Resampling.NEAREST).save(tmp_path / "small.png")
    enlarged = laid(tmp_path / "small.png", tmp_path, photo)
    seen_a_little = (enlarged[..., 3] > full // 10) & (enlarged[..., 3] < full)
    assert seen_a_little.any()
    assert (enlarged[seen_a_little][:, :3].astype(int).sum(axis=1) > 0.95 * full).all()  # nothing of the hidden colour
    Image.fromarray(picture | np.uint8([0, 0, 0, 255])).save(tmp_path / "opaque.png")
    assert laid(tmp_path / "opaque.png", tmp_path, photo).shape[2] == 3
    assert laid("rgba(255, 0, 0, 1)", tmp_path, photo, ".jpg").shape[2] == 3


def test_a_background_that_is_enlarged_row_by_row_looks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done behind a gigapixel, at a size that can be compared."""
    smooth = cv2.resize(np.random.default_rng(2).integers(0, 256, (3, 4, 4), np.uint8), (128, 96))
    Image.fromarray(smooth).save(tmp_path / "b.png")
    whole = laid(tmp_path / "b.png", tmp_path).astype(int)
    monkeypatch.setattr("gigamatte.cutout.backdrop_picture.MEMORY_PIXELS", 96 * 128 // 4)
    by_rows = laid(tmp_path / "b.png", tmp_path).astype(int)
    visible = whole[..., 3] > 60
    assert np.abs(by_rows - whole)[4:-4, 4:-4][visible[4:-4, 4:-4]].max() < 12
    assert np.abs(by_rows - whole)[..., 3].max() < 12


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("rgb(255, 0, 0)", (255, 0, 0, 255)),
        ("rgb(255 0 0)", (255, 0, 0, 255)),
        ("RGB(100%, 0%, 50%)", (255, 0, 128, 255)),
        ("rgb(255 0 0 / 50%)", (255, 0, 0, 128)),
        ("rgba(1, 2, 3, 0.5)", (1, 2, 3, 128)),
        ("rgb(1, 2, 3, .5)", (1, 2, 3, 128)),
        ("#f00", (255, 0, 0, 255)),
        ("#f008", (255, 0, 0, 136)),
        ("#FF000080", (255, 0, 0, 128)),
        ("hsl(120, 100%, 50%)", (0, 255, 0, 255)),
        ("hsl(120deg 100% 25%)", (0, 128, 0, 255)),
        ("hsl(.5turn 100 50)", (0, 255, 255, 255)),
        ("hsl(-120, 100%, 50%)", (0, 0, 255, 255)),
        ("hsla(240, 100%, 50%, 25%)", (0, 0, 255, 64)),
        ("hwb(0 50% 50%)", (128, 128, 128, 255)),
        ("hwb(120 0% 0%)", (0, 255, 0, 255)),
        (" RebeccaPurple ", (102, 51, 153, 255)),
        ("cornflowerblue", (100, 149, 237, 255)),
        ("transparent", (0, 0, 0, 0)),
        ("255,0,255", (255, 0, 255, 255)),
        ("255, 0, 255, 128", (255, 0, 255, 128)),
        ("rgba(255, 0, 0, 128)", None),  # meant for half, would be opaque
        ("rgb(256, 0, 0)", None),
        ("rgb(1, 2)", None),
        ("rgb(1 2 3 /)", None),
        ("rgb(1, 2, 3, 4, 5)", None),
        ("hsl(120, 101%, 50%)", None),
        ("#ff00f", None),
        ("#gg0000", None),
        ("256,0,0", None),
        ("", None),
        ("rgb()", None),
        ("photo.jpg", None),
    ],
)
def test_colours_as_css_writes_them(text: str, colour: tuple[int, ...] | None) -> None:
    assert parse_colour(text) == colour


def test_a_background_that_is_none_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    for background, error in (("rgba(255, 0, 0, 128)", UsageError), (str(tmp_path / "b.png"), UnsupportedInput)):
        with pytest.raises(error):
            cut(values(3), tmp_path / "o.png", mask=str(tmp_path / "missing.png"), background=background)
