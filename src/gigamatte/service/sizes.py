"""The size that a picture's header claims, read in Python: no decoder runs on uploaded bytes in this process.

The queue uses it as an estimate. The worker process reads the header again and checks it before it decodes.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from gigamatte.photo import formats, tiff

#: JPEG segments looked through before giving up
SEGMENTS = 4096
#: bytes in which an AVIF or HEIC file has its boxes
HEIF_HEAD = 1 << 16
#: JPEG start-of-frame markers
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def claimed_pixels(path: Path) -> int:
    """Width × height as the header has them; 0 where it is not known. Raises UnsupportedInput for other formats."""
    width, height = claimed_size(path)
    return width * height


def claimed_size(path: Path) -> tuple[int, int]:
    """(width, height) as the header has them; (0, 0) where it is not known. Raises UnsupportedInput."""
    with path.open("rb") as file:
        head = file.read(formats.HEAD)
        kind = formats.sniff(head, "the upload")
        file.seek(0)
        try:
            return _READERS[kind.name](file, head)
        except (struct.error, LookupError, ValueError):  # broken, or a form of the format that is not known here
            return 0, 0


def _png(_: BinaryIO, head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _psd(_: BinaryIO, head: bytes) -> tuple[int, int]:
    height, width = struct.unpack_from(">II", head, 14)
    return width, height


def _jpeg(file: BinaryIO, _: bytes) -> tuple[int, int]:
    file.seek(2)
    for _segment in range(SEGMENTS):
        marker = file.read(2)
        if marker[0] != 0xFF:
            raise ValueError
        if marker[1] == 0xFF:  # a fill byte
            file.seek(-1, 1)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker[1] in _FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(max(0, length - 2), 1)
    raise ValueError


def _webp(_: BinaryIO, head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(file: BinaryIO, _: bytes) -> tuple[int, int]:
    """The size of the picture that is read: the first one at full size."""
    sides = tiff.read_facts(file).sides
    if sides is None:
        raise ValueError
    return sides


def _heif(file: BinaryIO, _: bytes) -> tuple[int, int]:
    """The size of the largest picture that the "ispe" boxes of the first 64 KiB name (ISO 23008-12, 6.5.3)."""
    file.seek(0)
    data = file.read(1 << 16)
    sides, at = [], data.find(b"ispe")
    while at >= 0:
        sides.append(struct.unpack_from(">II", data, at + 8))
        at = data.find(b"ispe", at + 4)
    width, height = max(sides, key=lambda side: side[0] * side[1])
    return width, height


_READERS = {"psd": _psd, "png": _png, "jpeg": _jpeg, "webp": _webp, "tiff": _tiff, "avif": _heif, "heic": _heif}
