"""Reads protobuf's wire format field by field, without copying; every length is checked against the data."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

Buffer = bytes | mmap.mmap
Span = tuple[int, int]


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """(number, where the next field begins). Raises IndexError when it runs out of its field."""
    value = shift = 0
    while True:
        if at >= end or shift > 63:
            raise IndexError("varint runs out of its field")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: Buffer, span: Span) -> Iterator[tuple[int, int, Span]]:
    """(field number, value of a varint, span of a length-delimited field) of one message; the other one is 0.

    Raises IndexError where the message ends too soon.
    """
    at, end = span
    while at < end:
        key, at = varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at, end)
            yield number, value, (0, 0)
            continue
        if wire == 2:
            length, at = varint(data, at, end)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise IndexError(f"wire type {wire}")
        if number == 0 or at + length > end:
            raise IndexError("field runs out of its message")
        yield number, 0, (at, at + length)
        at += length


def text(data: Buffer, span: Span) -> str:
    """The characters of a span. Raises UnicodeDecodeError."""
    return data[span[0] : span[1]].decode("utf-8")
