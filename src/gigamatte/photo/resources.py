"""Photoshop's image resources: numbered blocks that PSD, JPEG and TIFF keep beside their pixels.

(Adobe Photoshop File Formats Specification, November 2019, "Image Resources Section".)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

#: what begins the segments of a JPEG that hold resources
HEAD = b"Photoshop 3.0\0"
IPTC = 1028
#: bytes of resources that are looked through, in whatever pieces they come
MOST = 32 << 20
_MARK = b"8BIM"
#: … and what begins resources of other programs, whose numbers mean something else
_OTHERS = (b"MeSa", b"PHUT", b"AgHg", b"DCSR")
#: zeros between two resources, at the end of a segment say
_ZEROS = 4


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its number, its name as it is stored, and its data."""

    number: int
    name: bytes
    data: bytes

    def encoded(self) -> bytes:
        """Its bytes among others, of even length."""
        name = bytes([len(self.name)]) + self.name
        name += bytes(len(name) % 2)
        size = struct.pack(">I", len(self.data))
        return _MARK + struct.pack(">H", self.number) + name + size + self.data + bytes(len(self.data) % 2)


class Broken(ValueError):
    """The resources end within one of them, or something else lies between them."""


def resources(block: bytes) -> Iterator[Resource]:
    """The resources of a block, with the head of a JPEG's segment or without it. Raises Broken where they break off.

    Some programs leave out the byte that makes data even, or put zeros behind it.
    """
    at = len(HEAD) if block.startswith(HEAD) else 0
    while at + 12 <= len(block):
        mark = block[at : at + 4]
        if mark != _MARK and mark not in _OTHERS:
            raise Broken
        length = block[at + 6]
        behind = at + 6 + (1 + length) + (1 + length) % 2  # the name and its length are padded to even
        if behind + 4 > len(block):
            raise Broken
        number, size = struct.unpack_from(">H", block, at + 4)[0], struct.unpack_from(">I", block, behind)[0]
        start = behind + 4
        if start + size > len(block):
            raise Broken
        if mark == _MARK:
            yield Resource(number, block[at + 7 : at + 7 + length], block[start : start + size])
        at = _next(block, start + size)


def _next(block: bytes, end: int) -> int:
    """Where the next resource begins behind one that ends there, or its padding."""
    even = end + end % 2
    if block[even : even + 4] == _MARK:
        return even
    behind = end
    while behind < min(len(block), end + _ZEROS) and block[behind] == 0:
        behind += 1
    return behind if block[behind : behind + 4] in (_MARK, *_OTHERS) else even
