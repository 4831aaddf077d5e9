"""Small colour profiles whose effect can be computed by hand (ICC.1:2001-04, version 2)."""

from __future__ import annotations

import struct

import pyvips


def swapped_srgb() -> bytes:
    """sRGB with red and green exchanged: a picture that carries it shows its red channel as green."""
    profile = bytearray(pyvips.Operation.call("profile_load", "srgb"))
    where = {}
    for index in range(struct.unpack_from(">I", profile, 128)[0]):
        tag, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        where[tag] = offset
    red, green = where[b"rXYZ"], where[b"gXYZ"]
    profile[red : red + 20], profile[green : green + 20] = profile[green : green + 20], profile[red : red + 20]
    return bytes(profile)


def cmyk() -> bytes:
    """A common CMYK profile."""
    return bytes(pyvips.Operation.call("profile_load", "cmyk"))


def linear_grey() -> bytes:
    """Grey whose values are proportional to light."""
    white = struct.pack(">4sIiii", b"XYZ ", 0, 63190, 65536, 54061)
    curve = struct.pack(">4sIIH", b"curv", 0, 1, 256) + bytes(2)
    text = b"text" + bytes(4) + b"none\0" + bytes(3)
    description = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78) + bytes(1)
    tags = ((b"desc", description), (b"cprt", text), (b"wtpt", white), (b"kTRC", curve))
    table, data = struct.pack(">I", len(tags)), b""
    for tag, body in tags:
        table += struct.pack(">4sII", tag, 128 + 4 + 12 * len(tags) + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    header = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", header, 0, 128 + len(table) + len(data), b"none", 0x02100000, *_GREY)
    header[36:40] = b"acsp"
    struct.pack_into(">iii", header, 68, 63190, 65536, 54061)
    return bytes(header) + table + data


_GREY = (b"mntr", b"GRAY", b"XYZ ")
