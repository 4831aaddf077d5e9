"""Mends a JPEG that lacks only the marker at its end: all pixels are there, but libjpeg takes it for cut short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.photo import jpeg

#: rows at the bottom that are compared: more than one row of blocks has
_ROWS = 64
#: bytes that a decoder reads as more picture where some is missing, and skips where none is; several, because one of
#: them alone may change no visible pixel
_FILLERS = 8


def _fillers() -> Iterator[bytes]:
    for seed in range(_FILLERS):
        yield np.random.default_rng(seed).integers(0, 255, 256, np.uint8).tobytes()


def mended(path: Path) -> bytes | None:
    """The bytes of a file, with their end, where it is a JPEG that lacks only that; None for every other file."""
    try:
        with path.open("rb") as file:
            if file.read(3) != b"\xff\xd8\xff" or not jpeg.read_facts(file).endless:
                return None
            file.seek(0)
            return with_end(file.read())
    except OSError:
        return None


def with_end(data: bytes) -> bytes | None:
    """The bytes with their end, where ``read_facts`` found it missing and the last scan is whole; None where it is not.

    libvips does not report every warning that libjpeg gives in the last rows. So they are decoded again, with
    other bytes behind the scan: where these change a pixel, the scan was cut short.
    """
    scan = data.rstrip(b"\xff")  # half of the missing marker
    try:
        plain = _bottom(scan + jpeg.END, "warning")
        same = all(np.array_equal(plain, _bottom(scan + filler + jpeg.END, "none")) for filler in _fillers())
    except pyvips.Error:
        return None
    return scan + jpeg.END if same else None


def _bottom(data: bytes, strictness: str) -> NDArray[np.uint8]:
    image = pyvips.Operation.call("jpegload_buffer", data, access="sequential", fail_on=strictness)
    rows = min(_ROWS, image.height)
    return np.frombuffer(image.crop(0, image.height - rows, image.width, rows).write_to_memory(), np.uint8)
