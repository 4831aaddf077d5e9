"""Colour that a file describes without a profile: made inputs of every kind, compared with the standards' formulas."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gigamatte.photo import cicp, isobmff
from gigamatte.photo.colour import profile_problem
from gigamatte.photo.made_profile import SRGB_CURVE, Curve
from gigamatte.photo.read import open_photo

RAMP = np.stack(np.meshgrid(np.arange(0, 256, 5), np.arange(0, 256, 5)), -1).astype(np.uint8)
COLOURS = np.dstack([RAMP, RAMP[..., ::-1].mean(2).astype(np.uint8)])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels: NDArray[Any], *chunks: tuple[bytes, bytes], icc: bytes | None = None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", icc_profile=icc)
    data = file.getvalue()
    return data[:33] + b"".join(chunk(*one) for one in chunks) + data[33:]


def shown(data: bytes) -> NDArray[np.uint8]:
    """The photo as a reader that obeys the profile shows it, sRGB."""
    photo = open_photo(data, max_pixels=10**6)
    pixels = Image.fromarray(photo.open().numpy()[..., :3])
    if photo.icc is None:
        return np.asarray(pixels)
    assert profile_problem(photo.icc, 3) is None
    profile = ImageCms.ImageCmsProfile(io.BytesIO(photo.icc))
    out = ImageCms.profileToProfile(pixels, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert out is not None
    return np.asarray(out)


def right(pixels: NDArray[Any], light: Any, matrix: Any = None) -> NDArray[np.float64]:
    linear = light(pixels / 255.0) @ np.asarray(np.eye(3) if matrix is None else matrix).T
    linear = np.clip(linear, 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return srgb * 255


GAMMA_18 = struct.pack(">I", round(100_000 / 1.8))
USUAL = struct.pack(">I", 45455)
SRGB_PLACES = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_PLACES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
P3 = [[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09828]]
P3_DCI_GAMMA = Curve(2.6)


@pytest.mark.parametrize(
    ("chunks", "light", "matrix"),
    [
        ([(b"gAMA", GAMMA_18)], lambda v: v**1.8, None),
        ([(b"gAMA", GAMMA_18), (b"cHRM", SRGB_PLACES)], lambda v: v**1.8, None),
        ([(b"cHRM", P3_PLACES)], SRGB_CURVE, P3),
        ([(b"gAMA", USUAL), (b"cHRM", P3_PLACES)], lambda v: v**2.2, P3),
        ([(b"cICP", bytes([12, 13, 0, 1]))], SRGB_CURVE, P3),
        ([(b"cICP", bytes([1, 8, 0, 1]))], lambda v: v, None),
        # the rank of chunks: cICP, sRGB, gAMA
        ([(b"gAMA", GAMMA_18), (b"cICP", bytes([12, 13, 0, 1]))], SRGB_CURVE, P3),
        ([(b"gAMA", GAMMA_18), (b"sRGB", b"\0")], SRGB_CURVE, None),
        # what writers mean by sRGB
        ([(b"gAMA", USUAL), (b"cHRM", SRGB_PLACES)], SRGB_CURVE, None),
        ([(b"gAMA", USUAL)], SRGB_CURVE, None),
    ],
)
def test_png_chunks(chunks: list[tuple[bytes, bytes]], light: Any, matrix: Any) -> None:
    found = shown(png(COLOURS, *chunks)).astype(float)
    wrong = np.abs(found - right(COLOURS, light, matrix))
    # gamma 1.8 and linear light have few steps in the darkest colours, and a profile is a table there
    assert np.percentile(wrong, 99) <= 2
    assert wrong.mean() < 0.6


def test_grey_with_a_gamma() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    photo = open_photo(png(grey, (b"gAMA", struct.pack(">I", 100_000))), max_pixels=10**6)
    found = photo.open().numpy().astype(float)  # grey with a profile becomes sRGB
    wrong = np.abs(found - right(np.dstack([grey] * 3), lambda v: v))
    assert wrong[grey >= 8].max() <= 2  # below, 8 bits of linear light are too few for the colour library's tables


def test_an_icc_profile_goes_before_gamma_and_after_cicp() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    own = open_photo(png(COLOURS, icc=icc), max_pixels=10**6)
    with_gamma = open_photo(png(COLOURS, (b"gAMA", GAMMA_18), icc=icc), max_pixels=10**6)
    assert with_gamma.icc == own.icc == icc
    with_cicp = open_photo(png(COLOURS, (b"cICP", bytes([12, 13, 0, 1])), icc=icc), max_pixels=10**6)
    assert with_cicp.icc not in (None, icc)


@pytest.mark.parametrize(
    ("chunk_", "warning"),
    [
        ((b"cICP", bytes([9, 16, 0, 1])), r"HDR \(PQ\)"),
        ((b"cICP", bytes([9, 18, 0, 1])), r"HDR \(HLG\)"),
        ((b"cICP", bytes([99, 13, 0, 1])), "code points"),
        ((b"cICP", bytes([9, 1, 9, 0])), "not RGB of full range"),
        ((b"gAMA", bytes(4)), "no colours that can be"),
        ((b"cHRM", struct.pack(">8I", 31270, 0, 64000, 33000, 30000, 60000, 15000, 6000)), "no colours that can be"),
        ((b"cHRM", struct.pack(">8I", 31270, 32900, *[30000] * 6)), "no colours that can be"),
    ],
)
def test_what_cannot_be_obeyed_is_said(chunk_: tuple[bytes, bytes], warning: str) -> None:
    photo = open_photo(png(COLOURS, chunk_), max_pixels=10**6)
    assert photo.icc is None
    assert any(re.search(warning, line) for line in photo.warnings)


def avif(primaries: int, transfer: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(COLOURS).save(file, "AVIF", quality=100, subsampling="4:4:4")
    data = file.getvalue()
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def test_avif_code_points() -> None:
    found = shown(avif(12, 13)).astype(float)
    assert np.percentile(np.abs(found - right(COLOURS, SRGB_CURVE, P3)), 99) <= 4
    assert any("HDR (HLG)" in line for line in open_photo(avif(9, 18), max_pixels=10**6).warnings)
    assert open_photo(avif(1, 13), max_pixels=10**6).icc is None


@pytest.mark.parametrize("primaries", [1, 4, 5, 6, 7, 8, 9, 11, 12, 22])
@pytest.mark.parametrize("transfer", [1, 4, 5, 6, 7, 8, 13, 14])
def test_every_pair_of_code_points_has_a_usable_profile(primaries: int, transfer: int) -> None:
    made, warning = cicp.Code(primaries, transfer).profile(3)
    assert warning == ""
    if made is None:
        assert (primaries, transfer) == (1, 13)
        return
    assert profile_problem(made, 3) is None
    white = Image.fromarray(np.full((2, 2, 3), 255, np.uint8))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(made))
    out = ImageCms.profileToProfile(white, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert np.asarray(out).min() >= 254
    grey, _ = cicp.Code(primaries, transfer).profile(1)
    assert grey is None or profile_problem(grey, 1) is None


def test_broken_boxes_tell_nothing() -> None:
    """Each is read, or refused with the one error that says so: both happen."""
    data = avif(12, 13)
    chance = np.random.default_rng(0)
    read = 0
    for _ in range(300):
        broken = bytearray(data)
        for at in chance.integers(0, 400, 3):
            broken[at] = chance.integers(256)
        try:
            isobmff.main_picture(io.BytesIO(bytes(broken)))
        except isobmff.Broken:
            continue
        read += 1
    assert 0 < read < 300
