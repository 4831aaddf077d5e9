"""EXIF and XMP of a WebP (Google, WebP Container Specification, 2023; RFC 9649, 2024, section 2.7)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from gigamatte.cutout.containers.carried import Carried, replace
from gigamatte.types import Size

_ICC, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04


def complete(file: BinaryIO, carried: Carried, size: Size, *, alpha: bool) -> None:
    """Put what is carried behind the pixels of the WebP in ``file``, EXIF as its own header begins it."""
    if not (carried.exif or carried.xmp):
        return
    file.seek(12)
    flags = (_EXIF if carried.exif else 0) | (_XMP if carried.xmp else 0)
    if file.read(4) == b"VP8X":
        file.seek(20)
        flags |= file.read(1)[0]
        file.seek(20)
        file.write(bytes([flags]))
    else:
        flags |= _ALPHA if alpha else 0
        sides = struct.pack("<I", size.width - 1)[:3] + struct.pack("<I", size.height - 1)[:3]
        replace(file, 12, 12, b"VP8X" + struct.pack("<II", 10, flags) + sides)
    file.seek(0, 2)
    for kind, block in ((b"EXIF", carried.exif), (b"XMP ", carried.xmp)):
        if block:
            file.write(kind + struct.pack("<I", len(block)) + block + bytes(len(block) % 2))
    length = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", length - 8))
