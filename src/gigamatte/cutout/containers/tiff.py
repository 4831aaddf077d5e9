"""EXIF, XMP, IPTC, path and resolution of a TIFF: its first directory is written again at the end, with more in it.

(TIFF 6.0, 1992, section 2; BigTIFF, 2007; EXIF 2.32, clause 4.6; XMP Specification Part 3, section 1.1.8.)
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from gigamatte.cutout.containers.carried import Carried
from gigamatte.photo.exif import Exif
from gigamatte.photo.ifd import TYPE_BYTES, UNDEFINED, Entry

_ACROSS, _DOWN, _UNIT, _XMP, _IPTC, _RESOURCES = 282, 283, 296, 700, 33723, 34377
_PHOTO, _POSITION, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
#: what EXIF's first directory says of the picture as it is stored: the TIFF says that itself
_STORED = frozenset({0x0100, 0x0101, 0x0112, 0x011A, 0x011B, 0x0128})


def complete(file: BinaryIO, carried: Carried) -> None:
    """Put what is carried into the first directory of the TIFF in ``file``, which libvips wrote."""
    directory = _Directory.read(file)
    order = directory.order
    for tag in (_ACROSS, _DOWN, _UNIT, _XMP, _IPTC, _RESOURCES):
        directory.entries.pop(tag, None)
    if carried.said:
        for tag, side in zip((_ACROSS, _DOWN), carried.resolution, strict=True):
            directory.add(tag, Entry(5, 1, struct.pack(order + "II", round(side * 25.4 * 1000), 1000)))
        directory.add(_UNIT, Entry(3, 1, struct.pack(order + "H", 2)))  # inch
    if carried.xmp:
        directory.add(_XMP, Entry(1, len(carried.xmp), carried.xmp))
    if carried.iptc:
        directory.add(_IPTC, Entry(UNDEFINED, len(carried.iptc), carried.iptc))
    if carried.path:
        directory.add(_RESOURCES, Entry(1, len(carried.path), carried.path))
    exif = Exif.parse(carried.exif) if carried.exif else None
    if exif is not None:
        _add_exif(directory, exif.ordered(order))
    directory.write(file)


def _add_exif(directory: _Directory, exif: Exif) -> None:
    for tag, entry in exif.main.items():
        if tag not in directory.entries and tag not in _STORED:
            directory.add(tag, entry)
    photo = dict(exif.photo)
    if exif.interoperability:
        photo[_INTEROPERABILITY] = directory.pointer(exif.interoperability)
    for tag, entries in ((_PHOTO, photo), (_POSITION, exif.position)):
        if entries:
            directory.add(tag, directory.pointer(entries))


class _Directory:
    """The first directory of a file: entries as they stand in it, values of new ones to be appended."""

    def __init__(self, order: str, big: bool, end: int) -> None:
        self.order, self.big = order, big
        #: by tag: type, count, and the bytes of the value or of its place
        self.entries: dict[int, tuple[int, int, bytes]] = {}
        self._next = bytes(8 if big else 4)
        self._start, self._appended = end + end % 2, bytearray()

    @classmethod
    def read(cls, file: BinaryIO) -> _Directory:
        file.seek(0)
        head = file.read(16)
        order, big = "<" if head[:2] == b"II" else ">", b"+" in head[2:4]
        file.seek(0, 2)
        directory = cls(order, big, file.tell())
        file.seek(struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0])
        count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
        for _ in range(count):
            raw = file.read(20 if big else 12)
            tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), raw)
            directory.entries[tag] = (kind, number, raw[12 if big else 8 :])
        directory._next = file.read(8 if big else 4)
        return directory

    def add(self, tag: int, entry: Entry) -> None:
        """A new entry, whose value is appended where it is long."""
        room = 8 if self.big else 4
        data = entry.data if len(entry.data) <= room else self._place(self._append(entry.data))
        self.entries[tag] = (entry.kind, entry.count, data.ljust(room, b"\0"))

    def pointer(self, entries: dict[int, Entry]) -> Entry:
        """An entry that points to a directory of these entries, which is appended."""
        inner = _Directory(self.order, self.big, 0)
        inner._start, inner._appended = self._start, self._appended
        for tag, entry in entries.items():
            if TYPE_BYTES.get(entry.kind):
                inner.add(tag, entry)
        at = self._append(inner._table())
        # libtiff reads such a pointer as IFD8 or LONG8 in a BigTIFF
        return Entry(16, 1, struct.pack(self.order + "Q", at)) if self.big else Entry.long(self.order, at)

    def write(self, file: BinaryIO) -> None:
        """Append this directory and let the file begin with it."""
        at = self._append(self._table())
        file.seek(0, 2)
        file.write(bytes(self._start - file.tell()))
        file.write(bytes(self._appended))
        file.seek(8 if self.big else 4)
        file.write(self._place(at))

    def _append(self, data: bytes) -> int:
        at = self._start + len(self._appended)
        self._appended += data + bytes(len(data) % 2)
        return at

    def _place(self, at: int) -> bytes:
        return struct.pack(self.order + ("Q" if self.big else "I"), at)

    def _table(self) -> bytes:
        form = self.order + ("HHQ" if self.big else "HHI")
        rows = (struct.pack(form, tag, kind, count) + data for tag, (kind, count, data) in sorted(self.entries.items()))
        return struct.pack(self.order + ("Q" if self.big else "H"), len(self.entries)) + b"".join(rows) + self._next
