"""Reads width and height from a file's first bytes, without a decoder: to plan memory, and to check results."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from gigamatte.types import Size

#: markers of JPEG segments that hold the frame's size (ITU-T T.81, table B.1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def dimensions(path: Path) -> Size | None:
    """The size of a picture file as stored (not turned upright); None when its header does not tell.

    Knows JPEG, PNG, WebP, TIFF, PSD and PSB, AVIF and HEIC.
    """
    try:
        with path.open("rb") as file:
            head = file.read(32)
            if head.startswith(b"\x89PNG\r\n\x1a\n"):
                return Size(*struct.unpack_from(">II", head, 16))
            if head.startswith(b"\xff\xd8"):
                return _jpeg(file)
            if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                return _webp(head)
            if head.startswith(b"8BPS"):  # PSD and PSB alike: height, then width
                return Size(*reversed(struct.unpack_from(">II", head, 14)))
            if head[4:8] == b"ftyp":
                return _heif(file)
            if head[:2] in (b"II", b"MM"):
                return _tiff(file)
    except (OSError, struct.error, IndexError, ValueError, OverflowError):
        return None
    except Exception as error:
        from gigamatte.errors import UsageError

        if isinstance(error, UsageError):  # a size of 0
            return None
        raise
    return None


def _jpeg(file: BinaryIO) -> Size | None:
    file.seek(2)
    for _ in range(1000):
        byte = file.read(1)
        while byte == b"\xff":
            byte = file.read(1)
        if not byte:
            return None
        marker = byte[0]
        if marker in (0x01, *range(0xD0, 0xD9)):
            file.read(1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return Size(width, height)
        file.seek(length - 2, 1)
        file.read(1)  # the next marker's 0xFF
    return None


def _webp(head: bytes) -> Size | None:
    kind = head[12:16] if len(head) >= 30 else b""
    if kind == b"VP8X":
        return Size(int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    return None


def _heif(file: BinaryIO) -> Size | None:
    """The largest picture of an AVIF or HEIC: others are its tiles and its alpha (ISO/IEC 23008-12, "ispe")."""
    file.seek(0)
    found: list[Size] = []
    # the boxes on the way, and the bytes after their head that come before what they hold
    way = {b"meta": 4, b"iprp": 0, b"ipco": 0}
    for _ in range(1000):
        start = file.tell()
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if kind in way:
            file.seek(way[kind], 1)
            continue
        if kind == b"ispe":
            file.seek(4, 1)
            found.append(Size(*struct.unpack(">II", file.read(8))))
        if length < 8:  # to the end of the file, or broken
            break
        file.seek(start + length)
    return max(found, key=lambda size: size.pixels, default=None)


def _tiff(file: BinaryIO) -> Size | None:
    """Of the picture that is read: the first of full size."""
    from gigamatte.photo import tiff

    file.seek(0)
    sides = tiff.read_facts(file).sides
    return None if sides is None else Size(*sides)
