"""Random pictures that are written, and read back as they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.cutout.raster import Extras, Raster
from gigamatte.cutout.write import as_strips, write_image
from gigamatte.photo import metadata
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


BLOCKS = {
    metadata.EXIF: b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x05\0\0\0\x1a\0\0\0\0\0\0\0ACME\0\0",
    metadata.XMP: b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    metadata.IPTC: b"\x1c\x02\x19\x00\x03cat",
}
