"""write_image: exact pixels in every format, and what does not fit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.unit.cutout.written import picture, save, stored

from gigamatte.cutout.encode import Encoding, check_fits
from gigamatte.cutout.raster import Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.errors import UsageError, WriteError
from gigamatte.types import Size

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
