"""AVIF: alpha without loss, colours with 4:4:4, what it carries, as Pillow and libvips read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image
from tests.unit.cutout.written import BLOCKS, save

from gigamatte.cutout.encode import Encoding
from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import WriteError
from gigamatte.photo import metadata
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing import profiles
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size


@pytest.mark.parametrize("quality", [None, 30])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("size", [Size(150, 131), Size(1, 7)])
def test_alpha_is_exact(quality: Any, bits: int, size: Size, tmp_path: Path) -> None:
    if size.pixels > 100:
        made = made_photo(size, seed=1)
        rgba = np.dstack([made.photo, np.rint(made.alpha * 255).astype(np.uint8)])
    else:
        rgba = np.random.default_rng(0).integers(0, 256, (7, 1, 4), np.uint8)
    given = rgba if bits == 8 else rgba.astype(np.uint16) * 257
    write_image(
        as_strips(given),
        Raster(size, 4, bits),
        target=tmp_path / "a.avif",
        format="avif",
        encoding=Encoding(quality),
        extras=Extras(icc=profiles.swapped_srgb()),
    )
    image = pyvips.Image.new_from_file(str(tmp_path / "a.avif"))
    assert image.get("bits-per-sample") == (8 if bits == 8 else 12)
    found = image.numpy()
    top = 255 if bits == 8 else 4095 << 4
    right = rgba[..., 3] if bits == 8 else (np.rint(given[..., 3] / 65535 * 4095).astype(np.uint16) << 4)
    step = 0 if bits == 8 else 16  # of 12 bits
    assert np.abs(found[..., 3].astype(int) - right).max() <= step
    assert (found[..., 3] == 0).sum() == (rgba[..., 3] == 0).sum()
    assert (found[..., 3] >= top - step).sum() == (rgba[..., 3] == 255).sum()
    with Image.open(tmp_path / "a.avif") as picture:
        assert picture.mode == "RGBA"
        assert picture.info["icc_profile"] == profiles.swapped_srgb()
        pixels = np.asarray(picture)
    assert np.abs(pixels[..., 3].astype(int) - rgba[..., 3]).max() <= (0 if bits == 8 else 1)
    if quality is None and size.pixels > 100:
        seen = rgba[..., 3] > 200
        assert np.abs(pixels[..., :3].astype(int) - rgba[..., :3])[seen].mean() < 3


@pytest.mark.parametrize("bands", [1, 3])
def test_without_alpha(bands: int, tmp_path: Path) -> None:
    picture = made_photo(Size(90, 60)).photo[..., :bands]
    write_image(as_strips(picture), Raster(Size(90, 60), bands, 8), target=tmp_path / "a.avif", format="avif")
    with Image.open(tmp_path / "a.avif") as found:
        assert found.mode == "RGB"
        assert np.abs(np.asarray(found).astype(int) - picture).mean() < 3


def test_colours_are_not_thinned(tmp_path: Path) -> None:
    """Red and green pixels side by side: with 4:2:0 they would be brown."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, ::2], picture[:, 1::2] = (255, 0, 0), (0, 255, 0)
    write_image(as_strips(picture), Raster(Size(64, 64), 3, 8), target=tmp_path / "a.avif", format="avif")
    found = np.asarray(Image.open(tmp_path / "a.avif")).astype(int)
    assert np.abs(found - picture).mean() < 12


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_avif_is_close_and_keeps_profile_and_metadata(dtype: Any, tmp_path: Path) -> None:
    full = np.iinfo(dtype).max
    ramp = np.linspace(0, full, 96).astype(dtype)[None, :, None].repeat(64, 0).repeat(4, 2)
    blocks = {name: BLOCKS[name] for name in (metadata.EXIF, metadata.XMP)}
    icc = profiles.swapped_srgb()
    warnings = save(ramp, tmp_path / "a.avif", "avif", icc=icc, metadata=blocks)
    assert warnings == (() if dtype == np.uint8 else ("AVIF holds 12 bits a channel: reduced from 16",))
    photo = open_photo(tmp_path / "a.avif", max_pixels=10**6)
    assert (photo.format, photo.bits, photo.has_alpha) == ("avif", 8 * np.dtype(dtype).itemsize, True)
    assert photo.icc == icc
    assert set(photo.metadata) == set(blocks)
    with PhotoLevels(photo) as levels:
        error = np.abs(levels.read(0, photo.size.box).astype(int) - ramp[..., :3])
        alpha = levels.alpha(photo.size.box)
    assert alpha is not None
    assert error.max() <= 0.04 * full
    assert np.abs(alpha.astype(int) - ramp[..., 3]).max() <= 0.04 * full


def test_avif_has_a_largest_side(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="AVIF holds at most 16384 pixels a side"):
        write_image(iter(()), Raster(Size(16385, 10), 4, 8), target=tmp_path / "a.avif", format="avif")
