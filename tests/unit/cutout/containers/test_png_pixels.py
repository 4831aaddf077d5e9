"""PNGs that several threads deflate: whole streams, the same bytes from any threads and strips."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.unit.cutout.written import picture

from gigamatte.cutout.containers import png_pixels
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.containers.png_pixels import write_png
from gigamatte.cutout.raster import Raster
from gigamatte.types import PixelArray, Size


def made(array: PixelArray, rows: int, threads: int) -> bytes:
    file = io.BytesIO()
    strips = [array[top : top + rows] for top in range(0, len(array), rows)]
    raster = Raster(Size.of(array), array.shape[2], 8 * array.itemsize)
    write_png(strips, raster, file, icc=None, carried=Carried(), threads=threads)
    return file.getvalue()


def patched(dtype: Any) -> PixelArray:
    """A noisy picture with rows that repeat, and parts of which nearly nothing changes."""
    array = picture(4, dtype, Size(640, 900))
    array[100:400] = np.iinfo(dtype).max
    array[600:800] = array[599]
    array[700, 300] = 0
    return array


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_is_the_same_from_any_strips_and_threads(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png_pixels, "PART", 1 << 16)
    array = patched(dtype)
    expected = made(array, 900, 1)
    for rows, threads in ((900, 4), (256, 3), (7, 2)):
        assert made(array, rows, threads) == expected
    if dtype == np.uint8:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(expected))), array)


def test_a_strict_reader_finds_a_whole_stream() -> None:
    """Pillow does not look at the checksum of the stream: zlib does."""
    array = patched(np.uint8)
    data, packed, at = made(array, 256, 3), b"", 8
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    unpacker = zlib.decompressobj()
    rows = np.frombuffer(unpacker.decompress(packed), np.uint8).reshape(900, -1)
    assert unpacker.eof
    assert not unpacker.unused_data
    assert np.array_equal(np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(array.shape), array)
