"""A Photoshop document as a photo: its merged picture, given to libvips as a TIFF of the same bytes.

Both keep planes of rows, packed or not by the same scheme, and profiles and resolutions as they are; so a head is put
before the pixels, and nothing is decoded here. (Adobe Photoshop File Formats Specification, November 2019; TIFF 6.0,
1992.)
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gigamatte.errors import UnsupportedInput
from gigamatte.photo.resources import IPTC, Broken, resources

#: bytes of a document's pixels that are held, and of its resources
MOST, MOST_RESOURCES = 2_000_000_000, 32 << 20
_PIECE = 1 << 20
_GREY, _RGB = 1, 3
_MODES = {0: "bitmap", 2: "indexed", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab"}
#: resources: resolution, profile, XMP, and what the version of the document is
_RESOLUTION, _PROFILE, _EXIF, _XMP, _VERSION = 1005, 1039, 1058, 1060, 1057
_RAW, _PACKBITS = 0, 1
#: TIFF's types of values, and the bytes of one
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_ADVICE = "save it in RGB with 8 or 16 bits and maximised compatibility, or as TIFF"


@dataclass(frozen=True, slots=True)
class _Head:
    large: bool
    channels: int
    height: int
    width: int
    bits: int
    mode: int

    @classmethod
    def read(cls, file: BinaryIO, name: str) -> _Head:
        version, channels, height, width, bits, mode = struct.unpack(">4xH6xHIIHH", _exactly(file, 26))
        if version not in (1, 2) or not (1 <= channels <= 56 and height and width):
            raise struct.error
        if mode not in (_GREY, _RGB) or channels < (3 if mode == _RGB else 1):
            raise UnsupportedInput(f"{name} is a Photoshop document in {_MODES.get(mode, 'rare')} mode", _ADVICE)
        if bits not in (8, 16):
            raise UnsupportedInput(f"{name} is a Photoshop document of {bits} bits a channel", _ADVICE)
        return cls(version == 2, channels, height, width, bits, mode)

    @property
    def colours(self) -> int:
        return 3 if self.mode == _RGB else 1


def as_tiff(file: BinaryIO, name: str) -> tuple[bytes, bytes]:
    """The merged picture of a document as the bytes of a TIFF, and its EXIF as a TIFF of its own, empty without one.

    Raises UnsupportedInput for what is broken, or in colours that are not read.
    """
    try:
        head = _Head.read(file, name)
        _exactly(file, _length(file))  # a palette
        block = _exactly(file, _length(file), MOST_RESOURCES)
        transparent = _layers(file, head)
        packing = struct.unpack(">H", _exactly(file, 2))[0]
        tags, exif = _of_resources(block, name)
        counts = _counts(file, head, packing, name)
        held = sum(counts)
        if held > MOST:
            raise UnsupportedInput(f"{name} holds {held:,} bytes of merged picture, and {MOST:,} are read", _ADVICE)
        if held > _left(file):
            raise EOFError
    except (struct.error, EOFError) as error:
        raise UnsupportedInput(f"{name} is broken: it ends too early", "was the copy cut short?") from error
    before, behind = _around(head, transparent, packing, counts, tags)
    picture = io.BytesIO()  # its value is given without a copy
    picture.write(before)
    while held:
        read = file.read(min(held, _PIECE))
        if not read:
            raise UnsupportedInput(f"{name} became shorter while it was read", "cut it when it is complete")
        held -= len(read)
        picture.write(read)
    picture.write(behind)
    return picture.getvalue(), exif


def _exactly(file: BinaryIO, count: int, most: int = MOST) -> bytes:
    # before it is read: room for as much as is asked would be taken at once
    if count > most or count > _left(file):
        raise EOFError
    return file.read(count)


def _left(file: BinaryIO) -> int:
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here


def _length(file: BinaryIO, wide: bool = False) -> int:
    return int(struct.unpack(">Q" if wide else ">I", _exactly(file, 8 if wide else 4))[0])


def _layers(file: BinaryIO, head: _Head) -> bool:
    """Skip the layers; whether the channel behind the merged colours is their transparency."""
    end = _length(file, head.large)
    if end > _left(file):
        raise EOFError
    end += file.tell()
    transparent = False
    if end - file.tell() >= (10 if head.large else 6) and _length(file, head.large):
        transparent = struct.unpack(">h", _exactly(file, 2))[0] < 0
    file.seek(end)
    return transparent


def _of_resources(block: bytes, name: str) -> tuple[dict[int, tuple[int, bytes]], bytes]:
    """TIFF's tags that say what the resources do (type and bytes of the value), and EXIF."""
    tags: dict[int, tuple[int, bytes]] = {}
    try:
        found = {one.number: one.data for one in resources(block)}
    except Broken:
        found = {}
    if found.get(_VERSION, b"\0\0\0\1\1")[4:5] == b"\0":
        raise UnsupportedInput(f"{name} was saved without a merged picture", _ADVICE)
    for number, tag, kind in ((_PROFILE, 34675, _UNDEFINED), (_XMP, 700, _BYTE), (IPTC, 33723, _UNDEFINED)):
        if found.get(number):
            tags[tag] = (kind, found[number])
    if len(found.get(_RESOLUTION, b"")) >= 16:
        across, _, _, down, _, _ = struct.unpack_from(">IHHIHH", found[_RESOLUTION])  # pixels per inch, 16.16
        if across and down:
            tags |= {
                282: (_RATIONAL, struct.pack(">II", across, 65536)),
                283: (_RATIONAL, struct.pack(">II", down, 65536)),
                296: (_SHORT, struct.pack(">H", 2)),
            }
    return tags, found.get(_EXIF, b"")


def _counts(file: BinaryIO, head: _Head, packing: int, name: str) -> Sequence[int]:
    """Bytes of each plane, or of each row of each plane."""
    if packing == _RAW:
        return [head.width * head.height * head.bits // 8] * head.channels
    if packing != _PACKBITS:
        raise UnsupportedInput(f"{name} packs its merged picture in a rare way ({packing})", _ADVICE)
    rows = head.height * head.channels
    form = "I" if head.large else "H"
    return struct.unpack(f">{rows}{form}", _exactly(file, rows * struct.calcsize(form)))


def _around(
    head: _Head, transparent: bool, packing: int, counts: Sequence[int], tags: dict[int, tuple[int, bytes]]
) -> tuple[bytes, bytes]:
    """What stands before the pixels of the TIFF, and what stands behind them."""
    extra = head.channels - head.colours
    offsets, at = [], 8
    for count in counts:
        offsets.append(at)
        at += count
    entries = {
        256: (_LONG, struct.pack(">I", head.width)),
        257: (_LONG, struct.pack(">I", head.height)),
        258: (_SHORT, struct.pack(">H", head.bits) * head.channels),
        259: (_SHORT, struct.pack(">H", 32773 if packing == _PACKBITS else 1)),
        262: (_SHORT, struct.pack(">H", 2 if head.mode == _RGB else 1)),
        273: (_LONG, struct.pack(f">{len(offsets)}I", *offsets)),
        277: (_SHORT, struct.pack(">H", head.channels)),
        278: (_LONG, struct.pack(">I", 1 if packing == _PACKBITS else head.height)),
        279: (_LONG, struct.pack(f">{len(counts)}I", *counts)),
        284: (_SHORT, struct.pack(">H", 2)),
        **tags,
    }
    if extra:
        entries[338] = (_SHORT, struct.pack(f">{extra}H", 2 if transparent else 0, *[0] * (extra - 1)))
    padding = at % 2
    start = at + padding
    beyond = start + 2 + 12 * len(entries) + 4
    table, values = struct.pack(">H", len(entries)), b""
    for tag, (kind, data) in sorted(entries.items()):
        size = {_SHORT: 2, _LONG: 4, _RATIONAL: 8}.get(kind, 1)
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(">I", beyond + len(values))
        table += struct.pack(">HHI", tag, kind, len(data) // size) + place
        values += data + b"\0" * (len(data) % 2) if len(data) > 4 else b""
    return struct.pack(">2sHI", b"MM", 42, start), b"\0" * padding + table + bytes(4) + values
