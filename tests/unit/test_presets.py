"""Presets: what they fill in, a user's own, and the check of finished pictures."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gigamatte import Options, Remover, UsageError
from gigamatte.cli.app import run
from gigamatte.cutout.check import check_picture
from gigamatte.presets import find_preset, presets

NAMES = sorted(presets())


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIGAMATTE_CARDS", str(tmp_path / "cards"))
    (tmp_path / "cards").mkdir()
    return tmp_path / "cards" / "shop.toml"


def made(tmp_path: Path, suffix: str = "png", **options: object) -> Path:
    """A finished picture of a blue thing with a soft edge, cut out of a photo in which it touches the lower edge
    where the preset allows that."""
    alpha = np.zeros((600, 500), np.uint8)
    cv2.ellipse(alpha, (250, 300), (120, 200), 0, 0, 360, 255, -1, cv2.LINE_AA)
    if str(options.get("preset", "")).startswith("id"):
        cv2.ellipse(alpha, (250, 600), (200, 160), 0, 0, 360, 255, -1)
    photo = np.where(alpha[..., None] > 127, np.uint8((20, 40, 90)), np.uint8((120, 180, 140)))
    target = tmp_path / f"shop.{suffix}"
    with Remover(Options(mask_kind="alpha", refine="off", **options)) as remover:  # type: ignore[arg-type]
        remover.cut(photo, mask=cv2.GaussianBlur(alpha, (0, 0), 1.5)).save(target, overwrite=True)
    return target


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_where_it_is_from_and_what_it_makes_fits(name: str, tmp_path: Path) -> None:
    preset = find_preset(name)
    assert len(preset.source) > 10
    assert datetime.date.fromisoformat(preset.date) <= datetime.date(2100, 1, 1)
    assert preset.about_zh
    suffix = "jpg" if "jpeg" in preset.formats else "png"
    assert check_picture(made(tmp_path, suffix, preset=name), preset) == []


def test_what_is_said_goes_before_a_preset() -> None:
    options = Options(preset="amazon", fill="90", background="#eeeeee")
    assert (options.canvas, options.fill, options.background) == ("2000x2000", "90", "#eeeeee")
    assert options.preset is None
    named = Options(**{name: getattr(options, name) for name in ("canvas", "fill", "background")})
    assert dataclasses.replace(named, checked="amazon") == options


def test_a_preset_that_knows_no_faces_says_so(tmp_path: Path) -> None:
    with Remover(Options(preset="id-small", mask_kind="alpha", refine="off")) as remover:
        alpha = np.zeros((90, 80), np.uint8)
        alpha[20:90, 20:60] = 255
        result = remover.cut(np.full((90, 80, 3), 99, np.uint8), mask=alpha)
    assert any("no faces are known" in warning for warning in result.receipt.warnings)
    assert result.alpha[: round(413 * 0.12) - 1].max() < 128  # head room, but for the soft edge
    assert result.alpha[-1].max() == 255


def test_shoulders_may_go_on_beyond_a_portrait(tmp_path: Path) -> None:
    alpha = np.zeros((100, 200), np.uint8)
    alpha[10:100, 10:190] = 255
    with Remover(Options(preset="id-small", mask_kind="alpha", refine="off")) as remover:
        result = remover.cut(np.full((100, 200, 3), 99, np.uint8), mask=alpha)
    assert result.receipt.placed["height"] == pytest.approx(413 * 0.88, abs=0.01)
    assert any("canvas cuts the subject off" in warning for warning in result.receipt.warnings)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda picture: picture.__setitem__((3, 5), (254, 255, 255)), "ground"),
        (lambda picture: picture.__setitem__((slice(0, 40), slice(900, 1100)), 0), "border"),
        (lambda picture: picture.__setitem__((slice(0, 700), slice(None)), 255), "fill"),
        (lambda picture: picture.__setitem__(slice(None), 255), "fill"),
    ],
    ids=["one pixel off white", "touches the edge", "too little of it", "empty"],
)
def test_what_does_not_fit_has_a_reason(change, what: str, tmp_path: Path) -> None:
    picture = np.array(Image.open(made(tmp_path, preset="amazon")))
    change(picture)
    Image.fromarray(picture).save(tmp_path / "changed.png")
    failures = check_picture(tmp_path / "changed.png", find_preset("amazon"))
    assert what in {failure.what for failure in failures}
    assert all(failure.why for failure in failures)


def test_a_picture_of_an_allowed_size_fits_whatever_the_canvas_is(tmp_path: Path) -> None:
    assert check_picture(made(tmp_path, preset="amazon", canvas="1200x1500"), find_preset("amazon")) == []
    found = check_picture(made(tmp_path, preset="taobao", canvas="810x810"), find_preset("taobao"))
    assert [failure.why for failure in found] == ["810×810 pixels, expected 800×800"]


def test_another_ground_is_told_once(tmp_path: Path) -> None:
    found = check_picture(made(tmp_path, preset="amazon", background="#dddddd"), find_preset("amazon"))
    assert [(failure.what, failure.why) for failure in found] == [("ground", "no edge of the picture is white")]


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("amazon", "format jpeg, png, tiff; longer side ≥ 1000 px, ≤ 10000 px; ground white; fill ≥ 85 %"),
        ("id-small", "format jpeg, png; size 295×413; ground #438EDB; may touch the border bottom, left, right"),
    ],
)
def test_what_is_checked_is_told_in_words(name: str, checked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", name]) == 0
    assert f"Checked: {checked}" in capsys.readouterr().out.splitlines()


def test_the_place_of_a_wrong_pixel_is_told(tmp_path: Path) -> None:
    picture = np.array(Image.open(made(tmp_path, preset="amazon")))
    picture[1990, 7] = (255, 255, 250)
    Image.fromarray(picture).save(tmp_path / "changed.png")
    (failure,) = check_picture(tmp_path / "changed.png", find_preset("amazon"))
    assert failure.why == "not exactly white: 1 pixel (0.00 %); the first lies at 7,1990: 255,255,250"


def test_size_format_bytes_and_transparency(tmp_path: Path) -> None:
    made(tmp_path, preset="wechat-sticker")
    sticker = find_preset("wechat-sticker")
    picture = Image.open(tmp_path / "shop.png")
    picture.resize((239, 240)).save(tmp_path / "small.png")
    picture.save(tmp_path / "sticker.webp", lossless=True)
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 4), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    picture.convert("RGB").save(tmp_path / "opaque.png")
    found = {
        name: {failure.what for failure in check_picture(tmp_path / name, sticker)}
        for name in ("small.png", "sticker.webp", "noise.png", "opaque.png")
    }
    assert found["small.png"] == {"size"}
    assert found["sticker.webp"] == {"format"}
    assert found["noise.png"] >= {"size", "bytes", "border"}
    assert "ground" in found["opaque.png"]
    clear = made(tmp_path, canvas="2000x2000", background="#ffffff80")
    assert any("seen through" in failure.why for failure in check_picture(clear, find_preset("amazon")))


def test_presets_of_ones_own(own: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 20, 3), 7, np.uint8)).save(own.parent / "wall.png")
    own.write_text(
        '[[preset]]\nname = "mine"\nabout = "my shop"\nsource = "me"\ndate = "2026-01-01"\ncanvas = "64x48"\n'
        'background = "wall.png"\n[[preset]]\nname = "ours"\nlike = "amazon"\nfill = "70"\nshadow = "contact"\n'
        '[[model]]\nname = "not a preset"\n',
        "utf-8",
    )
    assert Options(preset="mine").background == str(own.parent / "wall.png")
    ours = Options(preset="ours")
    assert (ours.canvas, ours.fill, ours.shadow) == ("2000x2000", "70", "contact")
    assert np.asarray(Image.open(made(tmp_path, preset="mine"))).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[preset", "not a readable TOML"),
        ("preset = 3", r"\[\[preset\]\]"),
        ('[[preset]]\nname = "x"', "missing"),
        ('[[preset]]\nname = "x"\nlike = "nobody"', "nobody"),
        ('[[preset]]\nname = "x"\nlike = "amazon"\ncolour = "red"', "no field 'colour'"),
        ('[[preset]]\nname = "x"\nlike = "amazon"\nbytes = "many"', "wrong type"),
    ],
)
def test_a_broken_preset_names_its_file(own: Path, text: str, told: str) -> None:
    own.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=told) as caught:
        presets()
    assert "shop.toml" in str(caught.value)


def test_a_preset_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="no preset 'amason'") as caught:
        Options(preset="amason")
    assert "amazon" in caught.value.hint


def test_the_command_lists_explains_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets"]) == 0
    assert set(NAMES) <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert run(["presets", "amazon"]) == 0
    told = capsys.readouterr().out
    assert "--canvas 2000x2000" in told
    assert "sellercentral.amazon.com" in told
    good = made(tmp_path, preset="amazon")
    assert run(["presets", "amazon", "--check", str(good)]) == 0
    assert "fits amazon" in capsys.readouterr().out
    assert run(["presets", "taobao", "--check", str(good), "--json"]) == 1
    failures = json.loads(capsys.readouterr().out)["failures"][str(good)]
    assert [failure["what"] for failure in failures] == ["size"]
    assert run(["presets", "--check", str(good)]) == 2
    capsys.readouterr()
    assert run(["presets", "amazon", "--check", str(tmp_path / "none.png"), "--check", str(good)]) == 3
    said = capsys.readouterr()
    assert "fits amazon" in said.out  # one that cannot be read does not hide the others
    assert "there is no file" in said.err


def test_a_jpeg_with_a_profile_fits(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.open(made(tmp_path, preset="amazon"))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, icc_profile=profile)
    (tmp_path / "with.jpg").write_bytes(out.getvalue())
    assert check_picture(tmp_path / "with.jpg", find_preset("amazon")) == []
