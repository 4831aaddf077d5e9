"""write_image: exact pixels in every format, what is carried along, and nothing half-written after any failure."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from gigamatte.cutout import atomic
from gigamatte.cutout.encode import Encoding, check_fits, saver_options
from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import Cancelled, UsageError, WriteError
from gigamatte.photo import metadata
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.testing import profiles
from gigamatte.types import Size

CHANCE = np.random.default_rng(3)


def picture(bands: int, dtype: Any = np.uint8, size: Size | None = None) -> NDArray[Any]:
    size = size or Size(70, 50)
    return CHANCE.integers(0, np.iinfo(dtype).max + 1, (*size.shape, bands), dtype)


def save(array: NDArray[Any], target: Any, format: Any, **options: Any) -> tuple[str, ...]:
    bands = 1 if array.ndim == 2 else array.shape[2]
    bits = 8 * array.dtype.itemsize
    rows = options.pop("rows", 7)
    names = ("icc", "resolution", "strip", "strip_gps", "moved", "path")
    extras = Extras(
        **{name: options.pop(name) for name in names if name in options}, blocks=options.pop("metadata", {})
    )
    return write_image(
        as_strips(array, rows),
        Raster(Size.of(array), bands, bits),
        target=target,
        format=format,
        extras=extras,
        **options,
    ).warnings


def stored(path: Path) -> NDArray[Any]:
    image = pyvips.Image.new_from_file(str(path), revalidate=True)
    dtype = {"uchar": np.uint8, "ushort": np.uint16}[image.format]
    return np.frombuffer(image.write_to_memory(), dtype).reshape(image.height, image.width, image.bands)


EXACT = [
    (format, bands, dtype) for format in ("png", "tiff") for bands in (1, 2, 3, 4) for dtype in (np.uint8, np.uint16)
]
EXACT += [("webp", 3, np.uint8), ("webp", 4, np.uint8)]


@pytest.mark.parametrize(("format", "bands", "dtype"), EXACT)
def test_pixels_are_exact(format: Any, bands: int, dtype: Any, tmp_path: Path) -> None:
    array = picture(bands, dtype)
    warnings = save(array, tmp_path / "out", format)
    assert warnings == ()
    found = stored(tmp_path / "out")
    assert found.dtype == dtype
    assert np.array_equal(found, array)


def test_one_band_may_come_without_its_axis(tmp_path: Path) -> None:
    array = picture(1)[..., 0]
    save(array, tmp_path / "a.png", "png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), array)


def test_strips_of_any_height(tmp_path: Path) -> None:
    array = picture(4, np.uint16, Size(901, 703))
    for rows in (1, 64, 703):
        save(array, tmp_path / "a.png", "png", rows=rows, overwrite=True)
        assert np.array_equal(stored(tmp_path / "a.png"), array)


def test_jpeg_is_close_and_pillow_reads_it(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)[None, :, None].repeat(48, 0).repeat(3, 2)
    save(ramp, tmp_path / "a.jpg", "jpeg")
    assert np.abs(np.asarray(Image.open(tmp_path / "a.jpg")).astype(int) - ramp).max() <= 2


def test_sixteen_bits_are_reduced_with_a_warning(tmp_path: Path) -> None:
    array = np.full((20, 20, 4), 257 * 100 + 120, np.uint16)
    assert save(array, tmp_path / "a.webp", "webp") == ("WebP holds 8 bits a channel: reduced from 16",)
    assert np.unique(stored(tmp_path / "a.webp")).tolist() == [100]


def test_lossy_webp_is_smaller(tmp_path: Path) -> None:
    array = picture(4, size=Size(200, 200))
    save(array, tmp_path / "a.webp", "webp")
    save(array, tmp_path / "b.webp", "webp", encoding=Encoding(quality=60))
    assert (tmp_path / "b.webp").stat().st_size < (tmp_path / "a.webp").stat().st_size / 2
    with pytest.raises(UsageError, match="found 0"):
        Encoding(quality=0)


@pytest.mark.parametrize("compression", ["deflate", "lzw", "none"])
@pytest.mark.parametrize("pyramid", [None, "pages", "sub"])
def test_tiff_variants(compression: Any, pyramid: Any, tmp_path: Path) -> None:
    array = picture(4, np.uint16, Size(700, 600))
    save(array, tmp_path / "a.tif", "tiff", encoding=Encoding(compression=compression, pyramid=pyramid))
    assert np.array_equal(stored(tmp_path / "a.tif"), array)
    pages = pyvips.Image.new_from_file(str(tmp_path / "a.tif")).get("n-pages")
    assert pages == (
        3 if pyramid == "pages" else 1
    )  # 700, 350, 175: a pyramid ends with a picture that fits into a tile
    with Image.open(tmp_path / "a.tif") as tiff:
        assert tiff.tag_v2[259] == {"deflate": 8, "lzw": 5, "none": 1}[compression]
        assert tiff.tag_v2[338] == (2,)  # unassociated alpha: straight
        assert (322 in tiff.tag_v2) == (pyramid is not None)  # tiles for viewers only: ffmpeg reads them as zeros
        assert len(tiff.tag_v2.get(330, ())) == (2 if pyramid == "sub" else 0)


def test_a_tiff_beyond_4_gb_is_a_bigtiff() -> None:
    small, large = Size(30_000, 30_000), Size(33_000, 33_000)
    assert not saver_options("tiff", Encoding(), small, 4, 8)["bigtiff"]
    assert saver_options("tiff", Encoding(pyramid="pages"), small, 4, 8)["bigtiff"]
    assert saver_options("tiff", Encoding(), large, 4, 8)["bigtiff"]


def test_what_does_not_fit_is_said_first(tmp_path: Path) -> None:
    def never() -> Iterator[NDArray[np.uint8]]:
        raise AssertionError("a strip was drawn")
        yield np.zeros((1, 1, 4), np.uint8)

    with pytest.raises(WriteError, match="WebP holds at most 16383 pixels a side, this picture has 20000×10"):
        write_image(never(), Raster(Size(20000, 10), 4, 8), target=tmp_path / "a.webp", format="webp")
    with pytest.raises(UsageError, match="JPEG has no transparency"):
        write_image(never(), Raster(Size(20, 10), 4, 8), target=tmp_path / "a.jpg", format="jpeg")
    with pytest.raises(WriteError, match="65500"):
        check_fits("jpeg", Size(70000, 10), 3)
    check_fits("png", Size(10**6, 10), 4)


def test_strips_that_do_not_fit(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    array = picture(4)
    for wrong, size in ((array[:-1], Size.of(array)), (array[:, :-1], Size.of(array)), (array, Size(70, 49))):
        with pytest.raises(ValueError, match="strip"):
            write_image(as_strips(wrong), Raster(size, 4, 8), target=target, format="png")
    with pytest.raises(ValueError, match="strip"):
        write_image(as_strips(array.astype(np.uint16)), Raster(Size.of(array), 4, 8), target=target, format="png")
    assert list(tmp_path.iterdir()) == []


class Interrupted(BaseException):
    pass


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg"])
@pytest.mark.parametrize("error", [Cancelled("stopped"), OSError(5, "the scratch disk failed"), Interrupted()])
def test_what_a_strip_raises_passes_and_nothing_is_left(format: Any, error: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "a.out"
    target.write_bytes(b"what was there")

    def strips() -> Iterator[NDArray[np.uint8]]:
        for index in range(20):
            if index == 12:
                raise error
            yield np.zeros((64, 3000, 3), np.uint8)

    with pytest.raises(type(error)) as found:
        write_image(strips(), Raster(Size(3000, 1280), 3, 8), target=target, format=format, overwrite=True)
    assert found.value is error
    assert target.read_bytes() == b"what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["a.out"]
    assert not [thread for thread in threading.enumerate() if thread.name == "gigamatte-encode"]


def test_missing_folders_and_devices(tmp_path: Path) -> None:
    array = picture(3)
    with pytest.raises(WriteError, match="there is no folder"):
        save(array, tmp_path / "no" / "a.png", "png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(WriteError, match="is not a file"):
        save(array, tmp_path / "folder.png", "png", overwrite=True)
    if Path("/dev/null").exists():  # written to, never replaced
        save(array, Path("/dev/null"), "png")
        assert not Path("/dev/null").is_file()


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # refused by hand: the super-user may write everywhere
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.os, "open", refuse)
    with pytest.raises(WriteError, match=r"a\.png cannot be written: Permission denied"):
        save(picture(3), tmp_path / "a.png", "png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg"])
def test_a_full_disk_is_one_clear_line(format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    monkeypatch.setattr(atomic, "_named", lambda target: atomic.Draft(os.open("/dev/full", os.O_RDWR), None))
    with pytest.raises(WriteError, match="No space left on device") as found:
        save(picture(3, size=Size(2000, 1500)), tmp_path / "a.out", format)
    assert "\n" not in found.value.message
    assert found.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_that_appears_meanwhile_is_left_alone(
    nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not nameless:
        monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    target = tmp_path / "a.png"
    array = picture(3)

    def strips() -> Iterator[NDArray[np.uint8]]:
        yield array
        target.write_bytes(b"somebody else's")

    with pytest.raises(WriteError, match="has appeared meanwhile"):
        write_image(strips(), Raster(Size.of(array), 3, 8), target=target, format="png")
    assert target.read_bytes() == b"somebody else's"
    assert list(tmp_path.iterdir()) == [target]
    target.unlink()
    write_image(strips(), Raster(Size.of(array), 3, 8), target=target, format="png", overwrite=True)
    assert np.array_equal(stored(target), array)
    assert list(tmp_path.iterdir()) == [target]


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(atomic, "_nameless", lambda target: None)
    monkeypatch.setattr(os, "link", refuse)
    array = picture(3)
    save(array, tmp_path / "a.png", "png")
    assert np.array_equal(stored(tmp_path / "a.png"), array)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_file_has_ordinary_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        save(picture(3), tmp_path / "a.png", "png")
    finally:
        os.umask(mask)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o644


def test_names_that_are_long_and_not_unicode(tmp_path: Path) -> None:
    array = picture(3)
    for name in ("长" * 80 + ".png", "with space[n=1],.png"):
        save(array, tmp_path / name, "png")
        assert np.asarray(Image.open(tmp_path / name)).shape == array.shape


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
def test_streams_get_the_whole_file_or_nothing(format: Any) -> None:
    array = picture(4)
    stream = io.BytesIO()
    save(array, stream, format)
    assert np.array_equal(np.asarray(Image.open(stream).convert("RGBA")), array)

    def strips() -> Iterator[NDArray[np.uint8]]:
        yield array[:20]
        raise Cancelled("stopped")

    stream = io.BytesIO()
    with pytest.raises(Cancelled):
        write_image(strips(), Raster(Size.of(array), 4, 8), target=stream, format=format)
    assert stream.getvalue() == b""


def test_a_closed_pipe_is_a_write_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(WriteError, match="output stream"), open(writing, "wb", buffering=0) as pipe:
        save(picture(3, size=Size(600, 600)), pipe, "png")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 1), ("SIGKILL", -9), ("SIGTERM", -15)])
@pytest.mark.parametrize("stream", [False, True])
def test_signals_leave_nothing_behind(stream: bool, number: str, code: int, tmp_path: Path) -> None:
    program = (
        "import numpy, pathlib, sys, time\n"
        "from gigamatte.cutout.raster import Raster\n"
        "from gigamatte.cutout.write import write_image\n"
        "from gigamatte.types import Size\n"
        "def strips():\n"
        "    for index in range(10**4):\n"
        "        yield numpy.zeros((1, 4000, 4), 'u1')\n"
        "        if index == 200: print('half way', flush=True)\n"
        "        if index > 200: time.sleep(0.01)\n"
        f"target = {'sys.stderr.buffer' if stream else f'pathlib.Path({str(tmp_path)!r}, {chr(34)}a.png{chr(34)})'}\n"
        "write_image(strips(), Raster(Size(4000, 10**4), 4, 8), target=target, format='png')\n"
    )
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half way\n"
        time.sleep(0.1)
        child.send_signal(getattr(signal, number))
        _, errors = child.communicate(timeout=20)
    assert child.returncode in (code, -2)
    if number == "SIGINT":
        assert b"KeyboardInterrupt" in errors
    if number == "SIGINT" or sys.platform == "linux":
        assert list(tmp_path.iterdir()) == []


BLOCKS = {
    metadata.EXIF: b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x05\0\0\0\x1a\0\0\0\0\0\0\0ACME\0\0",
    metadata.XMP: b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    metadata.IPTC: b"\x1c\x02\x19\x00\x03cat",
}
CARRIED = {
    "png": {metadata.EXIF, metadata.XMP},
    "webp": {metadata.EXIF, metadata.XMP},
    "tiff": {metadata.EXIF, metadata.XMP, metadata.IPTC},
    "jpeg": {metadata.EXIF, metadata.XMP, metadata.IPTC},
}


@pytest.mark.parametrize("format", CARRIED)
def test_metadata_goes_along_and_what_cannot_is_said(format: Any, tmp_path: Path) -> None:
    icc = profiles.swapped_srgb()
    warnings = save(picture(3), tmp_path / "a", format, icc=icc, metadata=BLOCKS, resolution=(11.811, 11.811))
    photo = open_photo(tmp_path / "a", max_pixels=10**6)
    assert set(photo.metadata) == CARRIED[format]
    assert len(warnings) == 3 - len(CARRIED[format])
    assert all("no place for" in line for line in warnings)
    assert photo.icc == icc
    if format != "webp":
        assert photo.resolution == pytest.approx((11.811, 11.811), rel=0.01)
    if metadata.EXIF in photo.metadata:
        assert b"ACME" in photo.metadata[metadata.EXIF]


@pytest.mark.parametrize("format", CARRIED)
def test_metadata_can_be_left_out(format: Any, tmp_path: Path) -> None:
    icc = profiles.swapped_srgb()
    assert save(picture(3), tmp_path / "a", format, icc=icc, metadata=BLOCKS, strip=True) == ()
    photo = open_photo(tmp_path / "a", max_pixels=10**6)
    assert photo.metadata == {}
    assert photo.icc == icc


exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


def asked(path: Path, *tags: str) -> str:
    command = ["exiftool", "-n", "-G", "-s", *(f"-{tag}" for tag in tags), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@exiftool
@pytest.mark.parametrize("format", CARRIED)
def test_exiftool_finds_what_was_carried(format: Any, tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    Image.fromarray(picture(3)).save(source, dpi=(300, 300))
    facts = "-Orientation#=6 -GPSLatitude=48.5 -GPSLatitudeRef=N -GPSLongitude=11 -GPSLongitudeRef=E -Make=ACME"
    facts += " -Artist=Somebody -ExposureTime=1/250 -XMP-dc:Creator=Writer -XMP-tiff:Orientation#=6"
    facts += " -XMP-exif:GPSLatitude=48.5 -IPTC:Keywords=cat -IPTC:By-line=Writer2"
    subprocess.run(["exiftool", "-q", "-overwrite_original", *facts.split(), str(source)], check=True)
    photo = open_photo(source, max_pixels=10**6)
    assert photo.orientation == 6
    for strip_gps in (False, True):
        target = tmp_path / f"{strip_gps}.{format}"
        save(picture(3), target, format, metadata=photo.metadata, resolution=photo.resolution, strip_gps=strip_gps)
        found = asked(target, "Orientation", "GPS*", "Make", "Artist", "ExposureTime", "Creator", "Keywords", "By-line")
        assert "Orientation                     : 6" not in found
        assert "Writer" in found
        if metadata.EXIF in CARRIED[format]:
            assert "ACME" in found
            assert "0.004" in found
        if metadata.IPTC in CARRIED[format]:
            assert "cat" in found
            assert "Writer2" in found
        assert ("GPS" in found) == (not strip_gps)
        assert asked(target, "Warning", "Error") == ""
        if format != "webp":
            assert "300" in asked(target, "XResolution") or "11811" in asked(target, "PixelsPerUnitX")


@pytest.mark.parametrize(
    ("format", "dtype"), [("png", "u1"), ("png", "u2"), ("tiff", "u1"), ("tiff", "u2"), ("webp", "u1")]
)
def test_imagemagick_reads_the_same_pixels(format: Any, dtype: Any, tmp_path: Path, imagemagick: str) -> None:
    array = picture(4, dtype)
    save(array, tmp_path / f"a.{format}", format)
    depth = 8 * np.dtype(dtype).itemsize
    command = [imagemagick, f"{tmp_path}/a.{format}", "-depth", str(depth), "-endian", "LSB", "RGBA:-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    assert np.array_equal(np.frombuffer(raw, dtype).reshape(array.shape), array)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A picture of 144 MB goes through a process that never holds more than a fraction of it."""
    program = (
        "import numpy, pathlib\n"
        "from gigamatte import system\n"
        "from gigamatte.cutout.raster import Raster\n"
        "from gigamatte.cutout.write import write_image\n"
        "from gigamatte.types import Size\n"
        "before = system.peak_rss_mb()\n"
        "strip = numpy.random.default_rng(0).integers(0, 4, (64, 6000, 4), 'u1')\n"
        f"target = pathlib.Path({str(tmp_path)!r}, 'a.png')\n"
        "write_image((strip for _ in range(94)), Raster(Size(6000, 6016), 4, 8), target=target, format='png')\n"
        "print(system.peak_rss_mb() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 80


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


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpeg", "avif", "psd"])
@pytest.mark.parametrize("strip", [False, True])
def test_nothing_is_made_up(format: Any, strip: bool, tmp_path: Path) -> None:
    """libvips would write an EXIF block of its own, and 72 dpi."""
    save(picture(3), tmp_path / "a", format, strip=strip)
    data = (tmp_path / "a").read_bytes()
    for made_up in (b"Exif", b"EXIF", b"eXIf", b"pHYs", b"8BIM\x03\xed"):
        assert made_up not in data
    if format in ("jpeg", "tiff"):
        with Image.open(tmp_path / "a") as found:
            assert found.info.get("dpi", (1, 1)) == (1, 1)
            assert 282 not in getattr(found, "tag_v2", {})


@pytest.mark.parametrize("format", ["png", "tiff", "jpeg"])
def test_the_resolution_that_is_told_goes_along(format: Any, tmp_path: Path) -> None:
    for dpi in (300, 72, 96.5):
        save(picture(3), tmp_path / "a", format, strip=True, resolution=(dpi / 25.4, dpi / 25.4), overwrite=True)
        with Image.open(tmp_path / "a") as found:
            assert found.info["dpi"] == pytest.approx((dpi, dpi), abs=0.15)
