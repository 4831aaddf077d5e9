"""What files name themselves need not be text: photos are read whatever those names are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips

from gigamatte import Options, cut
from gigamatte.errors import GigamatteError
from gigamatte.photo.fields import field_of, has_field
from gigamatte.photo.read import open_photo


def picture() -> pyvips.Image:
    rgb = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    return pyvips.Image.new_from_array(rgb).copy(interpretation="srgb")


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """A PNG with one chunk more, behind its header."""
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return png[:33] + chunk + png[33:]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"tEXt", b"Urheber\xfc\0M\xfcller"),
        (b"zTXt", b"Gr\xf6\xdfe\0\0" + zlib.compress(b"gro\xdf")),
        (b"iTXt", b"Titre \xe9\0\0\0fr\0\xff\xfe\0\xe9t\xe9"),
    ],
)
def test_a_png_may_say_things_in_latin_1(kind: bytes, content: bytes, tmp_path: Path) -> None:
    """Keywords and texts of a PNG are Latin-1 by its standard."""
    data = with_chunk(picture().pngsave_buffer(), kind, content)
    assert np.array_equal(open_photo(data, max_pixels=10_000).open().numpy(), picture().numpy())
    (tmp_path / "a.png").write_bytes(data)
    mask = np.zeros((33, 47), np.uint8)
    mask[5:20, 5:30] = 255
    with cut(tmp_path / "a.png", Options(refine="off"), mask=mask) as cutout:
        cutout.save(tmp_path / "b.png")
    assert open_photo(tmp_path / "b.png", max_pixels=10_000).size == cutout.size


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_a_block_of_heif_may_have_any_kind(suffix: str) -> None:
    """The kind of a block (Exif, mime …) is four bytes of the file, and becomes part of the field's name."""
    image = picture()
    image.set_type(pyvips.GValue.blob_type, "exif-data", b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    if suffix == "heic":
        pillow_heif = pytest.importorskip("pillow_heif", reason="the extra [heif] is not installed")
        import io

        file = io.BytesIO()
        one = pillow_heif.from_bytes(mode="RGB", size=(47, 33), data=image.numpy().tobytes())
        one.save(file, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
        data = file.getvalue()
    else:
        data = image.heifsave_buffer(compression="av1", effort=0, keep="all")
    assert data.count(b"Exif") >= 1
    at = data.index(b"Exif")  # in the table of blocks
    strange = data[:at] + b"\x80xif" + data[at + 4 :]
    try:
        photo = open_photo(strange, max_pixels=10_000)
    except GigamatteError as error:
        assert "broken" in error.message  # noqa: PT017 - either is right, but never another error
    else:
        assert (photo.size.width, photo.size.height) == (47, 33)


def test_fields() -> None:
    image = picture().copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    assert has_field(image, "orientation")
    assert field_of(image, "orientation", 1) == 6
    assert not has_field(image, "icc-profile-data")
    assert field_of(image, "n-pages", 1) == 1
