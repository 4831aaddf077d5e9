"""Facts of a TIFF that libvips does not report: which of its pictures is the photo, what its extra channels are, how
its planes lie, and its EXIF, which a TIFF stores in directories of its own.

(TIFF 6.0, 1992, section 2; BigTIFF, 2007; EXIF 2.32, clause 4.6.) Only named fields are read, and no more than
``metadata.MAX_BLOCK`` bytes of all of them: a directory from outside may point anywhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from gigamatte.photo.metadata import MAX_BLOCK

_STRIP, _PLANAR, _TILED, _EXIF, _POSITION, _RESOURCES = 278, 284, 322, 34665, 34853, 34377
_SUBFILE, _OLD_SUBFILE, _INNER = 254, 255, 330
_WIDTH, _HEIGHT = 256, 257
_BITS, _PACKED, _COLOURS, _EXTRA = 258, 259, 262, 338
_PICTURE = frozenset(
    {_WIDTH, _HEIGHT, _STRIP, _PLANAR, _TILED, _SUBFILE, _OLD_SUBFILE, _INNER, _BITS, _PACKED, _COLOURS, _EXTRA}
)
#: not a tag of files: the key under which a directory's own place is kept
_HERE = -1
#: what the picture's own directory says about the photo: description, make, model, software, date, artist, copyright
_ABOUT = (270, 271, 272, 305, 306, 315, 33432)
_SOFTWARE = 305
#: makers' notes count offsets from where they were; the directory of interoperability points on
_LEFT_OUT = frozenset({37500, 40965})
#: bytes of one value, by type number: what EXIF knows
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ALL_BYTES = {**_TYPE_BYTES, 13: 4, 16: 8, 18: 8}
_LARGEST_DIRECTORY = 4096
#: directories that are looked at, of a file that may hold any number of pages
_MOST_PICTURES = 4096
#: whole numbers, by type number; the last three point to directories or into large files
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_BROKEN = (OSError, struct.error, ValueError, KeyError, IndexError, OverflowError)


@dataclass(frozen=True, slots=True)
class Facts:
    """``planes``: colours lie in planes one after another; ``tiled``: in tiles; ``exif``: a block as JPEG has it.

    ``strip``: rows that are packed together, 0 where it is not given. ``page`` is the directory of the first picture of
    full size, ``inner`` its number among those within that directory, or None; ``pages`` is how many of full size and
    of reduced size there are. ``extra`` is what the file says of each channel beyond the colours: 0 nothing, 1 alpha
    by which the colours were multiplied, 2 alpha. ``space`` is the PhotometricInterpretation, ``packed`` the
    Compression, ``bits`` those of the first channel; None where it is not given.
    """

    planes: bool = False
    tiled: bool = False
    exif: bytes | None = None
    strip: int = 0
    page: int = 0
    inner: int | None = None
    pages: int | None = None
    extra: tuple[int, ...] | None = None
    space: int | None = None
    packed: int = 1
    bits: int = 1
    #: width and height as stored
    sides: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    data: bytes


def read_facts(file: BinaryIO) -> Facts:
    """The facts of a TIFF. A broken directory is ignored: libvips will refuse the file."""
    try:
        return _Reader(file).facts()
    except _BROKEN:
        return Facts()


def photoshop_data(file: BinaryIO, most: int) -> bytes:
    """Photoshop's image resources beside the photo of a TIFF, up to ``most`` bytes; empty where there are none."""
    try:
        return _Reader(file, left=most).resources()
    except _BROKEN:
        return b""


@dataclass
class _Reader:
    file: BinaryIO
    #: bytes of values that may still be read
    left: int = MAX_BLOCK
    order: str = field(default="<", init=False)
    big: bool = field(default=False, init=False)
    #: where the directory lies that follows the one that was read last, 0 for none
    next: int = field(default=0, init=False)

    def facts(self) -> Facts:
        pictures = self.pictures(self.first())
        page, inner, own = self.photo(pictures)
        return Facts(
            planes=self.value(own, _PLANAR) == 2,
            tiled=_TILED in own,
            exif=self.exif(own, pictures[0]),
            strip=self.value(own, _STRIP) or 0,
            page=page,
            inner=inner,
            pages=len(pictures),
            extra=tuple(self.numbers(own[_EXTRA])) if _EXTRA in own else None,
            space=self.value(own, _COLOURS),
            packed=self.value(own, _PACKED) or 1,
            bits=self.value(own, _BITS) or 1,
            sides=(self.number(own[_WIDTH]), self.number(own[_HEIGHT])) if {_WIDTH, _HEIGHT} <= own.keys() else None,
        )

    def first(self) -> int:
        """Where the first directory lies."""
        head = self.file.read(16)
        self.order = "<" if head[:2] == b"II" else ">"
        self.big = b"+" in head[2:4]
        return int(struct.unpack_from(self.order + ("Q" if self.big else "I"), head, 8 if self.big else 4)[0])

    def resources(self) -> bytes:
        """Photoshop's resources of the photo's own directory."""
        _, _, own = self.photo(self.pictures(self.first()))
        entries = self.directory(self.number(own[_HERE]), only=frozenset({_RESOURCES}))
        return entries[0].data if entries else b""

    def pictures(self, first: int) -> list[dict[int, _Entry]]:
        """The directories of the file's own chain, as far as it can be followed; the first one must be there."""
        found, at, seen = [self.picture(first)], self.next, {first}
        while at and at not in seen and len(found) < _MOST_PICTURES:
            seen.add(at)
            try:
                found.append(self.picture(at))
            except _BROKEN:
                break
            at = self.next
        return found

    def photo(self, pictures: list[dict[int, _Entry]]) -> tuple[int, int | None, dict[int, _Entry]]:
        """The first picture of full size: its page, its number within that page's own pictures, and its directory."""
        for page, own in enumerate(pictures):
            if not self.is_reduced(own):
                return page, None, own
        if _INNER in pictures[0]:
            for inner, at in enumerate(self.numbers(pictures[0][_INNER])):
                own = self.picture(at)
                if not self.is_reduced(own):
                    return 0, inner, own
        return 0, None, pictures[0]

    def picture(self, at: int) -> dict[int, _Entry]:
        own = {entry.tag: entry for entry in self.directory(at, only=_PICTURE)}
        own[_HERE] = _Entry(_HERE, 16, 1, struct.pack(self.order + "Q", at))
        return own

    def is_reduced(self, own: dict[int, _Entry]) -> bool:
        """Whether it is a smaller copy of another picture, or a mask of one."""
        flags = self.value(own, _SUBFILE)
        return bool(flags & 0b101) if flags is not None else self.value(own, _OLD_SUBFILE) == 2

    def exif(self, *pictures: dict[int, _Entry]) -> bytes | None:
        """From the first of these directories that says something: where a thumbnail comes first, it may say all."""
        try:
            return next(filter(None, (self.block(self.number(own[_HERE])) for own in pictures)), None)
        except _BROKEN:
            return None

    def block(self, at: int) -> bytes | None:
        own = {entry.tag: entry for entry in self.directory(at, only=frozenset({_EXIF, _POSITION, *_ABOUT}))}
        about = [own[tag] for tag in _ABOUT if tag in own]
        within = {tag: self.directory(self.number(own[tag])) for tag in (_EXIF, _POSITION) if tag in own}
        if not any(within.values()) and all(entry.tag == _SOFTWARE for entry in about):
            return None
        return b"Exif\0\0" + _block(self.order, about, within)

    def directory(self, at: int, only: frozenset[int] | None = None) -> list[_Entry]:
        """The entries of the directory at ``at`` whose type is known, by tag."""
        self.file.seek(at)
        count = self.unpack("Q" if self.big else "H")
        if count > _LARGEST_DIRECTORY:
            raise ValueError("a directory of this many entries is none")
        size = 20 if self.big else 12
        raw = self.file.read(count * size)
        after = self.file.read(8 if self.big else 4)
        form = self.order + ("Q" if self.big else "I")
        self.next = struct.unpack(form, after)[0] if len(after) == struct.calcsize(form) else 0
        entries = []
        for start in range(0, len(raw) // size * size, size):
            tag, kind = struct.unpack_from(self.order + "HH", raw, start)
            known = kind in _TYPE_BYTES and tag not in _LEFT_OUT
            if (only is None and known) or (only is not None and tag in only and kind in _ALL_BYTES):
                entries.append(self.entry(tag, kind, raw[start + 4 : start + size]))
        return sorted(entries, key=lambda entry: entry.tag)

    def entry(self, tag: int, kind: int, rest: bytes) -> _Entry:
        form = self.order + ("Q" if self.big else "I")
        count = struct.unpack_from(form, rest)[0]
        inline = rest[len(rest) // 2 :]
        length = count * _ALL_BYTES[kind]
        self.left -= length
        if self.left < 0:
            raise ValueError("more metadata than is carried along")
        if length <= len(inline):
            return _Entry(tag, kind, count, inline[:length])
        self.file.seek(struct.unpack(form, inline)[0])
        data = self.file.read(length)
        if len(data) < length:
            raise ValueError("a value that ends beyond the file")
        return _Entry(tag, kind, count, data)

    def number(self, entry: _Entry) -> int:
        return self.numbers(entry)[0]

    def numbers(self, entry: _Entry) -> tuple[int, ...]:
        return struct.unpack_from(f"{self.order}{entry.count}{_NUMBERS[entry.kind]}", entry.data)

    def value(self, own: dict[int, _Entry], tag: int) -> int | None:
        return self.number(own[tag]) if tag in own else None

    def unpack(self, form: str) -> int:
        return int(struct.unpack(self.order + form, self.file.read(struct.calcsize(form)))[0])


def _block(order: str, about: list[_Entry], within: dict[int, list[_Entry]]) -> bytes:
    """A little TIFF that holds nothing but these directories: the first one, and those that it points to."""
    pointers = [_Entry(tag, 4, 1, bytes(4)) for tag, entries in within.items() if entries]
    own = sorted([*about, *pointers], key=lambda entry: entry.tag)
    after = 8 + _length(own)
    for number, entry in enumerate(own):
        if entry in pointers:
            own[number] = _Entry(entry.tag, 4, 1, struct.pack(order + "I", after))
            after += _length(within[entry.tag])
    parts = [struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8), _directory(order, own, 8)]
    for entry in own:
        if entry.tag in within:
            parts.append(_directory(order, within[entry.tag], sum(map(len, parts))))
    return b"".join(parts)


def _length(entries: list[_Entry]) -> int:
    return 6 + sum(12 + _outside(entry) for entry in entries)


def _outside(entry: _Entry) -> int:
    """Bytes that a value takes outside of its directory, padded to even."""
    return 0 if len(entry.data) <= 4 else len(entry.data) + len(entry.data) % 2


def _directory(order: str, entries: list[_Entry], start: int) -> bytes:
    table, values = struct.pack(order + "H", len(entries)), b""
    beyond = start + 6 + 12 * len(entries)
    for entry in entries:
        outside = bool(_outside(entry))
        inline = struct.pack(order + "I", beyond + len(values)) if outside else entry.data.ljust(4, b"\0")
        table += struct.pack(order + "HHI", entry.tag, entry.kind, entry.count) + inline
        values += entry.data.ljust(_outside(entry), b"\0") if outside else b""
    return table + bytes(4) + values
