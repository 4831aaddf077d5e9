"""The size that a header claims, told without a decoder, is the size that a decoder finds."""

import io

import pytest
from PIL import Image

from gigamatte.errors import UnsupportedInput
from gigamatte.service.sizes import claimed_pixels
from gigamatte.testing import paths


def encoded(form, mode="RGB", **more):
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
        encoded("WEBP"),
        encoded("WEBP", lossless=True),
        encoded("WEBP", "RGBA", exif=b"x" * 100),
        encoded("TIFF"),
        encoded("TIFF", compression="tiff_lzw"),
        encoded("TIFF", big_tiff=True),
        encoded("AVIF"),
        paths.psd(321, 123, b""),
    ],
    ids=lambda data: str(len(data)),
)
def test_claimed(tmp_path, data):
    path = tmp_path / "photo"
    path.write_bytes(data)
    assert claimed_pixels(path) == 321 * 123
    for length in range(16, min(len(data), 400), 7):  # a header that ends anywhere is no crash
        path.write_bytes(data[:length])
        claimed_pixels(path)


def test_other_formats_are_refused(tmp_path):
    (tmp_path / "photo").write_bytes(encoded("GIF"))
    with pytest.raises(UnsupportedInput, match="GIF"):
        claimed_pixels(tmp_path / "photo")
