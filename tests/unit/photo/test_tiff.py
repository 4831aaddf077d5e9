"""What a TIFF says of itself beside its pixels: EXIF in directories of its own, and how its planes lie."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import metadata, tiff
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)


def saved(**options: object) -> bytes:
    about = TiffImagePlugin.ImageFileDirectory_v2()
    about[315], about[33432], about[274] = "Ann", "(c) Ann", 6
    about[34665] = {33434: 0.004, 36867: "2024:01:02 03:04:05", 42036: "A long name of a lens"}
    about[34853] = {1: "N", 2: (48.0, 30.0, 0.0)}
    file = io.BytesIO()
    Image.fromarray(picture()).save(file, "TIFF", tiffinfo=about, **options)
    return file.getvalue()


def carried(data: bytes) -> Image.Exif:
    block = open_photo(data, max_pixels=10**6).metadata[metadata.EXIF]
    exif = Image.Exif()
    exif.load(block)
    return exif


@pytest.mark.parametrize("big", [False, True])
def test_exif_of_a_tiff_is_carried(big: bool) -> None:
    exif = carried(saved(big_tiff=big))
    assert exif[315] == "Ann"
    assert 274 not in exif or exif[274] == 1
    within = exif.get_ifd(34665)
    assert within[36867] == "2024:01:02 03:04:05"
    assert within[42036] == "A long name of a lens"
    assert float(within[33434]) == pytest.approx(0.004)
    assert exif.get_ifd(34853)[2] == (48.0, 30.0, 0.0)


def test_a_tiff_that_says_nothing_of_the_photo_has_no_exif() -> None:
    file = io.BytesIO()
    Image.fromarray(picture()).save(file, "TIFF", software="scanner")
    assert metadata.EXIF not in open_photo(file.getvalue(), max_pixels=10**6).metadata


def test_a_directory_that_claims_too_much_is_not_followed() -> None:
    data = bytearray(saved())
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    for at in range(first + 2, first + 2 + 12 * count, 12):
        tag = struct.unpack_from(order + "H", data, at)[0]
        if tag == 315:
            struct.pack_into(order + "I", data, at + 4, 0xFFFFFFF0)
    assert tiff.read_facts(io.BytesIO(bytes(data))).exif is None


@pytest.fixture
def planar(imagemagick: str, tmp_path: Path) -> Path:
    Image.fromarray(picture()).save(tmp_path / "chunky.tif")
    subprocess.run([imagemagick, tmp_path / "chunky.tif", "-interlace", "plane", tmp_path / "planar.tif"], check=True)
    tiles = ["-define", "tiff:tile-geometry=128x128"]
    command = [imagemagick, tmp_path / "chunky.tif", "-interlace", "plane", *tiles, tmp_path / "tiled.tif"]
    subprocess.run(command, check=True)
    return tmp_path


def test_colours_in_planes_are_read(planar: Path) -> None:
    photo = open_photo(planar / "planar.tif", max_pixels=10**6)
    assert photo.decode_bytes == 0
    with PhotoLevels(photo) as levels:
        assert np.array_equal(levels.read(0, photo.size.box), picture())


def test_grey_and_alpha_in_planes_are_refused_unless_row_by_row() -> None:
    """libvips takes each strip of more than one row for other rows."""
    tifffile = pytest.importorskip("tifffile", reason="tifffile is not installed")
    two = np.random.default_rng(3).integers(0, 256, (2, 40, 21)).astype(np.uint8)

    def written(rows: int) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, two, planarconfig="separate", photometric="minisblack", extrasamples=["unassalpha"],
                         rowsperstrip=rows, metadata=None)  # fmt: skip
        return file.getvalue()

    found = open_photo(written(1), max_pixels=10**6).open().numpy()
    assert np.array_equal(found[..., 2:], np.moveaxis(two, 0, 2))
    for rows in (7, 16, 40):
        with pytest.raises(UnsupportedInput, match="grey and further channels in separate planes"):
            open_photo(written(rows), max_pixels=10**6)


def test_planes_of_tiles_are_refused_by_name(planar: Path) -> None:
    with pytest.raises(UnsupportedInput, match="separate planes of tiles"):
        open_photo(planar / "tiled.tif", max_pixels=10**6)
