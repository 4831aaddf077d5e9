"""Photoshop documents in every mode that is read: CMYK, Lab, grey, duotone, indexed, bitmap, and 32 bits."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from gigamatte import Options, cut
from gigamatte.errors import GigamatteError
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing import paths
from gigamatte.testing.documents import document

GREY, INDEXED, RGB, CMYK, DUOTONE, LAB = 1, 2, 3, 4, 8, 9
PACKINGS = ["raw", "packbits", "zip", "predicted"]


def picture(bits: int, channels: int, *, size: tuple[int, int] = (40, 21)) -> np.ndarray:
    values = np.random.default_rng(bits).integers(0, 2**bits, (*size, channels))
    values[1] = values[1, :1]  # a row of one colour, which is packed
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def opened(data: bytes):
    return open_photo(data, max_pixels=10_000_000)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(opened(data).open().numpy())


def as_tiff(inks: np.ndarray, icc: bytes | None = None) -> bytes:
    """The same inks as a TIFF, which stores how much there is of each."""
    image = pyvips.Image.new_from_array(inks).copy(interpretation="cmyk")
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    return bytes(image.write_to_buffer(".tif"))


def common_profile() -> bytes:
    converted = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb").icc_transform("cmyk")
    return bytes(converted.get("icc-profile-data"))


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk_is_read_as_of_a_tiff_with_the_same_inks(bits: int, packing: str, large: bool) -> None:
    stored = picture(bits, 4)
    data = document(stored, packing=packing, large=large, mode=CMYK)
    photo, tiff = opened(data), opened(as_tiff(2**bits - 1 - stored))
    assert (photo.bits, photo.has_alpha, photo.icc, photo.warnings) == (bits, False, tiff.icc, tiff.warnings)
    assert "the photo has no colour profile: its CMYK is taken as a common one" in photo.warnings
    assert np.array_equal(photo.open().numpy(), tiff.open().numpy())


def test_paper_is_white_and_ink_is_dark() -> None:
    stored = np.full((4, 5, 4), 255, np.uint8)
    assert (pixels_of(document(stored, mode=CMYK)) >= 254).all()
    stored[..., 3] = 0  # all of the black ink
    assert (pixels_of(document(stored, mode=CMYK)) < 60).all()
    stored[..., 3], stored[..., 0] = 255, 0  # cyan
    red, green, blue = pixels_of(document(stored, mode=CMYK))[0, 0]
    assert red < 60 < green < blue


def test_the_profile_of_its_inks_is_applied() -> None:
    stored, icc = picture(8, 4), common_profile()
    data = document(stored, mode=CMYK, block=paths.resource(1039, b"", icc))
    photo = opened(data)
    assert photo.warnings == ("CMYK was converted to sRGB: the output is RGB",)
    assert np.array_equal(photo.open().numpy(), opened(as_tiff(255 - stored, icc)).open().numpy())


@pytest.mark.skipif(shutil.which("convert") is None, reason="ImageMagick is not installed")
@pytest.mark.parametrize("packing", ["raw", "packbits"])
@pytest.mark.parametrize("bits", [8, 16])
def test_imagemagick_and_psd_tools_see_the_same_inks(bits: int, packing: str, tmp_path: Path) -> None:
    psd_tools = pytest.importorskip("psd_tools", reason="psd-tools is not installed")
    stored, full = picture(bits, 4), 2**bits - 1
    path = tmp_path / "a.psd"
    path.write_bytes(document(stored, packing=packing, mode=CMYK))
    seen = subprocess.run(["convert", f"{path}[0]", "-depth", str(bits), "-endian", "MSB", "cmyk:-"],
                          check=True, capture_output=True).stdout  # fmt: skip
    inks = np.frombuffer(seen, np.uint8 if bits == 8 else ">u2").reshape(stored.shape)
    assert np.array_equal(inks, full - stored)
    ratios = psd_tools.PSDImage.open(path).numpy()
    assert np.abs(ratios * full - stored).max() < 0.51
    assert np.array_equal(pixels_of(path.read_bytes()), opened(as_tiff(inks.astype(stored.dtype))).open().numpy())


def srgb_of(lab: np.ndarray) -> np.ndarray:
    """CIELAB (white D50) as sRGB in 0…1: ISO/CIE 11664-4 and IEC 61966-2-1, adapted after Bradford."""
    lightness = (lab[..., 0] + 16) / 116
    ratios = np.stack([lightness + lab[..., 1] / 500, lightness, lightness - lab[..., 2] / 200], axis=-1)
    ratios = np.where(ratios > 6 / 29, ratios**3, 3 * (6 / 29) ** 2 * (ratios - 4 / 29))
    xyz = ratios * (0.96422, 1.0, 0.82521)
    to_rgb = np.array([[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540],
                       [0.0719453, -0.2289914, 1.4052427]])  # fmt: skip
    light = xyz @ to_rgb.T
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.clip(light, 1e-9, None) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("packing", PACKINGS)
def test_lab_becomes_srgb_by_its_formulas(packing: str) -> None:
    rng = np.random.default_rng(2)
    lab = np.stack([rng.integers(0, 256, (16, 30)), *rng.integers(108, 150, (2, 16, 30))], axis=2).astype(np.uint8)
    photo = opened(document(lab, packing=packing, mode=LAB))
    assert photo.warnings == ("Lab was converted to sRGB: the output is RGB",)
    expected = srgb_of(lab * (100 / 255, 1, 1) - (0, 128, 128))
    inside = ((expected > 0.02) & (expected < 0.98)).all(axis=2)
    assert inside.mean() > 0.5
    assert np.abs(photo.open().numpy() / 255 - expected)[inside].max() < 1.5 / 255
    deep = lab.astype(np.uint16) * 256
    deep[..., 0] = lab[..., 0].astype(np.uint16) * 257
    there = pixels_of(document(deep, packing=packing, mode=LAB))
    assert there.dtype == np.uint16
    assert np.abs(there / 65535 - expected)[inside].max() < 0.5 / 255


def test_neutral_lab_is_grey() -> None:
    for bits, middle in ((8, 128), (16, 32768)):
        full = 2**bits - 1
        lab = np.full((1, 3, 3), middle, np.uint16 if bits == 16 else np.uint8)
        lab[0, :, 0] = 0, full // 2, full
        found = pixels_of(document(lab, mode=LAB)).astype(int)[0] / full
        assert np.ptp(found, axis=1).max() < 0.004
        assert found[0] == pytest.approx(0, abs=0.002)
        assert found[2] == pytest.approx(1, abs=0.002)
        assert found[1] == pytest.approx(0.466, abs=0.004)  # L 50


@pytest.mark.parametrize("packing", PACKINGS)
def test_grey_and_duotone(packing: str) -> None:
    for bits in (8, 16):
        grey = picture(bits, 1)
        for mode in (GREY, DUOTONE):
            photo = opened(document(grey, packing=packing, mode=mode, palette=bytes(300) if mode == DUOTONE else b""))
            assert np.array_equal(photo.open().numpy(), np.repeat(grey, 3, axis=2))
            assert ("the inks of a duotone are not read: it is taken as grey" in photo.warnings) == (mode == DUOTONE)


def test_indexed_with_a_colour_that_cannot_be_seen() -> None:
    index, table = picture(8, 1), np.random.default_rng(5).integers(0, 256, (256, 3)).astype(np.uint8)
    palette = table.T.tobytes()
    assert np.array_equal(pixels_of(document(index, mode=INDEXED, palette=palette)), table[index[..., 0]])
    block = paths.resource(1046, b"", struct.pack(">H", 256)) + paths.resource(1047, b"", struct.pack(">H", 7))
    index[3:9, 4:12] = 7
    found = pixels_of(document(index, packing="packbits", mode=INDEXED, palette=palette, block=block))
    assert np.array_equal(found[..., :3], table[index[..., 0]])
    assert np.array_equal(found[..., 3], np.where(index[..., 0] == 7, 0, 255))


def test_bitmap() -> None:
    black = np.random.default_rng(6).integers(0, 2, (20, 19, 1)).astype(np.uint8)
    for packing in ("raw", "packbits", "zip"):
        found = pixels_of(document(black, packing=packing, mode=0, bits=1))
        assert np.array_equal(found, np.repeat(255 * (1 - black), 3, axis=2))


@pytest.mark.parametrize("packing", ["raw", "zip", "predicted"])
def test_32_bits_are_linear_light(packing: str) -> None:
    light = np.random.default_rng(7).uniform(-0.2, 1.3, (18, 11, 3)).astype(np.float32)
    shown = np.clip(light, 0, 1)
    curved = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    photo = opened(document(light, packing=packing))
    assert photo.bits == 16
    assert photo.warnings == ("32 bits a channel became 16 bits of sRGB: what is brighter than white is cut off",)
    assert np.abs(photo.open().numpy() / 65535 - curved).max() < 1e-3
    grey = pixels_of(document(light[..., :1], packing=packing, mode=GREY))
    assert np.abs(grey / 65535 - curved[..., :1]).max() < 1e-3


@pytest.mark.parametrize("mode", [RGB, CMYK, GREY])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_white_under_what_is_transparent_is_taken_out(mode: int, bits: int) -> None:
    """Photoshop lays the merged picture of a transparent document on white."""
    full, channels = 2**bits - 1, {RGB: 3, CMYK: 4, GREY: 1}[mode]
    own = picture(bits, channels)
    alpha = np.linspace(0, 1, own.shape[1])[None, :, None] * np.ones_like(own[..., :1], float)
    laid = own * alpha + full * (1 - alpha)
    stored = np.rint(np.concatenate([laid, full * alpha], axis=2)).astype(own.dtype)
    found = opened(document(stored, mode=mode, layers=-1)).open().numpy()
    assert found.shape[2] == 4
    expected = opened(document(own, mode=mode)).open().numpy().astype(int)
    seen = np.rint(full * alpha[..., 0]) > full / 2
    assert np.abs(found[..., :3].astype(int) - expected)[seen].max() <= 6 * (full + 1) // 256
    assert np.array_equal(found[..., 3], stored[..., -1])


def test_our_own_soft_edges_come_back(tmp_path: Path) -> None:
    photo = picture(8, 3, size=(64, 64)) // 2
    mask = np.zeros((64, 64), np.uint8)
    mask[8:56, 8:56] = 255
    mask[8:56, 8] = 128
    with cut(photo, Options(refine="off", mask_kind="alpha"), mask=mask) as cutout:
        cutout.save(tmp_path / "a.psd")
        cutout.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as other:
        expected = np.asarray(other).astype(int)
    found = open_photo(tmp_path / "a.psd", max_pixels=10_000).open().numpy().astype(int)
    assert np.array_equal(found[..., 3], expected[..., 3])
    assert np.abs(found - expected)[expected[..., 3] > 100].max() <= 2


SQUARE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
HOLE = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]


@pytest.mark.parametrize(("mode", "channels"), [(CMYK, 4), (LAB, 3), (GREY, 1), (INDEXED, 1), (DUOTONE, 1)])
def test_its_clipping_path_cuts_with_its_hole(mode: int, channels: int) -> None:
    block = paths.resource(2000, b"Path 1", paths.polygons(SQUARE, HOLE)) + paths.resource(
        2999, b"", paths.clipping(b"Path 1")
    )
    data = document(picture(8, channels, size=(40, 60)), mode=mode, block=block, palette=bytes(768))
    with cut(data, Options(mask="path")) as cutout:
        alpha = cutout.alpha
    expected = np.zeros((40, 60), np.uint8)
    expected[4:36, 6:54], expected[16:24, 24:36] = 255, 0
    assert np.array_equal(alpha, expected)


@pytest.mark.parametrize("mode", [CMYK, LAB, INDEXED])
@pytest.mark.parametrize("packing", PACKINGS)
def test_it_may_break_off_anywhere(mode: int, packing: str) -> None:
    channels = {CMYK: 4, LAB: 3, INDEXED: 1}[mode]
    data = document(picture(8, channels, size=(5, 9)), mode=mode, packing=packing, palette=bytes(768))
    for end in range(4, len(data) - (12 if packing in ("zip", "predicted") else 0), 7):
        with pytest.raises(GigamatteError):
            pixels_of(data[:end])


def test_levels_are_the_same_in_memory_and_from_a_scratch_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = document(picture(8, 4, size=(300, 200)), packing="packbits", mode=CMYK)
    with PhotoLevels(opened(data)) as levels:
        before = levels.read(0, levels.photo.size.box)
    monkeypatch.setattr("gigamatte.photo.psd_planes.IN_MEMORY", 0)
    with PhotoLevels(opened(data)) as levels:
        assert np.array_equal(levels.read(0, levels.photo.size.box), before)


_PEAK = """
import sys
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.system import peak_rss_mb
with PhotoLevels(open_photo(sys.argv[1], max_pixels=10**9), memory=32 << 20) as levels:
    print(levels.size(0).pixels, peak_rss_mb())
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files have no names here: planes are in memory")
@pytest.mark.parametrize("packing", [0, 1])
def test_memory_does_not_grow_with_the_picture(packing: int, tmp_path: Path) -> None:
    peaks = []
    for height in (1500, 6000):
        path = tmp_path / f"{height}.psd"
        with path.open("wb") as file:
            file.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, 4, height, 4000, 8, CMYK) + bytes(12))
            file.write(struct.pack(">H", packing))
            if packing:
                row = b"".join(bytes([127]) + os.urandom(128) for _ in range(31)) + bytes([31]) + os.urandom(32)
                file.write(struct.pack(">H", len(row)) * height * 4)
                for _ in range(height * 4):
                    file.write(row)
            else:
                file.truncate(file.tell() + 4 * height * 4000)
        run = subprocess.run([sys.executable, "-c", _PEAK, path], check=True, capture_output=True, text=True)
        pixels, peak = run.stdout.split()
        assert int(pixels) == height * 4000
        peaks.append(float(peak))
    assert peaks[1] - peaks[0] < 40, peaks  # of 72 MB of planes more, and 54 MB of RGB
