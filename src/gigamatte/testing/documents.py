"""Photoshop documents, byte by byte, with a merged picture in any mode: for tests of what reads them.

(Adobe Photoshop File Formats Specification, November 2019.)
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Packing = Literal["raw", "packbits", "zip", "predicted"]


def document(
    pixels: NDArray[Any], *, packing: Packing = "raw", large: bool = False, mode: int | None = None, block: bytes = b"",
    layers: int | None = None, bits: int | None = None, palette: bytes = b"",
) -> bytes:  # fmt: skip
    """A document whose merged picture is ``pixels`` (row, column, channel), uint8, uint16 or float32, as stored.

    ``mode`` is Photoshop's number of it (None: RGB or grey), ``block`` holds resources, ``layers`` how many there are,
    below 0 where the first channel behind the colours is transparency. Of one bit, ``pixels`` are 0 and 1.
    """
    height, width, channels = pixels.shape
    depth = bits or pixels.dtype.itemsize * 8
    mode = (3 if channels >= 3 else 1) if mode is None else mode
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, channels, height, width, depth, mode)
    wide = "Q" if large else "I"
    section = b"" if layers is None else struct.pack(f">{wide}h", 2, layers)
    body = b"".join(struct.pack(">I", len(part)) + part for part in (palette, block))
    body += struct.pack(f">{wide}", len(section)) + section
    rows = [_row(pixels[row, :, channel], depth) for channel in range(channels) for row in range(height)]
    return head + body + _packed(rows, packing, depth, large=large)


def _row(values: NDArray[Any], depth: int) -> bytes:
    if depth == 1:
        return np.packbits(values.astype(np.uint8)).tobytes()
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder(">"))).tobytes()


def _packed(rows: list[bytes], packing: Packing, depth: int, *, large: bool) -> bytes:
    if packing == "raw":
        return b"\0\0" + b"".join(rows)
    if packing == "packbits":
        packed = [_packbits(row) for row in rows]
        counts = b"".join(struct.pack(">I" if large else ">H", len(row)) for row in packed)
        return b"\0\1" + counts + b"".join(packed)
    if packing == "zip":
        return b"\0\2" + zlib.compress(b"".join(rows))
    return b"\0\3" + zlib.compress(b"".join(_differences(row, depth) for row in rows))


def _packbits(row: bytes) -> bytes:
    """Runs where all bytes are the same, else as they are; 128 at once."""
    parts = [row[start : start + 128] for start in range(0, len(row), 128)]
    return b"".join(
        bytes([257 - len(part), part[0]]) if len(set(part)) == 1 < len(part) else bytes([len(part) - 1]) + part
        for part in parts
    )


def _differences(row: bytes, depth: int) -> bytes:
    """Each value less the one before; of floats, first all bytes of the highest rank, then the next."""
    if depth == 16:
        values = np.frombuffer(row, ">u2")
        return np.diff(values, prepend=values[:1] * 0).astype(">u2").tobytes()
    single = np.frombuffer(row, np.uint8)
    if depth == 32:
        single = single.reshape(-1, 4).T.ravel()
    return np.diff(single, prepend=single[:1] * 0).astype(np.uint8).tobytes()
