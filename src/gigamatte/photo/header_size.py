"""The size that a file's header claims, read without a decoder: to plan memory and queues, and to check results.

It is the size as stored, not turned upright. Whatever a file claims, few bytes are read and few steps are taken.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from gigamatte.errors import UnsupportedInput, UsageError
from gigamatte.photo import formats, isobmff, jpeg, tiff
from gigamatte.types import Size

_Sides = tuple[int, int] | None


def header_size(path: Path) -> Size | None:
    """The size of a JPEG, PNG, WebP, TIFF, PSD, PSB, AVIF or HEIC file; None where its header does not tell one."""
    try:
        with path.open("rb") as file:
            head = file.read(formats.HEAD)
            sides = _READERS[formats.sniff(head, path.name).name](file, head)
            return None if sides is None else Size(*sides)
    except (OSError, struct.error, LookupError, ValueError, OverflowError, UnsupportedInput, UsageError):
        return None  # broken, of another format, or with a side of 0


def _png(_: BinaryIO, head: bytes) -> _Sides:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _psd(_: BinaryIO, head: bytes) -> _Sides:
    height, width = struct.unpack_from(">II", head, 14)
    return width, height


def _jpeg(file: BinaryIO, _: bytes) -> _Sides:
    return jpeg.frame_size(file)


def _webp(_: BinaryIO, head: bytes) -> _Sides:
    """(WebP Container Specification, 2023; RFC 9649, 2024, sections 2.5 to 2.7.)"""
    kind = head[12:16] if len(head) >= 30 else b""
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _tiff(file: BinaryIO, _: bytes) -> _Sides:
    """The size of the picture that is read: the first one at full size."""
    file.seek(0)
    return tiff.read_facts(file).sides


def _heif(file: BinaryIO, _: bytes) -> _Sides:
    """The size of the largest picture: the others are its tiles, its alpha, its preview."""
    return max(isobmff.picture_sizes(file), key=lambda sides: sides[0] * sides[1], default=None)


_READERS: Mapping[str, Callable[[BinaryIO, bytes], _Sides]] = {
    "png": _png, "psd": _psd, "jpeg": _jpeg, "webp": _webp, "tiff": _tiff, "avif": _heif, "heic": _heif,
}  # fmt: skip
