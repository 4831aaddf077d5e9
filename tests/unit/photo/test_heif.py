"""AVIF through libvips and HEIC through pillow-heif, 8 bits and deeper."""

from __future__ import annotations

import builtins
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte.errors import BudgetExceeded, UnsupportedInput
from gigamatte.photo import metadata
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo
from gigamatte.testing import profiles
from gigamatte.types import Photo, Size

SMOOTH = cv2.resize(np.random.default_rng(0).integers(0, 65536, (6, 8, 4), np.uint16), (120, 90))


def pixels(photo: Photo) -> NDArray[Any]:
    with PhotoLevels(photo) as levels:
        rgb, alpha = levels.read(0, photo.size.box), levels.alpha(photo.size.box)
    return rgb if alpha is None else np.dstack([rgb, alpha])


def avif(array: NDArray[Any], **options: Any) -> bytes:
    space = "rgb16" if array.dtype == np.uint16 else "srgb"
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array)).copy(interpretation=space)
    return bytes(image.heifsave_buffer(compression="av1", effort=1, **options))


@pytest.mark.parametrize("bands", [3, 4])
def test_lossless_avif_is_exact(bands: int) -> None:
    array = (SMOOTH[..., :bands] >> 8).astype(np.uint8)
    photo = open_photo(avif(array, lossless=True), max_pixels=10**6)
    assert (photo.format, photo.bits, photo.has_alpha, photo.size) == ("avif", 8, bands == 4, Size(120, 90))
    assert np.array_equal(pixels(photo), array)
    assert photo.decode_bytes == array.nbytes


@pytest.mark.parametrize("depth", [10, 12])
def test_deep_avif_reaches_full_white(depth: int) -> None:
    photo = open_photo(avif(SMOOTH, lossless=True, bitdepth=depth), max_pixels=10**6)
    assert photo.bits == 16
    assert np.abs(pixels(photo).astype(int) - SMOOTH).max() <= 65535 >> depth
    white = np.full((20, 20, 4), 65535, np.uint16)
    assert pixels(open_photo(avif(white, lossless=True, bitdepth=depth), max_pixels=10**6)).min() == 65535


def test_avif_in_a_file_and_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    path.write_bytes(avif(SMOOTH[..., :3], Q=90))
    assert open_photo(path, max_pixels=10**6).warnings == ()
    path.rename(tmp_path / "a.jpg")
    (warning,) = open_photo(tmp_path / "a.jpg", max_pixels=10**6).warnings
    assert "read as AVIF" in warning


def test_a_broken_avif() -> None:
    data = avif(SMOOTH, Q=90)
    for kept in (60, len(data) // 2, len(data) - 20):
        with pytest.raises(UnsupportedInput, match="is broken"):
            pixels(open_photo(data[:kept], max_pixels=10**6))


def heic(array: NDArray[Any], **options: Any) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra [heif] is not installed")
    mode = {3: "RGB", 4: "RGBA"}[array.shape[2]] + (";16" if array.dtype == np.uint16 else "")
    file = io.BytesIO()
    picture = pillow_heif.from_bytes(mode=mode, size=array.shape[1::-1], data=array.tobytes())
    for key in ("exif", "xmp"):
        picture.info[key] = options.pop(key, None)
    if "icc" in options:
        picture.info["icc_profile"] = options.pop("icc")
    picture.save(file, quality=95, chroma=444, **options)
    return file.getvalue()


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("deep", [False, True])
def test_heic(bands: int, deep: bool, tmp_path: Path) -> None:
    array = SMOOTH[..., :bands].copy() if deep else (SMOOTH[..., :bands] >> 8).astype(np.uint8)
    path = tmp_path / "a.heic"
    path.write_bytes(heic(array))
    for source in (path, path.read_bytes()):
        photo = open_photo(source, max_pixels=10**6)
        assert (photo.format, photo.bits, photo.has_alpha) == ("heic", 16 if deep else 8, bands == 4)
        error = np.abs(pixels(photo).astype(int) - array)
        assert error.mean() < (0.006 if deep else 0.008) * photo.depth.full
        assert photo.warnings == ()


def test_white_heic_of_10_bits_is_white() -> None:
    white = np.full((64, 64, 3), 65535, np.uint16)
    assert pixels(open_photo(heic(white), max_pixels=10**6)).min() >= 65400


def test_heic_brings_its_profile_and_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "ACME", 6
    icc = profiles.swapped_srgb()
    array = (SMOOTH[..., :3] >> 8).astype(np.uint8)
    photo = open_photo(heic(array, exif=exif.tobytes(), icc=icc), max_pixels=10**6)
    assert photo.icc == icc
    assert b"ACME" in photo.metadata[metadata.EXIF]
    assert photo.orientation == 1  # libheif turns by the container's own flags; EXIF's is a copy of them


def test_heic_budget_and_masks() -> None:
    data = heic((SMOOTH[..., :3] >> 8).astype(np.uint8))
    with pytest.raises(BudgetExceeded):
        open_photo(data, max_pixels=1000)
    assert read_mask(data, max_pixels=10**6).values.shape == (90, 120)


def test_a_broken_heic() -> None:
    data = heic((SMOOTH[..., :3] >> 8).astype(np.uint8))
    for kept in (60, len(data) // 2, len(data) - 20):
        with pytest.raises(UnsupportedInput, match="is broken") as found:
            pixels(open_photo(data[:kept], max_pixels=10**6))
        assert "\n" not in found.value.message


def test_heic_without_the_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "pillow_heif":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UnsupportedInput, match="needs pillow-heif") as found:
        open_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", max_pixels=100)
    assert "gigamatte[heif]" in found.value.hint
