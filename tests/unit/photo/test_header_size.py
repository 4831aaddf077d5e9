"""The size that a header claims, read without a decoder, is the size that a decoder finds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gigamatte.photo.header_size import header_size
from gigamatte.testing import paths
from gigamatte.types import Size


def encoded(form: str, mode: str = "RGB", **more: Any) -> bytes:
    data = io.BytesIO()
    Image.new(mode, (321, 123)).save(data, form, **more)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        encoded("PNG"),
        encoded("PNG", "LA"),
        encoded("JPEG"),
        encoded("JPEG", progressive=True),
        encoded("JPEG", exif=b"Exif\0\0" + bytes(3000), comment=b"x" * 50_000),
        encoded("JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),  # fill bytes before a marker
        encoded("WEBP"),
        encoded("WEBP", lossless=True),
        encoded("WEBP", icc_profile=b"x" * 200),
        encoded("WEBP", "RGBA", exif=b"x" * 100),
        encoded("TIFF"),
        encoded("TIFF", compression="tiff_lzw"),
        encoded("TIFF", big_tiff=True),
        encoded("AVIF"),
        paths.psd(321, 123, b""),
    ],
    ids=lambda data: str(len(data)),
)
def test_it_is_what_a_decoder_finds(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert header_size(path) == Size(321, 123)
    for length in range(0, min(len(data), 400), 7):  # a header that ends anywhere is no error
        path.write_bytes(data[:length])
        assert header_size(path) in (None, Size(321, 123))


@pytest.mark.parametrize("orientation", [1, 6])
def test_it_is_the_size_as_stored(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "x").write_bytes(encoded("JPEG", exif=exif))
    assert header_size(tmp_path / "x") == Size(321, 123)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0\xff\xff\xff\xff",
        b"RIFF....WEBPVP8X",
        b"hello",
        b"GIF89a" + bytes(60),
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\0\x01",
        b"8BPS\0\1",
        b"\0\0\0\x08ftyp",
        b"\0\0\0\x08ftyp\0\0\0\x01meta",
        b"\0\0\0\x08ftyp\0\0\0\x0cmeta\0\0\0\0\0\0\0\0iprp\0\0\0\0ipco\0\0\0\x14ispe\0\0",
    ],
)
def test_headers_that_do_not_tell_are_no_errors(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert header_size(tmp_path / "x") is None
    assert header_size(tmp_path / "gone") is None


@pytest.mark.parametrize("size", [bytes(8), b"\0\0\0\x05" + bytes(4)])
def test_a_png_with_a_side_of_0_has_none(tmp_path: Path, size: bytes) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + bytes(12))
    assert header_size(tmp_path / "x.png") is None


def test_a_jpeg_of_fill_bytes_is_not_read_to_its_end() -> None:
    from gigamatte.photo.jpeg import frame_size

    for body in (b"\xff" * (1 << 20), b"\xff\xd0" * (1 << 19)):
        file = io.BytesIO(b"\xff\xd8" + body)
        assert frame_size(file) is None
        assert file.tell() < 1 << 16
