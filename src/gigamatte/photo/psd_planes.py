"""The planes of a Photoshop document's merged picture as a TIFF: a head before the same bytes, and a directory behind.

Both formats keep planes of rows, packed or not by the same scheme; what is packed as one ZIP stream is unpacked here.
A large picture lies in a nameless scratch file meanwhile. (TIFF 6.0, 1992; RFC 1950, 1996.)
"""

from __future__ import annotations

import io
import struct
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gigamatte.photo.store import scratch_file, write_whole

#: bytes of planes that are held in memory; more go into a scratch file
IN_MEMORY = 32 << 20
#: rows of a TIFF's strip: what libvips reads ahead
ROWS = 16
RAW, PACKBITS, ZIP, PREDICTED = 0, 1, 2, 3
#: TIFF's types of values, and the bytes of those that take more than one
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_SIZES = {_SHORT: 2, _LONG: 4, _RATIONAL: 8}
_PIECE = 1 << 20
#: where the names of open files are files themselves
_OPEN = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Planes:
    """The picture's size in pixels, its channels, the bits of each, and the rows of a TIFF's strip."""

    width: int
    height: int
    channels: int
    bits: int
    strip: int = ROWS

    @property
    def row(self) -> int:
        """Bytes of a row of one plane."""
        return -(-self.width * self.bits // 8)

    @property
    def bytes(self) -> int:
        """Bytes of all planes, unpacked."""
        return self.row * self.height * self.channels


@dataclass(frozen=True)
class Tiff:
    """A TIFF: its bytes, or the path of a scratch file that lives as long as this object."""

    data: bytes | str
    #: bytes in memory
    held: int


def as_tiff(
    source: BinaryIO, planes: Planes, packing: int, rows: Sequence[int], tags: Mapping[int, tuple[int, bytes]]
) -> Tiff:
    """``source`` stands at the planes; ``rows``: bytes of each packed row. ``tags``: type and value of further ones.

    Raises EOFError where the file ends before them, zlib.error for broken ZIP, and ScratchFull.
    """
    packed = packing == PACKBITS
    counts = rows if packed else _strips(planes)
    behind = _directory(planes, counts, packed, tags)
    total = 8 + sum(counts)
    start = total + total % 2
    large = total + len(behind) > IN_MEMORY and _OPEN.is_dir()
    file: Any = scratch_file(None, total + len(behind)) if large else io.BytesIO()
    try:
        write_whole(file, struct.pack(">2sHI", b"MM", 42, start))
        stream = (
            _unzipped(source, planes, packing == PREDICTED) if packing in (ZIP, PREDICTED) else _read(source, total - 8)
        )
        for piece in stream:
            write_whole(file, piece)
        write_whole(file, bytes(total % 2) + behind)
    except BaseException:
        file.close()
        raise
    if large:
        tiff = Tiff(str(_OPEN / str(file.fileno())), 0)
        weakref.finalize(tiff, file.close)
        return tiff
    data = file.getvalue()  # without a copy
    return Tiff(data, len(data))


def _strips(planes: Planes) -> list[int]:
    heights = [min(planes.strip, planes.height - top) for top in range(0, planes.height, planes.strip)]
    return [planes.row * height for height in heights] * planes.channels


def _read(source: BinaryIO, left: int) -> Iterator[bytes]:
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise EOFError
        left -= len(piece)
        yield piece


def _unzipped(source: BinaryIO, planes: Planes, predicted: bool) -> Iterator[bytes]:
    """All rows of all planes, one after another. Raises EOFError where the stream ends before them."""
    inflate, waiting = zlib.decompressobj(), bytearray()
    left, some = planes.height * planes.channels, max(1, _PIECE // planes.row)
    while left:
        wanted = min(left, some) * planes.row
        while len(waiting) < wanted:
            packed = inflate.unconsumed_tail or source.read(_PIECE)
            if not packed or inflate.eof:
                raise EOFError
            waiting += inflate.decompress(packed, wanted - len(waiting))
        rows = bytes(waiting[:wanted])
        del waiting[:wanted]
        left -= wanted // planes.row
        yield _summed(rows, planes) if predicted else rows


def _summed(rows: bytes, planes: Planes) -> bytes:
    """Rows whose values were stored as differences to the one before; of floats, bytes of the same rank together."""
    if planes.bits == 16:
        values = np.frombuffer(rows, ">u2").reshape(-1, planes.width)
        return np.cumsum(values, axis=1, dtype=np.uint16).astype(">u2").tobytes()
    single = np.cumsum(np.frombuffer(rows, np.uint8).reshape(-1, planes.row), axis=1, dtype=np.uint8)
    if planes.bits == 32:
        single = single.reshape(-1, 4, planes.width).swapaxes(1, 2)
    return single.tobytes()


def _directory(planes: Planes, counts: Sequence[int], packed: bool, tags: Mapping[int, tuple[int, bytes]]) -> bytes:
    """The directory of a TIFF whose planes begin at byte 8."""
    at = 8 + np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    entries = {
        256: (_LONG, struct.pack(">I", planes.width)),
        257: (_LONG, struct.pack(">I", planes.height)),
        258: (_SHORT, struct.pack(">H", planes.bits) * planes.channels),
        259: (_SHORT, struct.pack(">H", 32773 if packed else 1)),
        273: (_LONG, at[:-1].astype(">u4").tobytes()),
        277: (_SHORT, struct.pack(">H", planes.channels)),
        278: (_LONG, struct.pack(">I", 1 if packed else planes.strip)),
        279: (_LONG, np.asarray(counts, ">u4").tobytes()),
        284: (_SHORT, struct.pack(">H", 2 if planes.channels > 1 else 1)),
        **({339: (_SHORT, struct.pack(">H", 3) * planes.channels)} if planes.bits == 32 else {}),
        **tags,
    }
    end = int(at[-1])
    beyond = end + end % 2 + 2 + 12 * len(entries) + 4
    table, values = struct.pack(">H", len(entries)), b""
    for tag, (kind, data) in sorted(entries.items()):
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(">I", beyond + len(values))
        table += struct.pack(">HHI", tag, kind, len(data) // _SIZES.get(kind, 1)) + place
        values += data + b"\0" * (len(data) % 2) if len(data) > 4 else b""
    return table + bytes(4) + values
