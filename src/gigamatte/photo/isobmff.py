"""The boxes of a HEIF or AVIF: its main picture's properties and bytes.

(ISO 14496-12, 2022, clauses 4.2 and 8.11; ISO 23008-12, 2022, clauses 6.5 and 9.3.) Nothing is read beyond ``LARGEST``
bytes of boxes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: bytes of the box that describes the pictures; it also holds their profiles
LARGEST = 16 << 20


class Broken(ValueError):
    """The boxes do not fit into each other."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The main picture: its properties as (kind, content, essential), and (start, length) of its parts in the file."""

    properties: tuple[tuple[bytes, bytes, bool], ...]
    parts: tuple[tuple[int, int], ...]


def main_picture(file: BinaryIO) -> Picture:
    """The picture that a file is opened with. Raises Broken."""
    try:
        meta = _meta(file)
        inner = dict(boxes(meta[4:]))
        number = _primary(inner[b"pitm"])
        properties = dict(boxes(inner[b"iprp"]))
        made = list(boxes(properties[b"ipco"]))
        chosen = _associated(properties[b"ipma"], number)
        own = tuple((*made[index - 1], essential) for index, essential in chosen if 0 < index <= len(made))
        return Picture(own, _located(inner[b"iloc"], number))
    except (struct.error, KeyError, IndexError) as error:
        raise Broken from error


def picture_sizes(file: BinaryIO) -> list[tuple[int, int]]:
    """(width, height) that the properties of the pictures name, in their order (ISO 23008-12, 6.5.3). Raises Broken."""
    properties = _first(_first(_meta(file)[4:], b"iprp"), b"ipco")
    return [struct.unpack_from(">II", content, 4) for kind, content in boxes(properties) if kind == b"ispe"]


def _first(data: bytes, wanted: bytes) -> bytes:
    """The content of the first box of a kind."""
    for kind, content in boxes(data):
        if kind == wanted:
            return content
    raise Broken


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of boxes that lie one behind another. Raises Broken."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        size = size or len(data) - at
        if size < head or at + size > len(data):
            raise Broken
        yield kind, data[at + head : at + size]
        at += size


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of these parts."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def _meta(file: BinaryIO) -> bytes:
    at = 0
    for _ in range(64):
        file.seek(at)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        length = 8
        if size == 1:
            size, length = struct.unpack_from(">Q", head, 8)[0], 16
        if kind == b"meta":
            if size > LARGEST:
                raise Broken
            file.seek(at + length)
            return file.read(size - length if size else LARGEST)
        if size < length:
            raise Broken
        at += size
    raise Broken


def _primary(pitm: bytes) -> int:
    return int(struct.unpack_from(">I" if pitm[0] else ">H", pitm, 4)[0])


def _associated(ipma: bytes, number: int) -> list[tuple[int, bool]]:
    """The properties of an item, counted from 1, and whether a reader must know them."""
    wide, long_index = ipma[0] > 0, ipma[3] & 1
    at = 8
    for _ in range(struct.unpack_from(">I", ipma, 4)[0]):
        item = struct.unpack_from(">I" if wide else ">H", ipma, at)[0]
        at += 4 if wide else 2
        count, at = ipma[at], at + 1
        step = 2 if long_index else 1
        found = [struct.unpack_from(">H" if long_index else ">B", ipma, at + step * index)[0] for index in range(count)]
        at += step * count
        if item == number:
            top = 0x8000 if long_index else 0x80
            return [(value & (top - 1), bool(value & top)) for value in found]
    return []


def _located(iloc: bytes, number: int) -> tuple[tuple[int, int], ...]:
    version = iloc[0]
    sizes = struct.unpack_from(">BB", iloc, 4)
    offset, length, base, index = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15
    at = 6
    count = struct.unpack_from(">I" if version == 2 else ">H", iloc, at)[0]
    at += 4 if version == 2 else 2

    def take(size: int) -> int:
        nonlocal at
        value = int.from_bytes(iloc[at : at + size], "big")
        at += size
        return value

    for _ in range(count):
        item = take(4 if version == 2 else 2)
        where = take(2) & 15 if version else 0
        take(2)
        start = take(base)
        parts = []
        for _ in range(take(2)):
            if version and index:
                take(index)
            parts.append((start + take(offset), take(length)))
            if at > len(iloc):
                raise Broken
        if item == number:
            return tuple(parts) if where == 0 else ()
    return ()
