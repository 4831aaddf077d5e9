"""Backgrounds that are drawn, or come from the photo itself; files that are made to fit."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, UsageError, cut
from gigamatte.cutout.backdrop import check_backdrop, open_backdrop
from gigamatte.cutout.target import output_format
from gigamatte.types import Size

ALPHA = np.zeros((90, 120), np.uint8)
ALPHA[30:60, 40:80] = 255


SIZE = Size(101, 51)


def rows(text: str, size: Size = SIZE, fit: str = "cover", bits: int = 8) -> NDArray[Any]:
    backdrop = open_backdrop(text, size, bits, None, 10**7, fit)
    whole = np.asarray(backdrop.rows(0, size.height))
    parts = [backdrop.rows(top, min(9, size.height - top)) for top in range(0, size.height, 9)]
    assert np.array_equal(whole, np.concatenate(parts))
    return whole


def test_gradients_run_as_in_css() -> None:
    right = rows("linear(to right, black, white)")
    assert np.abs(right[..., 0] - np.linspace(1.3, 253.7, 101)).max() < 1.01
    assert np.abs(rows("linear(90deg, #000, #fff)") - right).max() == 0
    down = rows("linear-gradient(red, blue)")
    assert down[0, 0, 0] > 250 > 5 > down[0, 0, 2]
    assert down[-1, 0, 2] > 250
    stops = rows("linear(to right, black, black 50%, white 50%, white)")
    assert stops[:, :48].max() <= 1
    assert stops[:, 54:].min() >= 254
    corner = rows("linear(to top right, black, white)")
    assert np.abs(corner[0, 0, 0] - 127.5) < 3  # the corners beside it: the middle
    assert corner[0, -1, 0] > 250
    middle = rows("radial(white, black)")
    assert middle[25, 50, 0] > 250
    assert middle[0, 0, 0] < 8
    placed = rows("radial(at 0% 100%, white, black)")
    assert placed[-1, 0, 0] > 250
    assert placed[0, -1, 0] < 8


def test_slow_gradients_of_8_bits_show_no_bands() -> None:
    found = np.rint(rows("linear(to right, #808080, #848484)", Size(400, 64)))
    means = found[..., 0].reshape(64, 50, 8).mean(axis=(0, 2))
    assert np.abs(means - np.linspace(128.04, 131.96, 50)).max() < 0.15


def test_a_gradient_can_be_seen_through() -> None:
    assert check_backdrop("linear(white, transparent)", 10**6)
    assert not check_backdrop("linear(white, black)", 10**6)
    found = rows("linear(to right, red, rgba(255, 0, 0, 0))", bits=16)
    assert found.shape[2] == 4
    assert (np.rint(found[..., 0]) == 65535).all()  # weighed by alpha: the hidden end has no colour of its own
    assert found[0, 0, 3] > 65000 > 600 > found[0, -1, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("linear(red)", "a gradient has 2…64 colours; 'linear(red)' has 1"),
        ("linear(to nowhere, red, blue)", "'to nowhere' in the gradient 'linear(to nowhere, red, blue)' is no colour"),
        ("radial(red, nocolour 20%)", "'nocolour 20%' in the gradient 'radial(red, nocolour 20%)' is no colour"),
        ("linear(45deg, red", "the gradient 'linear(45deg, red' has no bracket at its end"),
        ("blur:99", "blur:STRENGTH lies in 0.1…20; found 99"), ("blur:-3", "found -3"), ("blur:soft", "found soft"),
        # numbers that are infinite
        (f"linear({'9' * 400}deg, red, blue)", "is no colour"), (f"linear(red, blue {'9' * 400}%)", "is no colour"),
        (f"radial(at {'9' * 400}% 0%, red, blue)", "is no colour"),
        (f"linear(red, hsv({'9' * 400} 50 50))", "is no colour"),
        (f"hsv({'9' * 400} 50 50)", "neither a known colour nor a file"),
        ("wite", "'wite' is neither a known colour nor a file"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        check_backdrop(text, 10**6)


def test_a_way_to_fill_needs_a_picture(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "wall.png")
    for background in (None, "white", "blur", "linear(red, blue)"):
        with pytest.raises(UsageError, match="how a picture fills"):
            output_format(Options(background=background, background_fit="tile"), None)
    assert output_format(Options(background=str(tmp_path / "wall.png"), background_fit="tile"), None) == "png"


@pytest.mark.parametrize("strength", ["blur", "blur:0.5", "blur:15%"])
def test_the_blurred_ground_holds_nothing_of_the_subject(strength: str) -> None:
    photo = np.full((90, 120, 3), (40, 120, 200), np.uint8)
    photo[30:60, 40:80] = (255, 0, 0)
    file = io.BytesIO()
    cut(photo, Options(refine="off", background=strength), mask=ALPHA).save(file)
    found = np.asarray(Image.open(file)).astype(int)
    assert np.abs(found[ALPHA == 0] - (40, 120, 200)).max() <= 1
    assert (found[ALPHA == 255] == (255, 0, 0)).all()


def test_a_stronger_blur_is_smoother() -> None:
    chance = np.random.default_rng(0)
    photo = chance.integers(0, 255, (90, 120, 3), np.uint8)
    spread = []
    for strength in ("blur:0.5", "blur:3"):
        file = io.BytesIO()
        cut(photo, Options(refine="off", background=strength), mask=ALPHA).save(file)
        spread.append(np.asarray(Image.open(file))[ALPHA == 0].std())
    assert spread[1] < 0.6 * spread[0] < 0.6 * photo.std()


def picture(folder: Path) -> str:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = (200, 0, 0), (0, 0, 200)
    Image.fromarray(pixels).save(folder / "ground.png")
    return str(folder / "ground.png")


def test_a_picture_covers_is_contained_or_repeated(tmp_path: Path) -> None:
    path, size = picture(tmp_path), Size(80, 80)
    cover = rows(path, size)
    assert cover.shape == (80, 80, 3)
    whole = rows(path, size, "contain")
    assert (whole[:19, :, 3] == 0).all()
    assert (whole[22:58, :, 3] == 255).all()
    assert check_backdrop(path, 10**6, "contain")
    white = rows(path, size, "contain:white")
    assert white.shape == (80, 80, 3)
    assert (white[:19] == 255).all()
    assert np.array_equal(white[25:55], whole[25:55, :, :3])
    tiled = rows(path, Size(100, 50), "tile")
    assert np.array_equal(tiled[:20, :40], tiled[20:40, 40:80])
    assert tuple(tiled[45, 90]) == (200, 0, 0)


def test_an_upright_picture_is_contained_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 250
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    found = rows(str(tmp_path / "turned.png"), Size(100, 80), "contain:lime")
    assert (found[:, :28, 1] == 255).all()
    assert found[5, 50, 0] > 240
    assert found[75, 50, 0] < 10


def test_relight_brings_the_subject_near_to_the_ground(tmp_path: Path) -> None:
    photo = np.full((90, 120, 3), 128, np.uint8)
    found = {}
    for relight in (0.0, 0.5, 1.0):
        file = io.BytesIO()
        cut(photo, Options(refine="off", background="#ff8040", relight=relight), mask=ALPHA).save(file)
        found[relight] = np.asarray(Image.open(file))[45, 60].astype(int)
    assert tuple(found[0.0]) == (128, 128, 128)
    warm = [int(colour[0] - colour[2]) for colour in found.values()]
    assert warm[0] == 0 < warm[1] < warm[2]


def noise() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    chance = np.random.default_rng(3)
    photo = chance.integers(0, 255, (160, 160, 3), np.uint8)
    y, x = np.mgrid[0:160, 0:160]
    return photo, np.clip((70 - np.hypot(x - 80, y - 80)) * 40 + 128, 0, 255).astype(np.uint8)


def saved(**options: Any) -> tuple[bytes, tuple[str, ...]]:
    photo, mask = noise()
    file = io.BytesIO()
    receipt = cut(photo, Options(refine="off", **options), mask=mask).save(file)
    return file.getvalue(), receipt.warnings


def test_a_palette_has_256_colours_with_alpha() -> None:
    whole, _ = saved()
    data, warnings = saved(palette=True)
    assert len(data) < len(whole) / 2
    found = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert len(np.unique(found.reshape(-1, 4), axis=0)) <= 256
    exact = np.asarray(Image.open(io.BytesIO(whole)))
    assert np.abs(found[..., 3].astype(int) - exact[..., 3]).mean() < 4
    assert any("palette" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("format", "most", "said"),
    [
        ("png", 10**6, ""), ("png", 30_000, "256 colours"), ("png", 8_000, "sides reduced"),
        ("jpeg", 15_000, "quality"), ("webp", 20_000, "quality"), ("jpeg", 2_000, "sides reduced"),
    ],
)  # fmt: skip
def test_files_are_made_to_fit(format: Any, most: int, said: str) -> None:
    data, warnings = saved(format=format, max_bytes=most, background="white" if format == "jpeg" else None)
    assert len(data) <= most
    told = [warning for warning in warnings if "max_bytes" in warning]
    assert bool(told) == bool(said)
    assert all(said in warning for warning in told)


def test_a_palette_that_has_to_fit_loses_pixels_before_colours() -> None:
    data, warnings = saved(palette=True, max_bytes=8_000)
    (told,) = (warning for warning in warnings if "max_bytes" in warning)
    assert "256 colours, sides reduced" in told
    assert "colours were reduced to a palette of at most 256" in warnings
    assert len(np.unique(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).reshape(-1, 4), axis=0)) > 16


def test_the_best_quality_that_fits_is_taken() -> None:
    data, warnings = saved(format="jpeg", background="white", max_bytes=15_000)
    (told,) = (warning for warning in warnings if "max_bytes" in warning)
    quality = int(told.rsplit(" ", 1)[1])
    assert len(data) <= 15_000 < len(saved(format="jpeg", background="white", quality=quality + 1)[0])


def test_the_receipt_of_a_file_that_had_to_fit_has_the_size_of_the_file() -> None:
    """Each time it is saved, with where the subject lies in it."""
    photo, mask = noise()
    cutout = cut(photo, Options(refine="off", max_bytes=8_000, palette=True), mask=mask)
    for _ in range(2):
        file = io.BytesIO()
        receipt = cutout.save(file)
        assert (receipt.width, receipt.height) == Image.open(file).size
        scale = receipt.width / photo.shape[1]
        assert scale < 0.9
        assert receipt.placed["width"] == pytest.approx(receipt.subject["width"] * scale, abs=1)
        assert receipt.placed["scale"] == pytest.approx(scale, abs=0.02)


def test_a_canvas_keeps_its_size_or_is_refused() -> None:
    data, _ = saved(max_bytes=30_000, canvas="160x160", fill="90")
    assert Image.open(io.BytesIO(data)).size == (160, 160)
    with pytest.raises(UsageError, match="smallest file has"):
        saved(max_bytes=1_000, canvas="160x160")
