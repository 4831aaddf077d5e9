"""The check of finished pictures: what a preset writes fits it, or the cut says why; dirty grounds are found."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gigamatte import Options, Remover
from gigamatte.cutout.check import MISFIT, check_picture
from gigamatte.messages import translate
from gigamatte.presets import find_preset

#: one preset for each set of rules that is cheap to write, and the largest once
WAYS = [("amazon", "jpeg"), ("jd", "jpeg"), ("jd", "png"), ("taobao-clear", "png"), ("pinduoduo", "png"),
        ("wechat-sticker", "png"), ("id-small-red", "jpeg"), ("id-small-white", "png")]  # fmt: skip


def ellipse(axes=(0.3, 0.3), at=(0.5, 0.5), soft=0.8, size=(240, 180)):
    """An alpha in 0…1, (row, column): an ellipse with a soft edge; ``axes`` and ``at`` in parts of the size."""
    width, height = size
    alpha = np.zeros((height, width), np.uint8)
    half = max(1, round(width * axes[0])), max(1, round(height * axes[1]))
    cv2.ellipse(alpha, (round(width * at[0]), round(height * at[1])), half, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(alpha, (0, 0), soft).astype(np.float32) / 255


def hair():
    """A head whose strands fade away."""
    alpha, noise = ellipse(), np.random.default_rng(3)
    for turn in noise.uniform(0, 2 * np.pi, 90):
        end = noise.uniform(1.1, 1.5)
        for part in np.linspace(0.9, end, 12):
            x, y = 120 + 72 * part * np.cos(turn), 90 + 54 * part * np.sin(turn)
            strand = np.zeros((180, 240), np.uint8)
            cv2.circle(strand, (round(x * 16), round(y * 16)), 10, 255, -1, cv2.LINE_AA, 4)
            alpha = np.maximum(alpha, strand / 255 * 0.8 * ((end - part) / (end - 0.9)) ** 2)
    return alpha


def glass():
    """A rim, and little within."""
    return np.clip(ellipse() - 0.85 * ellipse((0.27, 0.27)), 0, 1)


def wires():
    """Lines of a pixel."""
    alpha = np.zeros((180, 240), np.uint8)
    for at in range(30, 160, 20):
        cv2.line(alpha, (90, at), (150, 190 - at), 200, 1, cv2.LINE_AA)
    return alpha.astype(np.float32) / 255


WHOLE = {
    "hair": (hair, (30, 25, 20)),
    "light hair": (hair, (215, 190, 150)),
    "glass": (glass, (90, 110, 120)),
    "wires": (wires, (60, 60, 70)),
    "white cloth": (ellipse, (244, 243, 240)),
    "blown out": (ellipse, (249, 249, 247)),
    "out of focus": (lambda: ellipse(soft=6), (60, 20, 20)),
    "tiny": (lambda: ellipse((0.02, 0.02)), (60, 20, 20)),
    "tall": (lambda: ellipse((0.3, 0.4), size=(60, 300)), (10, 120, 20)),
    "faint veil": (lambda: np.maximum(ellipse(), 0.01 * cv2.GaussianBlur(ellipse(), (0, 0), 9)), (40, 40, 60)),
}


def shot(alpha, colour):
    """The photo of a subject of this colour in a green room: uint8 (row, column, RGB)."""
    noise = np.random.default_rng(1).normal(0, 2, (*alpha.shape, 3))
    mixed = alpha[..., None] * np.array(colour) + (1 - alpha[..., None]) * np.array((130, 160, 120)) + noise
    return np.clip(mixed, 0, 255).astype(np.uint8)


def written(target: Path, alpha, colour, **options):
    """The receipt of the cut of ``shot``, saved in ``target``."""
    with Remover(Options(mask_kind="alpha", refine="off", **options)) as remover:
        mask = np.round(alpha * 255).astype(np.uint8)
        with remover.cut(shot(alpha, colour), mask=mask) as cutout:
            return cutout.save(target, overwrite=True)


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_preset_writes_fits_it(name: str, tmp_path: Path) -> None:
    make, colour = WHOLE[name]
    alpha = make()
    for preset, format in WAYS:
        target = tmp_path / f"{preset}.{format}"
        receipt = written(target, alpha, colour, preset=preset, format=format)
        found = check_picture(target, find_preset(preset))
        if any("the canvas cuts the subject off" in said for said in receipt.warnings):
            found = [failure for failure in found if failure.what != "fill"]  # what was tall may be what was cut off
        assert found == [], (preset, format)


@pytest.mark.parametrize(
    ("alpha", "preset", "options", "what"),
    [
        (ellipse(at=(0.1, 0.5)), "jd", {}, "touches the left edge"),
        (ellipse((0.7, 0.2)), "pinduoduo", {}, "touches the left edge"),
        (ellipse(), "jd", {"fill": "40"}, "at least 85 are asked for"),
        (ellipse(), "jd", {"no_enlarge": True, "canvas": "800x800"}, "at least 85 are asked for"),
        (ellipse(), "jd", {"canvas": "900x900"}, "expected 800×800"),
        (ellipse(), "jd", {"background": "#fffffe"}, "not exactly white"),
        (ellipse(), "jd", {"format": "webp"}, "a webp, expected"),
        (ellipse(), "wechat-sticker", {"background": "white"}, "no edge of the picture is transparent"),
    ],
)
def test_a_cut_says_what_of_its_preset_does_not_hold(alpha, preset, options, what, tmp_path: Path) -> None:
    receipt = written(tmp_path / "shop", alpha, (60, 20, 20), preset=preset, **({"format": "png"} | options))
    told = [said for said in receipt.warnings if said.startswith(MISFIT)]
    assert any(what in said for said in told), receipt.warnings
    assert all(said.startswith(f"{MISFIT} {preset}: ") for said in told)
    assert all(not set("abcdefg") & set(translate(said, "zh").split("：")[1].split("png")[0][:2]) for said in told)


def test_nothing_is_said_of_what_fits_and_of_other_pictures(tmp_path: Path) -> None:
    for options in ({"preset": "jd"}, {"preset": "taobao-clear", "only": "alpha"}, {"canvas": "900x900"}):
        receipt = written(tmp_path / "shop.png", ellipse(), (60, 20, 20), **options)
        assert not [said for said in receipt.warnings if said.startswith(MISFIT)]


def side_grey(picture):
    picture[:, :200][picture[:, :200] == 255] = 252


def noisy(picture):
    noise = np.random.default_rng(2).random(picture.shape[:2]) < 0.5
    picture[noise & (picture.min(2) == 255)] = 254


def far_speck(picture):
    picture[5:7, 5:7] = 250


def corner(picture):
    picture[700:, 700:] = np.minimum(picture[700:, 700:], 253)


@pytest.mark.parametrize("dirty", [side_grey, noisy, far_speck, corner])
def test_a_ground_that_is_not_white_is_found(dirty, tmp_path: Path) -> None:
    written(tmp_path / "shop.png", hair(), (30, 25, 20), preset="jd")
    picture = np.array(Image.open(tmp_path / "shop.png"))
    dirty(picture)
    Image.fromarray(picture).save(tmp_path / "dirty.png")
    (failure,) = check_picture(tmp_path / "dirty.png", find_preset("jd"))
    assert failure.what == "ground"
    assert "not exactly white" in failure.why
    x, y = (int(number) for number in failure.why.split("lies at ")[1].split(":")[0].split(","))
    assert 250 <= picture[y, x].min() < 255


def test_faint_specks_that_a_mask_has_are_told(tmp_path: Path) -> None:
    alpha = ellipse()
    alpha[20, 50] = alpha[165, 190] = 0.02
    receipt = written(tmp_path / "shop.png", alpha, (60, 20, 20), preset="jd")
    assert any("not exactly white" in said and said.startswith(MISFIT) for said in receipt.warnings)
