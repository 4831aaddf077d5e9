"""Directories of TIFF, which EXIF uses too: read from bytes without trust, and written again.

(TIFF 6.0, 1992, section 2; EXIF 2.32, clause 4.6.)
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

#: bytes of one value, by type number (16…18 are those of BigTIFF)
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
ASCII, SHORT, LONG, UNDEFINED = 2, 3, 4, 7
_ENTRY = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """The values of one tag: their type number, how many they are, and their bytes in the order of the block."""

    kind: int
    count: int
    data: bytes

    @classmethod
    def text(cls, text: str) -> Entry:
        """A text, in UTF-8 as far as it is not ASCII, ended by a zero."""
        data = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        return cls(ASCII, len(data), data)

    @classmethod
    def long(cls, order: str, value: int) -> Entry:
        """One whole number of 32 bits."""
        return cls(LONG, 1, struct.pack(order + "I", value))

    def number(self, order: str) -> int | None:
        """The first value, where it is a whole number without sign."""
        form = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(self.kind)
        if form is None or len(self.data) < struct.calcsize(form):
            return None
        return int(struct.unpack_from(order + form, self.data)[0])

    def swapped(self) -> Entry:
        """The same values in the other byte order."""
        step = {5: 4, 10: 4}.get(self.kind, TYPE_BYTES[self.kind])
        pieces = [self.data[at : at + step][::-1] for at in range(0, len(self.data), step)]
        return Entry(self.kind, self.count, b"".join(pieces)) if step > 1 else self


class Broken(ValueError):
    """A directory does not lie in its block, or its values are more than the block."""


class Reader:
    """Reads directories of one block. All values together may not be larger than the block that they come from.

    Values may overlap, so that a small block could otherwise ask for any number of bytes.
    """

    def __init__(self, block: bytes, order: str) -> None:
        self._block, self._order, self._left = block, order, len(block)

    def directory(self, at: int) -> dict[int, tuple[Entry, int]]:
        """By tag: the entry, and where its values lie in the block. Entries that cannot be read are left out.

        Raises Broken.
        """
        block, order = self._block, self._order
        if at < 8 or at + 2 > len(block):
            raise Broken
        count = struct.unpack_from(order + "H", block, at)[0]
        if at + 2 + count * _ENTRY > len(block):
            raise Broken
        found: dict[int, tuple[Entry, int]] = {}
        for start in range(at + 2, at + 2 + count * _ENTRY, _ENTRY):
            tag, kind, number = struct.unpack_from(order + "HHI", block, start)
            length = TYPE_BYTES.get(kind, 0) * number
            where = start + 8 if length <= 4 else struct.unpack_from(order + "I", block, start + 8)[0]
            if length == 0 or where + length > len(block):
                continue
            self._left -= length
            if self._left < 0:
                raise Broken
            found.setdefault(tag, (Entry(kind, number, block[where : where + length]), where))
        return found

    def following(self, at: int) -> int:
        """Where the directory after the one at ``at`` begins; 0 where there is none."""
        end = at + 2 + struct.unpack_from(self._order + "H", self._block, at)[0] * _ENTRY
        return int(struct.unpack_from(self._order + "I", self._block, end)[0]) if end + 4 <= len(self._block) else 0


def length_of(entries: Mapping[int, Entry]) -> int:
    """Bytes that a directory takes with its values, even."""
    return 2 + len(entries) * _ENTRY + 4 + sum(map(_outside, entries.values()))


def directory(order: str, entries: Mapping[int, Entry], start: int, fixed: Mapping[int, int] | None = None) -> bytes:
    """A directory that begins at ``start``, its values behind it; ``fixed``: where values of some tags lie already."""
    fixed = fixed or {}
    table, values = struct.pack(order + "H", len(entries)), b""
    beyond = start + 2 + len(entries) * _ENTRY + 4
    for tag, entry in sorted(entries.items()):
        table += struct.pack(order + "HHI", tag, entry.kind, entry.count)
        if tag in fixed:
            table += struct.pack(order + "I", fixed[tag])
        elif _outside(entry):
            table += struct.pack(order + "I", beyond + len(values))
            values += entry.data.ljust(_outside(entry), b"\0")
        else:
            table += entry.data.ljust(4, b"\0")
    return table + bytes(4) + values


def _outside(entry: Entry) -> int:
    return 0 if len(entry.data) <= 4 else len(entry.data) + len(entry.data) % 2
