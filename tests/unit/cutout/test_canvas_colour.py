"""Colours, profile, depth and resolution of a result on a canvas."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte import Options, Remover
from gigamatte.testing.profiles import swapped_srgb
from gigamatte.types import Receipt

#: a subject of one colour in the middle of a photo of 120×90, as its file stores it
GROUND, COLOUR = (40, 160, 60), (200, 90, 30)


def photo(bits: int = 8, **how: object) -> tuple[bytes, NDArray[np.uint8]]:
    """An encoded photo with a profile that exchanges red and green, and its alpha."""
    alpha = np.zeros((90, 120), np.uint8)
    alpha[20:70, 35:85] = 255
    stored = np.where(alpha[..., None] > 0, np.uint8(COLOUR), np.uint8(GROUND))
    file = io.BytesIO()
    if bits == 8:
        Image.fromarray(stored).save(file, "TIFF", icc_profile=swapped_srgb(), dpi=(300, 300), **how)
    else:
        deep = (pyvips.Image.new_from_array(stored).cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
        deep.set_type(pyvips.GValue.blob_type, "icc-profile-data", swapped_srgb())
        file.write(deep.copy(xres=300 / 25.4, yres=300 / 25.4).tiffsave_buffer())
    return file.getvalue(), alpha


def written(target: Path, bits: int = 8, **options: object) -> Receipt:
    source, alpha = photo(bits)
    with Remover(Options(mask_kind="alpha", refine="off", **options)) as remover:  # type: ignore[arg-type]
        return remover.process(source, target, mask=alpha)


def shown(path: Path) -> NDArray[np.uint8]:
    """The picture as a screen shows it, by its own profile: (row, column, RGB)."""
    image = pyvips.Image.new_from_file(str(path))
    return np.asarray(image.icc_transform("srgb", embedded=True).numpy()[..., :3])


@pytest.mark.parametrize("canvas", [{"canvas": "300x200"}, {"canvas": "60x60"}, {"aspect": "2:1", "fill": "50"}])
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_the_profile_stays_and_the_ground_is_the_colour_that_was_named(
    canvas: dict[str, str], name: str, tmp_path: Path
) -> None:
    receipt = written(tmp_path / name, background="#ff8000", **canvas)
    pixels = shown(tmp_path / name)
    assert pixels.shape[:2] == (receipt.height, receipt.width)
    slack = 5 if name == "a.jpg" else 1
    assert np.abs(pixels[0, 0].astype(int) - (255, 128, 0)).max() <= slack
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].astype(int)
    right = (COLOUR[1], COLOUR[0], COLOUR[2])  # the profile shows its red as green
    assert np.abs(middle - right).max() <= slack
    if "canvas" in canvas:
        assert f"{receipt.width}x{receipt.height}" == canvas["canvas"]


def test_a_line_and_a_picture_beneath_are_shown_in_their_own_colours(tmp_path: Path) -> None:
    Image.new("RGB", (30, 30), (10, 60, 220)).save(tmp_path / "sea.png")
    written(
        tmp_path / "a.png", canvas="400x400", fill="50", background=str(tmp_path / "sea.png"), outline="20px,#ff0000"
    )
    pixels = shown(tmp_path / "a.png").astype(int)
    assert np.abs(pixels[3, 3] - (10, 60, 220)).max() <= 1
    row = pixels[200]
    line = np.flatnonzero(np.abs(row - (255, 0, 0)).max(axis=1) <= 2)
    assert 34 <= len(line) <= 42  # 20 pixels on both sides


def test_sixteen_bits_stay_and_the_resolution_is_the_canvas_own(tmp_path: Path) -> None:
    written(tmp_path / "a.tif", 16, canvas="10x8cm@254", background="#ff8000")
    deep = cv2.imread(str(tmp_path / "a.tif"), cv2.IMREAD_UNCHANGED)
    assert (deep.dtype, deep.shape) == (np.dtype(np.uint16), (800, 1000, 3))
    # stored for a profile that exchanges red and green; OpenCV gives blue, green, red
    assert np.abs(deep[0, 0].astype(int) - (0, 65535, 128 * 257)).max() <= 8
    with Image.open(tmp_path / "a.tif") as picture:
        assert picture.info["icc_profile"] == swapped_srgb()
        assert [float(side) for side in picture.info["dpi"]] == pytest.approx([254, 254], abs=0.01)


def test_a_transparent_canvas_keeps_the_profile_and_the_photos_resolution(tmp_path: Path) -> None:
    written(tmp_path / "a.png", canvas="300x200")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info["icc_profile"] == swapped_srgb()
        assert picture.getpixel((150, 100)) == (*COLOUR, 255)
        assert picture.getpixel((0, 0))[3] == 0
