"""Files with Photoshop paths, byte by byte: what the readers here are tested with was not made by the writers here.

(Adobe Photoshop File Formats Specification, November 2019.)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

#: corners as x, y in parts of the stored picture's width and height
Corners = Sequence[tuple[float, float]]


def resource(number: int, name: bytes, data: bytes) -> bytes:
    """One image resource; the name with its length byte and the data are padded to even."""
    padded = bytes([len(name)]) + name
    padded += b"\0" if len(padded) % 2 else b""
    return b"8BIM" + struct.pack(">H", number) + padded + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def polygons(*shapes: Corners, open_ends: bool = False, operation: int = 1) -> bytes:
    """A path's records: straight lines through corners, each a knot whose control points lie on it."""
    records = [struct.pack(">H24x", 6), struct.pack(">HH22x", 8, 0)]
    for number, corners in enumerate(shapes):
        records.append(struct.pack(">HHhHI14x", 3 if open_ends else 0, len(corners), operation, 1, number))
        for x, y in corners:
            place = (round(y * 2**24), round(x * 2**24))
            records.append(struct.pack(">H6i", 5 if open_ends else 2, *place * 3))
    return b"".join(records)


def clipping(name: bytes) -> bytes:
    """The data of resource 2999."""
    return bytes([len(name)]) + name + struct.pack(">IH", 0x10000, 1)


def in_jpeg(jpeg: bytes, block: bytes, pieces: int = 1) -> bytes:
    """A JPEG with resources in so many APP13 segments behind its first marker; a resource may be torn apart."""
    step = -(-len(block) // pieces)
    segments = b""
    for start in range(0, len(block), step):
        body = b"Photoshop 3.0\0" + block[start : start + step]
        segments += struct.pack(">BBH", 0xFF, 0xED, len(body) + 2) + body
    return jpeg[:2] + segments + jpeg[2:]


def in_tiff(tiff: bytes, block: bytes) -> bytes:
    """A little-endian TIFF with resources in tag 34377: its first directory is copied to the end, one entry more."""
    at = struct.unpack_from("<I", tiff, 4)[0]
    count = struct.unpack_from("<H", tiff, at)[0]
    entries = [tiff[at + 2 + 12 * number : at + 14 + 12 * number] for number in range(count)]
    data = tiff + b"\0" * (len(tiff) % 2)
    entries.append(struct.pack("<HHII", 34377, 1, len(block), len(data)))
    data += block + b"\0" * (len(block) % 2)
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    table = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return tiff[:4] + struct.pack("<I", len(data)) + data[8:] + table


def psd(width: int, height: int, block: bytes, *, large: bool = False) -> bytes:
    """A flat white RGB document of 8 bits with these resources; ``large``: as PSB."""
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, 3, height, width, 8, 3)
    body = struct.pack(">I", 0) + struct.pack(">I", len(block)) + block + bytes(8 if large else 4)
    return head + body + struct.pack(">H", 0) + b"\xff" * (3 * width * height)
