"""EXIF blocks, parsed and written again, so that only what a directory names is carried into the result.

A photo's EXIF may hold pictures of the photo before it was cut: as its own preview (second directory), in the maker's
note, in private tags, or in bytes that no tag of the standard points to. (CIPA DC-008, EXIF 2.32, clause 4.6.)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from gigamatte.photo import ifd
from gigamatte.photo.ifd import Entry

PREFIX = b"Exif\0\0"
#: tags of the first directory that are edited or pointed through
DESCRIPTION, ORIENTATION, SOFTWARE, ARTIST, COPYRIGHT = 0x010E, 0x0112, 0x0131, 0x013B, 0x8298
_PHOTO, _POSITION, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
NOTE = 0x927C
_SIZES = {0x0100: "width", 0x0101: "height"}
_PHOTO_SIZES = {0xA002: "width", 0xA003: "height"}
#: where the subject is, in pixels of the uncut photo: its area, its location
_PLACES = frozenset({0x9214, 0xA214})
#: how a TIFF or a preview stores its pixels, and whole blocks of other kinds: no part of what EXIF tells
_STRUCTURE = frozenset(
    {0x00FE, 0x00FF, 0x0102, 0x0103, 0x0106, 0x010A, 0x0111, 0x0115, 0x0116, 0x0117, 0x011C, 0x013D, 0x0140, 0x0142}
    | {0x0143, 0x0144, 0x0145, 0x014A, 0x0152, 0x0153, 0x015B, 0x0201, 0x0202, 0x02BC, 0x83BB, 0x8649, 0x8773}
    | {0x935C, 0xC634, 0xEA1C}
)
#: how a JPEG begins; makers are known to change its first byte
_PICTURE = tuple(b"\xd8\xff" + bytes([marker]) for marker in (0xDB, 0xC0, 0xC4, 0xFE, *range(0xE0, 0xF0)))

#: entries as they were found, and where their values lie
Found = dict[int, tuple[Entry, int]]


@dataclass
class Exif:
    """The directories of one block by tag.

    ``note_at``: where the maker's note began, whose own offsets may count on it.
    """

    order: str = "<"
    main: dict[int, Entry] = field(default_factory=dict)
    photo: dict[int, Entry] = field(default_factory=dict)
    position: dict[int, Entry] = field(default_factory=dict)
    interoperability: dict[int, Entry] = field(default_factory=dict)
    note_at: int = 0
    #: what was left out because it holds a picture
    pictures: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, data: bytes) -> Exif | None:
        """The block with or without its prefix; None where it is broken."""
        block = data.removeprefix(PREFIX)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
        if order is None or len(block) < 10:
            return None
        exif, reader = cls(order), ifd.Reader(block, order)
        try:
            main = reader.directory(struct.unpack_from(order + "I", block, 4)[0])
            exif.main = exif._kept(main)
            photo = exif._within(reader, main, _PHOTO)
            exif.photo = exif._kept(photo)
            exif.position = exif._kept(exif._within(reader, main, _POSITION))
            exif.interoperability = exif._kept(exif._within(reader, photo, _INTEROPERABILITY))
        except (ifd.Broken, struct.error):
            return None
        if NOTE in exif.photo:
            exif.note_at = photo[NOTE][1]
        for pointing, tag in ((exif.main, _PHOTO), (exif.main, _POSITION), (exif.photo, _INTEROPERABILITY)):
            pointing.pop(tag, None)
        return exif

    @property
    def empty(self) -> bool:
        """Whether it has no entries."""
        return not (self.main or self.photo or self.position or self.interoperability)

    @property
    def orientation(self) -> int:
        """1…8; 1 where the block has none."""
        value = self.main[ORIENTATION].number(self.order) if ORIENTATION in self.main else None
        return value if value is not None and 1 <= value <= 8 else 1

    def left_out(self) -> list[str]:
        """A warning for each thing that was left out because it holds a picture."""
        return [f"{place} holds a picture of the photo before it was cut: left out" for place in self.pictures]

    def set_upright(self) -> None:
        """Set the orientation to 1, where the block has one."""
        if ORIENTATION in self.main:
            self.main[ORIENTATION] = Entry(ifd.SHORT, 1, struct.pack(self.order + "H", 1))

    def set_size(self, width: int, height: int) -> None:
        """Set the picture's size in pixels, wherever the block has one."""
        size = {"width": width, "height": height}
        for entries, sizes in ((self.main, _SIZES), (self.photo, _PHOTO_SIZES)):
            for tag in sizes.keys() & entries.keys():
                entries[tag] = Entry.long(self.order, size[sizes[tag]])

    def drop_places(self) -> None:
        """Without where the subject is in the uncut photo."""
        for tag in _PLACES:
            self.photo.pop(tag, None)

    def drop_note(self) -> bool:
        """Without the maker's note; whether there was one."""
        return self.photo.pop(NOTE, None) is not None

    def drop_longest(self) -> str:
        """Without the entry that takes most bytes; what it was."""
        parts = (self.main, self.photo, self.position, self.interoperability)
        part, tag = max(((part, tag) for part in parts for tag in part), key=lambda at: len(at[0][at[1]].data))
        del part[tag]
        return "the maker's note" if part is self.photo and tag == NOTE else f"the tag 0x{tag:04x}"

    def ordered(self, order: str) -> Exif:
        """The same in another byte order; without the maker's note, whose own numbers are not known."""
        parts = [dict(part) for part in (self.main, self.photo, self.position, self.interoperability)]
        if order != self.order:
            parts = [{tag: entry.swapped() for tag, entry in part.items()} for part in parts]
        other = Exif(order, parts[0], parts[1], parts[2], parts[3])
        other.drop_note()
        return other

    def data(self) -> bytes:
        """The block with its prefix, nothing in it but these directories. The maker's note keeps its place."""
        main, photo = dict(self.main), dict(self.photo)
        within = {_PHOTO: photo, _POSITION: self.position}
        if self.interoperability:
            photo[_INTEROPERABILITY] = Entry.long(self.order, 0)
        main.update({tag: Entry.long(self.order, 0) for tag, entries in within.items() if entries})
        room = _Room(8, self.note_at, len(self.photo[NOTE].data)) if NOTE in photo else _Room(8, 0, 0)
        fixed = {NOTE: self.note_at} if room.taken else {}
        aside = _without(photo, fixed)
        at = {"main": room.take(ifd.length_of(main))}
        at["photo"] = room.take(ifd.length_of(aside) + 12 * len(fixed)) if photo else 0
        at["position"] = room.take(ifd.length_of(self.position)) if self.position else 0
        inter = self.interoperability
        at["inter"] = room.take(ifd.length_of(inter)) if inter else 0
        if inter:
            photo[_INTEROPERABILITY] = Entry.long(self.order, at["inter"])
        for tag, name in ((_PHOTO, "photo"), (_POSITION, "position")):
            if tag in main:
                main[tag] = Entry.long(self.order, at[name])
        block = bytearray(room.end)
        struct.pack_into(self.order + "2sHI", block, 0, b"II" if self.order == "<" else b"MM", 42, at["main"])
        for name, entries in (("main", main), ("photo", photo), ("position", self.position), ("inter", inter)):
            if entries:
                written = ifd.directory(self.order, entries, at[name], fixed if name == "photo" else None)
                block[at[name] : at[name] + len(written)] = written
        if fixed:
            note = self.photo[NOTE].data
            block[self.note_at : self.note_at + len(note)] = note
        return PREFIX + bytes(block)

    def _within(
        self, reader: ifd.Reader, entries: dict[int, tuple[Entry, int]], tag: int
    ) -> dict[int, tuple[Entry, int]]:
        """The directory that ``tag`` points to; empty where it points nowhere."""
        at = entries[tag][0].number(self.order) if tag in entries else None
        if at is None:
            return {}
        try:
            return reader.directory(at)
        except ifd.Broken:
            return {}

    def _kept(self, entries: Found) -> dict[int, Entry]:
        kept = {}
        for tag, (entry, _) in entries.items():
            if tag in _STRUCTURE:
                continue
            if any(start in entry.data for start in _PICTURE):
                self.pictures.append("the maker's note" if tag == NOTE else f"the EXIF tag 0x{tag:04x}")
                continue
            kept[tag] = entry
        return kept


class _Room:
    """Hands out places from ``start`` on, around the one that is taken."""

    def __init__(self, start: int, at: int, length: int) -> None:
        self._next, self._at, self._length = start, at, length
        self.taken = length > 4 and at >= start
        self.end = at + length if self.taken else start

    def take(self, length: int) -> int:
        length += length % 2
        if self.taken and self._next < self._at + self._length and self._next + length > self._at:
            self._next = self._at + self._length + (self._at + self._length) % 2
        at, self._next = self._next, self._next + length
        self.end = max(self.end, self._next)
        return at


def _without(entries: dict[int, Entry], tags: dict[int, int]) -> dict[int, Entry]:
    return {tag: entry for tag, entry in entries.items() if tag not in tags}
