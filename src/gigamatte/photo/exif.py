"""EXIF blocks, edited in place: orientation reset, position and embedded preview taken out.

Only what must change is touched, so that makers' notes and unknown tags survive (CIPA DC-008, EXIF 2.32, clause 4.6).
"""

from __future__ import annotations

import struct

_PREFIX = b"Exif\0\0"
_ORIENTATION, _GPS, _EXPOSURE = 0x0112, 0x8825, 0x8769
_PREVIEW_START, _PREVIEW_LENGTH = 0x0201, 0x0202
_WIDTH, _HEIGHT = 0xA002, 0xA003
_ENTRY = 12
#: bytes of one value, by EXIF type number
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def upright(block: bytes) -> bytes | None:
    """The block for an upright picture, without the preview of the photo before it was cut; None if it is broken."""
    exif = _Exif.parse(block)
    if exif is None:
        return None
    exif.reset_orientation()
    exif.drop_preview()
    return exif.data()


def resized(block: bytes, width: int, height: int) -> bytes:
    """The block of a picture that now has this size; as it is if it is broken."""
    exif = _Exif.parse(block)
    if exif is None:
        return block
    exif.set_size(width, height)
    return exif.data()


def without_position(block: bytes) -> bytes | None:
    """The block without the directory that says where the photo was taken; None if it is broken."""
    exif = _Exif.parse(block)
    if exif is None:
        return None
    exif.drop_position()
    return exif.data()


class _Exif:
    """The bytes of a TIFF-structured block and its first directory."""

    def __init__(self, prefix: bytes, block: bytearray, order: str, start: int, count: int) -> None:
        self._prefix, self._block, self._order = prefix, block, order
        self._start, self._count = start, count

    @classmethod
    def parse(cls, data: bytes) -> _Exif | None:
        prefix = _PREFIX if data.startswith(_PREFIX) else b""
        block = bytearray(data[len(prefix) :])
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
        if order is None or len(block) < 8:
            return None
        start = struct.unpack_from(order + "I", block, 4)[0]
        count = _count(block, order, start)
        return None if count is None else cls(prefix, block, order, start, count)

    def data(self) -> bytes:
        return self._prefix + bytes(self._block)

    def reset_orientation(self) -> None:
        for at in self._entries():
            if self._number(at, "H") == _ORIENTATION:
                # type SHORT, one value, 1 = upright
                struct.pack_into(self._order + "HIHH", self._block, at + 2, 3, 1, 1, 0)

    def drop_preview(self) -> None:
        link = self._start + 2 + self._count * _ENTRY
        directory = self._number(link, "I")
        count = _count(self._block, self._order, directory) if directory else None
        if count is not None:
            self._blank_preview(directory, count)
            self._blank(directory, 2 + count * _ENTRY + 4)
        struct.pack_into(self._order + "I", self._block, link, 0)

    def _blank_preview(self, directory: int, count: int) -> None:
        """Zeros over the preview's own bytes, a JPEG: where it starts and how long it is, the directory says."""
        found = {}
        for at in range(directory + 2, directory + 2 + count * _ENTRY, _ENTRY):
            found[self._number(at, "H")] = self._number(at + 8, "I")
        if _PREVIEW_START in found and _PREVIEW_LENGTH in found:
            self._blank(found[_PREVIEW_START], found[_PREVIEW_LENGTH])

    def set_size(self, width: int, height: int) -> None:
        """The size that the directory of the exposure tells, where it tells one."""
        for entry in self._entries():
            if self._number(entry, "H") != _EXPOSURE:
                continue
            start = self._number(entry + 8, "I")
            count = _count(self._block, self._order, start) or 0
            for at in range(start + 2, start + 2 + count * _ENTRY, _ENTRY):
                value = {_WIDTH: width, _HEIGHT: height}.get(self._number(at, "H"))
                if value is not None:
                    # type LONG, one value
                    struct.pack_into(self._order + "HII", self._block, at + 2, 4, 1, value)

    def drop_position(self) -> None:
        for at in self._entries():
            if self._number(at, "H") == _GPS:
                self._blank_directory(self._number(at + 8, "I"))
                end = self._start + 2 + self._count * _ENTRY + 4
                self._block[at : end - _ENTRY] = self._block[at + _ENTRY : end]
                self._block[end - _ENTRY : end] = bytes(_ENTRY)
                self._count -= 1
                struct.pack_into(self._order + "H", self._block, self._start, self._count)
                return self.drop_position()
        return None

    def _blank_directory(self, start: int) -> None:
        count = _count(self._block, self._order, start)
        if count is None:
            return
        for at in range(start + 2, start + 2 + count * _ENTRY, _ENTRY):
            length = _TYPE_BYTES.get(self._number(at + 2, "H"), 1) * self._number(at + 4, "I")
            if length > 4:
                self._blank(self._number(at + 8, "I"), length)
        self._blank(start, 2 + count * _ENTRY + 4)

    def _blank(self, start: int, length: int) -> None:
        end = min(start + length, len(self._block))
        if start < end:
            self._block[start:end] = bytes(end - start)

    def _entries(self) -> range:
        first = self._start + 2
        return range(first, first + self._count * _ENTRY, _ENTRY)

    def _number(self, at: int, form: str) -> int:
        return int(struct.unpack_from(self._order + form, self._block, at)[0])


def _count(block: bytearray, order: str, start: int) -> int | None:
    """How many entries the directory at ``start`` has; None where it does not fit into the block."""
    if start < 8 or start + 2 > len(block):
        return None
    count = int(struct.unpack_from(order + "H", block, start)[0])
    return count if start + 2 + count * _ENTRY + 4 <= len(block) else None
