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
_MARK = b"8BIM"


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
    """The resources of a block, with the head of a JPEG's segment or without it. Raises Broken where they break off."""
    at = len(HEAD) if block.startswith(HEAD) else 0
    while at + 12 <= len(block):
        if block[at : at + 4] != _MARK:
            raise Broken
        length = block[at + 6]
        behind = at + 6 + (1 + length) + (1 + length) % 2  # the name and its length are padded to even
        if behind + 4 > len(block):
            raise Broken
        number, size = struct.unpack_from(">H", block, at + 4)[0], struct.unpack_from(">I", block, behind)[0]
        start = behind + 4
        if start + size > len(block):
            raise Broken
        yield Resource(number, block[at + 7 : at + 7 + length], block[start : start + size])
        at = start + size + size % 2
