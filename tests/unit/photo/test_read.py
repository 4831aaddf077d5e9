"""open_photo: what is accepted, what it becomes, what is refused and how."""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte.errors import BudgetExceeded, GigamatteError, MissingInput, UnsupportedInput, UsageError
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.testing import profiles
from gigamatte.types import Box, Photo, Size

LIMIT = 10**8
RGB = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)


def pixels(photo: Photo) -> NDArray[Any]:
    """RGB and, where there is one, alpha: (row, column, 3 | 4)."""
    with PhotoLevels(photo) as levels:
        rgb, alpha = levels.read(0, photo.size.box), levels.alpha(photo.size.box)
    return rgb if alpha is None else np.dstack([rgb, alpha])


def encoded(array: NDArray[Any], suffix: str, **options: Any) -> bytes:
    bands = 1 if array.ndim == 2 else array.shape[2]
    deep = array.dtype == np.uint16
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    names = {True: ("grey16", "rgb16"), False: ("b-w", "srgb")}
    image = image.copy(interpretation=options.pop("interpretation", names[deep][bands > 2]))
    profile = options.pop("icc", None)
    if profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return bytes(image.write_to_buffer(suffix, **options))


LOSSLESS = {"png": (".png", {}), "webp": (".webp", {"lossless": True}), "tiff": (".tif", {"compression": "deflate"})}


@pytest.mark.parametrize("format", LOSSLESS)
@pytest.mark.parametrize("way", ["bytes", "str", "path"])
def test_lossless_files_come_back_exactly(format: str, way: str, tmp_path: Path) -> None:
    suffix, options = LOSSLESS[format]
    data = encoded(RGB, suffix, **options)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    photo = open_photo({"bytes": data, "str": str(path), "path": path}[way], max_pixels=LIMIT)
    assert (photo.size, photo.bits, photo.has_alpha, photo.icc) == (Size(60, 40), 8, False, None)
    assert photo.format == format
    assert photo.warnings == ()
    assert np.array_equal(pixels(photo), RGB)
    assert photo.name == ("the input" if way == "bytes" else path.name)


def test_jpeg_is_decoded_within_its_own_error() -> None:
    smooth = np.repeat(np.linspace(0, 255, 60).astype(np.uint8)[None], 40, 0)[..., None].repeat(3, 2)
    photo = open_photo(encoded(smooth, ".jpg", Q=95), max_pixels=LIMIT)
    assert photo.format == "jpeg"
    assert np.abs(pixels(photo).astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_sixteen_bits_are_kept(suffix: str, bands: int) -> None:
    array = np.random.default_rng(2).integers(0, 65536, (9, 7, bands), np.uint16)
    photo = open_photo(encoded(array, suffix), max_pixels=LIMIT)
    assert (photo.bits, photo.has_alpha) == (16, bands in (2, 4))
    found = pixels(photo)
    assert found.dtype == np.uint16
    expected = array if bands > 2 else np.dstack([array[..., :1]] * 3 + [array[..., 1:]])
    assert np.array_equal(found, expected)


def test_grey_and_palette_become_rgb() -> None:
    grey = RGB[..., 0]
    assert np.array_equal(pixels(open_photo(encoded(grey, ".png"), max_pixels=LIMIT)), np.dstack([grey] * 3))
    palette = Image.fromarray(RGB).quantize(16)
    file = io.BytesIO()
    palette.save(file, "PNG")
    expected = np.asarray(palette.convert("RGB"))
    assert np.array_equal(pixels(open_photo(file.getvalue(), max_pixels=LIMIT)), expected)


def test_one_bit_pictures_are_black_and_white() -> None:
    flags = RGB[..., 0] > 127
    for format in ("PNG", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(flags).save(file, format)
        found = pixels(open_photo(file.getvalue(), max_pixels=LIMIT))
        assert np.array_equal(found, np.dstack([flags * np.uint8(255)] * 3))


def test_palette_transparency_is_alpha() -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).quantize(8).save(file, "PNG", transparency=3)
    photo = open_photo(file.getvalue(), max_pixels=LIMIT)
    assert photo.has_alpha
    assert set(np.unique(pixels(photo)[..., 3])) == {0, 255}


def test_grey_goes_through_its_profile() -> None:
    data = encoded(np.full((5, 5), 128, np.uint8), ".png", icc=profiles.linear_grey())
    photo = open_photo(data, max_pixels=LIMIT)
    # half of the light is 188 in sRGB: 255 * (1.055 * (128/255)**(1/2.4) - 0.055)
    assert np.unique(pixels(photo)).tolist() == [188]
    assert photo.icc is not None
    assert photo.icc[16:20] == b"RGB "


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("with_profile", [True, False])
def test_cmyk_becomes_srgb(suffix: str, with_profile: bool) -> None:
    inks = np.zeros((16, 64, 4), np.uint8)
    for index in range(4):
        inks[:, 16 * index : 16 * index + 16, index] = 255
    inks[:, :16] = 0  # the first patch is bare paper, then magenta, yellow, black
    icc = profiles.cmyk() if with_profile else None
    photo = open_photo(encoded(inks, suffix, interpretation="cmyk", icc=icc), max_pixels=LIMIT)
    paper, magenta, yellow, black = (pixels(photo)[8, 16 * index + 8].astype(int) for index in range(4))
    assert paper.min() >= 250
    assert magenta[1] < 90 < magenta[0]
    assert yellow[2] < 90 < yellow[1]
    assert black.max() < 70
    assert any("CMYK" in line for line in photo.warnings)
    assert photo.icc is not None


def test_sixteen_bit_cmyk_stays_deep() -> None:
    inks = np.zeros((4, 4, 4), np.uint16)
    photo = open_photo(encoded(inks, ".tif", interpretation="cmyk"), max_pixels=LIMIT)
    assert photo.bits == 16
    assert pixels(photo).min() > 64000


def test_rgb_keeps_its_profile_and_its_values() -> None:
    icc = profiles.swapped_srgb()
    photo = open_photo(encoded(RGB, ".png", icc=icc), max_pixels=LIMIT)
    assert photo.icc == icc
    assert np.array_equal(pixels(photo), RGB)


@pytest.mark.parametrize(
    ("icc", "why"),
    [
        (b"nonsense" * 40, "no ICC header"),
        (profiles.cmyk(), "it is for CMYK pictures"),
        (profiles.swapped_srgb()[:300], "truncated"),
        (profiles.swapped_srgb().replace(b"XYZ \0", b"nope\0"), "it cannot be applied"),
    ],
)
def test_a_bad_profile_is_said_and_ignored(icc: bytes, why: str) -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "TIFF", icc_profile=icc)  # Pillow embeds whatever it is given
    photo = open_photo(file.getvalue(), max_pixels=LIMIT)
    assert photo.icc is None
    assert any(why in line for line in photo.warnings)
    assert np.array_equal(pixels(photo), RGB)


def test_associated_alpha_of_tiff_becomes_straight() -> None:
    rgba = np.dstack([np.full((8, 8, 3), 200, np.uint8), np.full((8, 8), 100, np.uint8)])
    photo = open_photo(encoded(rgba, ".tif", premultiply=True), max_pixels=LIMIT)
    found = pixels(photo)
    assert np.array_equal(found[..., 3], rgba[..., 3])
    assert np.abs(found[..., :3].astype(int) - 200).max() <= 2  # 100/255 of it was stored, rounded


def test_extra_channels_are_left_out_and_said() -> None:
    many = np.random.default_rng(3).integers(0, 256, (6, 6, 6), np.uint8)
    photo = open_photo(encoded(many, ".tif"), max_pixels=LIMIT)
    assert np.array_equal(pixels(photo), many[..., :4])
    assert any("extra channel" in line for line in photo.warnings)


def test_several_pages_and_frames_are_said() -> None:
    pages = [Image.fromarray(RGB), Image.fromarray(RGB[::-1].copy())]
    for format in ("TIFF", "WEBP"):
        file = io.BytesIO()
        pages[0].save(file, format, save_all=True, append_images=pages[1:], lossless=True)
        photo = open_photo(file.getvalue(), max_pixels=LIMIT)
        assert any("holds 2 pictures" in line for line in photo.warnings)
        assert np.array_equal(pixels(photo), RGB)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint32])
def test_deep_tiffs_are_refused_in_one_line(dtype: Any) -> None:
    data = encoded(RGB.astype(dtype), ".tif")
    with pytest.raises(UnsupportedInput, match="expected 8 or 16 bits") as found:
        open_photo(data, max_pixels=LIMIT)
    assert "\n" not in found.value.message
    assert found.value.hint


def test_a_wrong_suffix_is_accepted_and_said(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(RGB, ".png"))
    photo = open_photo(path, max_pixels=LIMIT)
    assert photo.format == "png"
    assert photo.warnings == ("the name ends in .jpg but the content is PNG: read as PNG",)


def test_the_pixel_budget_is_checked_before_decoding() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 90000, 90000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**6)))
    with pytest.raises(BudgetExceeded, match=r"90000×90000 = 8100\.0 megapixels, allowed are 2000\.0"):
        open_photo(bomb, max_pixels=2 * 10**9)


def test_the_pixel_budget_counts_arrays_too() -> None:
    open_photo(RGB, max_pixels=2400)
    with pytest.raises(BudgetExceeded):
        open_photo(RGB, max_pixels=2399)


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"", "is empty"),
        (b"GIF89a" + bytes(20), "a GIF"),
        (b"BM" + bytes(20), "a BMP"),
        (b"\0\0\0\x18ftypisom" + bytes(20), "a film"),
        (b"\0\0\0\x18ftypcrx " + bytes(20), "CR3"),
        (b"%PDF-1.4", "a PDF"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(20), "camera raw"),
        (b"\x00\x01lo world", "00 01 6c 6f 20 77 6f 72"),
        (b'{"error": "denied",\n "code": 403}', 'a text that begins with \'{"error": "denied", "code": 403}'),
        ("文件不存在或已过期，请重新下载后再试一次，谢谢。".encode()[:64], "a text that begins with '文件不存在"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "a Git LFS pointer"),
        (b"bplist00" + bytes(20), "a property list of macOS"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(20), "a side file of macOS"),
        (b"P6\n3 2\n255\n" + bytes(18), "a PPM"),
    ],
)
def test_other_formats_are_named(head: bytes, named: str) -> None:
    with pytest.raises(UnsupportedInput, match=named) as found:
        open_photo(head, max_pixels=LIMIT)
    assert found.value.hint


def test_camera_raw_is_told_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.NEF"
    path.write_bytes(encoded(RGB, ".tif"))
    with pytest.raises(UnsupportedInput, match="camera raw"):
        open_photo(path, max_pixels=LIMIT)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_truncated_files_are_refused(suffix: str, kept: float) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (200, 300, 3), np.uint8)
    data = encoded(noise, suffix)
    with pytest.raises(UnsupportedInput, match="is broken") as found:
        pixels(open_photo(data[: int(len(data) * kept)], max_pixels=LIMIT))
    assert "\n" not in found.value.message
    assert found.value.hint


def test_why_a_file_is_broken_is_told_without_numbers_of_functions() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (200, 300, 3), np.uint8)
    for suffix in (".png", ".jpg", ".webp", ".tif", ".avif"):
        data = encoded(noise, suffix)
        with pytest.raises(UnsupportedInput) as found:
            pixels(open_photo(data[: len(data) // 2], max_pixels=LIMIT))
        why = found.value.message.partition(" is broken: ")[2]
        assert re.match("[A-Za-z][A-Za-z0-9]* [a-z]", why), found.value.message
        assert "vips" not in why
        assert "bad seek" not in why


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0), (2**31 - 1, 2**31 - 1), (1, 10_000_001)])
def test_sizes_that_no_png_has_are_named(width: int, height: int) -> None:
    data = bytearray(encoded(RGB, ".png"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(UnsupportedInput, match=f"{width}×{height} pixels"):
        open_photo(bytes(data), max_pixels=LIMIT)


def test_missing_folders_and_pipes_are_missing_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="there is no file"):
        open_photo(tmp_path / "nothing.jpg", max_pixels=LIMIT)
    with pytest.raises(MissingInput, match="is not a file"):
        open_photo(tmp_path, max_pixels=LIMIT)
    with pytest.raises(MissingInput):
        open_photo("a\0b.jpg", max_pixels=LIMIT)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(MissingInput, match="is not a file"):
            open_photo(tmp_path / "pipe.jpg", max_pixels=LIMIT)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only Unicode names")
def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe[n=-1] \xe4\xb8\xad.png")
    Path(path).write_bytes(encoded(RGB, ".png"))
    assert np.array_equal(pixels(open_photo(path, max_pixels=LIMIT)), RGB)


def test_arrays_of_other_kinds_are_refused() -> None:
    for array in (RGB.astype(np.float32), RGB[..., :2], RGB[None], RGB[:0], RGB.astype(np.int16)):
        with pytest.raises(UnsupportedInput, match="expected uint8 or uint16"):
            open_photo(array, max_pixels=LIMIT)
    with pytest.raises(UsageError, match="found int"):
        open_photo(7, max_pixels=LIMIT)  # type: ignore[arg-type]


def test_arrays_that_are_not_contiguous() -> None:
    view = RGB[::-2, ::3, ::-1]
    assert np.array_equal(pixels(open_photo(view, max_pixels=LIMIT)), view)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1", "I;16", "CMYK", "YCbCr"])
def test_pillow_images_of_every_kind(mode: str) -> None:
    if mode == "I;16":
        values = np.random.default_rng(5).integers(0, 65536, (8, 9), np.uint16)
        assert np.array_equal(pixels(open_photo(Image.fromarray(values), max_pixels=LIMIT))[..., 0], values)
        return
    picture = Image.fromarray(RGB).convert(mode)
    photo = open_photo(picture, max_pixels=LIMIT)
    assert photo.has_alpha == (mode in ("RGBA", "LA"))
    found = pixels(photo)
    if mode == "CMYK":  # Pillow's and the profile's idea of inks differ
        assert np.corrcoef(found.ravel(), RGB.ravel())[0, 1] > 0.9
    else:
        assert np.array_equal(found, np.asarray(picture.convert("RGBA" if photo.has_alpha else "RGB")))


def test_pillow_floats_are_refused() -> None:
    with pytest.raises(UnsupportedInput, match="mode F"):
        open_photo(Image.new("F", (4, 4)), max_pixels=LIMIT)


def test_pillow_images_bring_orientation_profile_and_resolution() -> None:
    picture = Image.fromarray(RGB)
    exif = picture.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    picture.save(file, "PNG", exif=exif, icc_profile=profiles.swapped_srgb(), dpi=(254, 254))
    photo = open_photo(Image.open(file), max_pixels=LIMIT)
    assert photo.size == Size(40, 60)
    assert np.array_equal(pixels(photo), np.rot90(RGB, -1))
    assert photo.icc == profiles.swapped_srgb()
    assert photo.resolution == pytest.approx((10, 10), rel=1e-3)


def test_resolution_is_read_in_pixels_per_millimetre() -> None:
    for suffix in (".png", ".tif", ".jpg"):
        image = pyvips.Image.new_from_array(RGB).copy(interpretation="srgb", xres=20, yres=10)
        photo = open_photo(bytes(image.write_to_buffer(suffix)), max_pixels=LIMIT)
        assert photo.resolution == pytest.approx((20, 10), rel=0.01)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_file_that_gives_no_resolution(format: str) -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, format)
    assert open_photo(file.getvalue(), max_pixels=LIMIT).resolution == (0.0, 0.0)


def test_what_must_be_decoded_whole_is_counted() -> None:
    large = np.zeros((100, 200, 3), np.uint8)
    counts = {
        (".jpg", False): 0,
        (".png", False): 0,
        (".tif", None): 0,
        (".png", True): 100 * 200 * 3,
        (".jpg", True): 100 * 200 * 3,  # 4:2:0: one and a half coefficients of 2 bytes a pixel
        (".webp", None): 100 * 200 * 3,
    }
    for (suffix, interlace), expected in counts.items():
        options = {} if interlace is None else {"interlace": interlace}
        assert open_photo(encoded(large, suffix, **options), max_pixels=LIMIT).decode_bytes == expected, suffix


def test_every_refusal_is_one_of_ours() -> None:
    for data in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0\xff\xff\xff\xff"):
        with pytest.raises(GigamatteError):
            pixels(open_photo(data, max_pixels=LIMIT))


@pytest.mark.parametrize("rows", [1, 3, 5, 7, 11, 16, 24, 37, 100, 127, 128, 129, 200, 1000])
@pytest.mark.parametrize("packed", ["raw", "tiff_lzw", "tiff_deflate"])
def test_strips_of_any_height_are_read(tmp_path: Path, rows: int, packed: str) -> None:
    """Strips that 128 rows cut in two ended as "out of order read": most TIFFs that other programs write."""
    pixels = np.random.default_rng(rows).integers(0, 256, (700, 90, 3), dtype=np.uint8)
    path = tmp_path / "photo.tif"
    Image.fromarray(pixels).save(path, compression=packed, tiffinfo={278: rows})
    with PhotoLevels(open_photo(path, max_pixels=10**8)) as levels:
        assert (levels.read(0, Box(0, 0, 90, 700)) == pixels).all()
    shown = np.concatenate(list(strips(open_photo(path, max_pixels=10**8), 64)))
    assert (shown == pixels).all()


def test_a_large_photo_of_odd_strips_is_not_held_whole(tmp_path: Path) -> None:
    pixels = np.zeros((700, 90, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "odd.tif", tiffinfo={278: 37})
    Image.fromarray(pixels).save(tmp_path / "one.tif", tiffinfo={278: 700})
    Image.fromarray(np.zeros((1400, 9, 3), np.uint8)).save(tmp_path / "tall.tif", tiffinfo={278: 1400})
    odd, one, tall = (open_photo(tmp_path / name, max_pixels=10**8) for name in ("odd.tif", "one.tif", "tall.tif"))
    assert (odd.decode_bytes, odd.rows) == (0, 37 * 16)
    assert (one.decode_bytes, one.rows) == (700 * 90 * 3, 16)
    assert (tall.decode_bytes, tall.rows) == (1400 * 9 * 3, 16)
