"""Counts the pictures of an animation in formats where libvips does not: APNG and AVIF."""

from __future__ import annotations

import struct
from typing import BinaryIO

#: chunks of a PNG that are read; the chunk of an animation comes before the pixels
_MOST_CHUNKS = 1000
#: bytes in which an AVIF has the boxes that describe it
_AVIF_HEAD = 1 << 20


def png_frames(file: BinaryIO) -> int:
    """Of a PNG, at its start (APNG: PNG, third edition, clause 11.3.6); 1 where it is not animated."""
    file.seek(8)
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IDAT":
            break
        length = struct.unpack(">I", head[:4])[0]
        if head[4:] == b"acTL" and length >= 4:
            return max(1, int.from_bytes(file.read(4), "big"))
        file.seek(length + 4, 1)
    return 1


def avif_frames(file: BinaryIO) -> int | None:
    """Of an AVIF, at its start, that is a sequence by its first brand (ISO 14496-12, "stsz"); None where it is not."""
    head = file.read(_AVIF_HEAD)
    if head[8:12] != b"avis":
        return None
    at = head.find(b"stsz")
    return max(2, int.from_bytes(head[at + 12 : at + 16], "big") if at > 0 else 2)
