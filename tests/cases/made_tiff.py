"""Little TIFF files, tag by tag, for what no library here writes: any ExtraSamples, any order of pages, any packing."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: PhotometricInterpretation, Compression, ExtraSamples, NewSubfileType, SubfileType, BitsPerSample, SubIFDs
SPACE, PACKED, EXTRA, SUBFILE, OLD_SUBFILE, BITS, INNER = 262, 259, 338, 254, 255, 258, 330
GREY, RGB, CMYK, CIELAB = 1, 2, 5, 8
Picture = tuple[NDArray[Any], Mapping[int, Sequence[int]]]


def tiff(*pictures: Picture, inner: Picture | None = None) -> bytes:
    """A file of these pictures, each an array (row, column[, channel]) and the tags that are not plain.

    ``inner`` becomes a picture within the first one. Strips hold the array's bytes as they are, whatever the tags say.
    """
    data = bytearray(b"II*\0" + bytes(4))
    starts, pointers = [], []
    for array, tags in (*pictures, *([inner] if inner else [])):
        start, after = _picture(data, array, tags, room=inner is not None)
        starts.append(start)
        pointers.append(after)
    chain = starts[: len(pictures)]
    struct.pack_into("<I", data, 4, chain[0])
    for after, following in zip(pointers, chain[1:], strict=False):
        struct.pack_into("<I", data, after, following)
    if inner is not None:
        _set(data, starts[0], INNER, starts[-1])
    return bytes(data)


def _picture(data: bytearray, array: NDArray[Any], tags: Mapping[int, Sequence[int]], *, room: bool) -> tuple[int, int]:
    """Append pixels and directory; where the directory starts, and where the offset of the next one stands."""
    pixels = np.ascontiguousarray(array)
    bands = pixels.shape[2] if pixels.ndim == 3 else 1
    at = len(data)
    data += pixels.tobytes()
    form = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    own: dict[int, Sequence[int]] = {
        256: [pixels.shape[1]], 257: [pixels.shape[0]], BITS: [8 * pixels.dtype.itemsize] * bands, PACKED: [1],
        SPACE: [RGB if bands > 2 else GREY], 273: [at], 277: [bands], 278: [pixels.shape[0]], 279: [pixels.nbytes],
        339: [form] * bands, **({INNER: [0]} if room else {}), **tags,
    }  # fmt: skip
    table = b""
    for tag, values in sorted(own.items()):
        wide = tag in (256, 257, 273, 278, 279, SUBFILE, INNER)
        packed = struct.pack(f"<{len(values)}{'I' if wide else 'H'}", *values)
        if len(packed) > 4:
            offset = len(data)
            data += packed + bytes(len(packed) % 2)
            packed = struct.pack("<I", offset)
        table += struct.pack("<HHI", tag, 4 if wide else 3, len(values)) + packed.ljust(4, b"\0")
    data += bytes(len(data) % 2)
    start = len(data)
    data += struct.pack("<H", len(own)) + table + bytes(4)
    return start, len(data) - 4


def _set(data: bytearray, start: int, tag: int, value: int) -> None:
    for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<I", data, at + 8, value)
