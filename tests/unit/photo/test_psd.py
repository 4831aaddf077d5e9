"""Photoshop documents as photos: their merged picture, exactly, and what belongs to it."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from gigamatte import Options, cut
from gigamatte.errors import GigamatteError, UnsupportedInput
from gigamatte.photo.metadata import EXIF, XMP
from gigamatte.photo.read import open_photo
from gigamatte.testing import paths
from gigamatte.testing.documents import document
from gigamatte.testing.profiles import swapped_srgb
from gigamatte.types import Size

SIZE = Size(9, 5)


def picture(bits: int, bands: int = 3) -> np.ndarray:
    full = 2**bits
    values = np.random.default_rng(bits).integers(0, full, (SIZE.height, SIZE.width, bands))
    values[1] = values[1, :1]  # a row of one colour, which is packed
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(open_photo(data, max_pixels=1000).open().numpy())


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_merged_picture_is_read_exactly(bits: int, pack: bool, large: bool) -> None:
    data = document(picture(bits), packing="packbits" if pack else "raw", large=large)
    photo = open_photo(data, max_pixels=1000)
    assert (photo.size, photo.bits, photo.has_alpha, photo.format) == (SIZE, bits, False, "psd")
    assert np.array_equal(pixels_of(data), picture(bits))


def test_grey_becomes_rgb() -> None:
    grey = picture(8, 1)
    assert np.array_equal(pixels_of(document(grey)), np.repeat(grey, 3, axis=2))


def test_a_fourth_channel_is_alpha_where_the_layers_say_so() -> None:
    four = picture(8, 4)
    four[..., 3] = 255
    assert open_photo(document(four, layers=-1), max_pixels=1000).has_alpha
    assert np.array_equal(pixels_of(document(four, layers=-1)), four)
    saved = open_photo(document(four, layers=1), max_pixels=1000)
    assert not saved.has_alpha
    assert "extra channel" in saved.warnings[0]


def test_what_belongs_to_it_comes_along() -> None:
    exif = b"MM\0*\0\0\0\x08" + struct.pack(">HHHII", 1, 0x010F, 2, 5, 26) + bytes(4) + b"ACME\0\0"
    block = (
        paths.resource(1005, b"", struct.pack(">IHHIHH", 300 << 16, 1, 1, 150 << 16, 1, 1))
        + paths.resource(1039, b"", swapped_srgb())
        + paths.resource(1058, b"", exif)
        + paths.resource(1060, b"", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>')
    )
    photo = open_photo(document(picture(8), block=block), max_pixels=1000)
    assert photo.icc is not None
    assert photo.resolution == pytest.approx((300 / 25.4, 150 / 25.4), rel=1e-3)
    assert b"ACME" in photo.metadata[EXIF]
    assert XMP in photo.metadata


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (document(picture(8, 3), mode=7), "in multichannel mode"),
        (document(picture(8, 3), mode=4), "in CMYK mode"),  # with a channel too few
        (document(picture(8, 4), mode=4, bits=32), "of 32 bits a channel"),
        (document(picture(8), block=paths.resource(1057, b"", b"\0\0\0\1\0")), "saved without a merged picture"),
        (document(picture(8))[: 26 + 12] + b"\0\4", "in a rare way"),
        (document(picture(8))[: 26 + 12] + b"\0\3" + b"none", "is broken: Error -3"),
        (b"8BPS\0\1", "ends too early"),
        # lengths that no file has, of layers and of resources, and rows without end
        (document(picture(8), large=True)[:34] + b"\xff" * 8 + bytes(99), "ends too early"),
        (document(picture(8))[:30] + b"\xff" * 4 + bytes(99), "ends too early"),
        (struct.pack(">4sH6xHIIHH", b"8BPS", 2, 3, 200_000, 200_000, 8, 3) + bytes(18), "holds 120,000,000,000 bytes"),
        (struct.pack(">4sH6xHIIHH", b"8BPS", 2, 3, 20_000, 20_000, 8, 3) + bytes(18), "ends too early"),
    ],
)
def test_what_is_not_read_is_told(data: bytes, message: str) -> None:
    with pytest.raises(UnsupportedInput, match=message):
        open_photo(data, max_pixels=1000)


def test_a_large_one_is_not_held(tmp_path: Path) -> None:
    """Its planes lie in a scratch file; without names of open files, in memory once."""
    photo = np.zeros((4000, 4000, 3), np.uint8)
    (tmp_path / "a.psd").write_bytes(document(photo))
    tracemalloc.start()
    opened = open_photo(tmp_path / "a.psd", max_pixels=16_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (opened.size, opened.format) == (Size(4000, 4000), "psd")
    assert peak < (8_000_000 if Path("/proc/self/fd").is_dir() else 60_000_000)
    assert not list(tmp_path.glob("gigamatte*"))


def test_it_may_break_off_anywhere() -> None:
    data = document(picture(8), packing="packbits", layers=-1, block=paths.resource(1028, b"", b"abc"))
    for end in range(4, len(data)):
        with pytest.raises(GigamatteError):
            pixels_of(data[:end])


@pytest.mark.parametrize("bits", [8, 16])
def test_our_own_documents_are_read_again(bits: int, tmp_path: Path) -> None:
    photo = np.repeat(np.repeat(picture(bits), 8, axis=0), 8, axis=1)
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[4:30, 6:60] = 255
    with cut(photo, Options(refine="off", background="keep", clipping_path=True), mask=mask) as cutout:
        cutout.save(tmp_path / "a.psd")
    again = open_photo(tmp_path / "a.psd", max_pixels=10_000)
    assert np.array_equal(again.open().numpy(), photo)
    with cut(tmp_path / "a.psd", Options(mask="path")) as cutout:
        assert int((cutout.alpha > cutout.alpha.max() // 2).sum()) == 26 * 54
