"""read_mask: the stored values, untouched."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from PIL import Image

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.photo.mask import read_mask
from gigamatte.testing import profiles

GREY = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)


def saved(array: np.ndarray, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def test_grey_values_are_not_colour_managed() -> None:
    assert np.array_equal(read_mask(saved(GREY, icc_profile=profiles.linear_grey()), max_pixels=10**6).values, GREY)


def test_equal_channels_give_their_value() -> None:
    assert np.array_equal(read_mask(saved(np.dstack([GREY] * 3)), max_pixels=10**6).values, GREY)


def test_sixteen_bits_are_kept() -> None:
    deep = GREY.astype(np.uint16) * 257
    mask = read_mask(saved(deep), max_pixels=10**6)
    assert mask.values.dtype == np.uint16
    assert np.array_equal(mask.values, deep)


@pytest.mark.parametrize("bands", [2, 4])
def test_alpha_goes_before_grey(bands: int) -> None:
    array = np.dstack([np.zeros_like(GREY)] * (bands - 1) + [GREY])
    mask = read_mask(saved(array), max_pixels=10**6)
    assert np.array_equal(mask.values, GREY)
    assert mask.warnings == ()


def test_an_opaque_alpha_tells_nothing() -> None:
    array = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    mask = read_mask(saved(array), max_pixels=10**6)
    assert np.array_equal(mask.values, GREY)
    assert "opaque everywhere" in mask.warnings[0]


def test_masks_are_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert np.array_equal(read_mask(saved(GREY, exif=exif), max_pixels=10**6).values, np.rot90(GREY, -1))


def test_arrays_and_palettes() -> None:
    assert np.array_equal(read_mask(GREY, max_pixels=10**6).values, GREY)
    palette = Image.fromarray(GREY).quantize(256)
    file = io.BytesIO()
    palette.save(file, "PNG")
    assert np.array_equal(read_mask(file.getvalue(), max_pixels=10**6).values, np.asarray(palette.convert("L")))


def test_what_is_refused() -> None:
    with pytest.raises(BudgetExceeded):
        read_mask(GREY, max_pixels=599)
    inks = bytes(pyvips.Image.black(4, 4, bands=4).copy(interpretation="cmyk").write_to_buffer(".tif"))
    with pytest.raises(UnsupportedInput, match="is CMYK"):
        read_mask(inks, max_pixels=99)
    data = saved(np.random.default_rng(1).integers(0, 256, (200, 200), np.uint8))
    with pytest.raises(UnsupportedInput, match="is broken"):
        read_mask(data[: len(data) // 2], max_pixels=10**6)


def test_strokes_of_any_colour_count_in_full() -> None:
    colours = np.zeros((4, 3, 3), np.uint8)
    colours[0, :, 0], colours[1, :, 1], colours[2, :, 2] = 255, 250, 245
    strokes = read_mask(saved(colours), max_pixels=10**6, strokes=True).values
    assert strokes[:, 0].tolist() == [255, 250, 245, 0]
