"""EXIF, XMP and resolution of a PNG (W3C, third edition, 2025: clauses 11.3.3.4, 11.3.4.3 and 11.3.4.5)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from gigamatte.cutout.containers.carried import Carried, replace

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: what libvips writes of its own
_OURS = (b"pHYs", b"eXIf")


def complete(file: BinaryIO, carried: Carried) -> None:
    """Put what is carried before the pixels of the PNG in ``file``."""
    file.seek(len(SIGNATURE))
    start, kept = 0, []
    while True:
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IDAT":
            break
        data = struct.pack(">I4s", length, kind) + file.read(length + 4)
        start = start or (file.tell() if kind == b"IHDR" else 0)
        if kind != b"IHDR" and kind not in _OURS:
            kept.append(data)
    end = file.tell() - 8
    replace(file, start, end, b"".join(kept) + chunks_of(carried))


def chunks_of(carried: Carried) -> bytes:
    """The chunks of what is carried."""
    found = b""
    if carried.said:
        across, down = (round(side * 1000) for side in carried.resolution)
        found += chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if carried.exif:
        found += chunk(b"eXIf", carried.exif)
    if carried.xmp:
        found += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + carried.xmp)
    return found


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))))
