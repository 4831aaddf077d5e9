"""A Photoshop document as a photo: its merged picture, given to libvips as a TIFF of the same planes.

Profiles, XMP and resolutions go along as they are. (Adobe Photoshop File Formats Specification, November 2019.)
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gigamatte.errors import UnsupportedInput
from gigamatte.photo import psd_planes
from gigamatte.photo.psd_colours import INDEXED, LAB, MODES, NAMES, Colours
from gigamatte.photo.psd_planes import PACKBITS, PREDICTED, RAW, ROWS, ZIP, Planes, Tiff
from gigamatte.photo.resources import IPTC, Broken, resources

#: bytes of a document's planes that are read, and of its resources: the offsets of a TIFF have 32 bits
MOST, MOST_RESOURCES = 4_000_000_000, 32 << 20
#: resources: resolution, profile, the index that cannot be seen, EXIF, XMP, and what the version of the document is
_RESOLUTION, _PROFILE, _CLEAR, _EXIF, _XMP, _VERSION = 1005, 1039, 1047, 1058, 1060, 1057
#: TIFF's types of values
_BYTE, _SHORT, _RATIONAL, _UNDEFINED = 1, 3, 5, 7
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
        if mode not in MODES or channels < MODES[mode].colours:
            raise UnsupportedInput(f"{name} is a Photoshop document in {NAMES.get(mode, 'rare')} mode", _ADVICE)
        if bits not in MODES[mode].bits:
            raise UnsupportedInput(f"{name} is a Photoshop document of {bits} bits a channel", _ADVICE)
        return cls(version == 2, channels, height, width, bits, mode)

    @property
    def planes(self) -> Planes:
        # libvips reads grey with further channels in planes row by row alone, see ``check_planes``
        single = self.channels > 1 and MODES[self.mode].colours == 1
        return Planes(self.width, self.height, self.channels, self.bits, strip=1 if single else ROWS)


@dataclass(frozen=True)
class Document:
    """The merged picture as a TIFF, what its planes mean, and EXIF as a TIFF of its own, empty without one."""

    picture: Tiff
    colours: Colours
    exif: bytes


def read_document(file: BinaryIO, name: str) -> Document:
    """Raises UnsupportedInput for what is broken, or in colours that are not read, and ScratchFull."""
    try:
        head = _Head.read(file, name)
        palette = _exactly(file, _length(file), MOST_RESOURCES)
        found = _found(_exactly(file, _length(file), MOST_RESOURCES), name)
        transparent = _layers(file, head)
        packing = struct.unpack(">H", _exactly(file, 2))[0]
        colours = Colours(
            head.mode, head.bits, head.channels, transparent and head.channels > MODES[head.mode].colours, palette,
            _clear(found) if head.mode == INDEXED else None, found.get(_PROFILE),
        )  # fmt: skip
        rows = _rows(file, head, packing, name)
        # those of 32 bits leave their own profile, see Colours; of Lab it tells nothing that the numbers do not
        tags = _tags(found, profile=head.bits != 32 and head.mode != LAB)
        tags[262] = (_SHORT, struct.pack(">H", colours.space))
        if colours.extra:
            tags[338] = (_SHORT, struct.pack(f">{len(colours.extra)}H", *colours.extra))
        return Document(psd_planes.as_tiff(file, head.planes, packing, rows, tags), colours, found.get(_EXIF, b""))
    except zlib.error as error:
        raise UnsupportedInput(f"{name} is broken: {error}", "was the copy or the download cut short?") from error
    except (struct.error, EOFError) as error:
        raise UnsupportedInput(f"{name} is broken: it ends too early", "was the copy cut short?") from error


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


def _found(block: bytes, name: str) -> dict[int, bytes]:
    """The data of resources, by number."""
    try:
        found = {one.number: one.data for one in resources(block)}
    except Broken:
        found = {}
    if found.get(_VERSION, b"\0\0\0\1\1")[4:5] == b"\0":
        raise UnsupportedInput(f"{name} was saved without a merged picture", _ADVICE)
    return found


def _clear(found: dict[int, bytes]) -> int | None:
    index = int.from_bytes(found[_CLEAR][:2], "big") if len(found.get(_CLEAR, b"")) >= 2 else 256
    return index if index < 256 else None


def _tags(found: dict[int, bytes], *, profile: bool) -> dict[int, tuple[int, bytes]]:
    """TIFF's tags that say what the resources do: type and bytes of the value."""
    tags: dict[int, tuple[int, bytes]] = {}
    kept = [(_XMP, 700, _BYTE), (IPTC, 33723, _UNDEFINED), *([(_PROFILE, 34675, _UNDEFINED)] if profile else [])]
    for number, tag, kind in kept:
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
    return tags


def _rows(file: BinaryIO, head: _Head, packing: int, name: str) -> Sequence[int]:
    """Bytes of each packed row of each plane; none where rows are not packed one by one."""
    if packing not in (RAW, PACKBITS, ZIP, PREDICTED) or (head.bits == 1 and packing == PREDICTED):
        raise UnsupportedInput(f"{name} packs its merged picture in a rare way ({packing})", _ADVICE)
    rows: Sequence[int] = ()
    if packing == PACKBITS:
        count, form = head.height * head.channels, "I" if head.large else "H"
        rows = struct.unpack(f">{count}{form}", _exactly(file, count * struct.calcsize(form)))
    held = sum(rows) if packing == PACKBITS else head.planes.bytes
    if held > MOST:
        raise UnsupportedInput(f"{name} holds {held:,} bytes of merged picture, and {MOST:,} are read", _ADVICE)
    if packing in (RAW, PACKBITS) and held > _left(file):
        raise EOFError
    return rows
