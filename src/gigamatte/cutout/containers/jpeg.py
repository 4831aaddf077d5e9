"""EXIF, XMP, IPTC, clipping path and resolution of a JPEG, in its application segments of at most 64 kB.

(JFIF 1.02, 1992; EXIF 2.32, clause 4.7.2; Adobe, XMP Specification Part 3, 2020, section 1.1.3.)
"""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO

from gigamatte.cutout.containers.carried import Carried, replace
from gigamatte.photo import xmp
from gigamatte.photo.exif import PREFIX
from gigamatte.photo.resources import HEAD, IPTC, Resource

#: bytes of a segment behind its length
SEGMENT = 65533
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
#: largest blocks that fit: EXIF, and the main packet of XMP
LARGEST_EXIF, LARGEST_XMP, LARGEST_IPTC = SEGMENT - len(PREFIX), SEGMENT - len(_XMP), SEGMENT - 28
_PIECE = 65400
_APP0, _APP1, _APP2, _APP13 = 0xE0, 0xE1, 0xE2, 0xED


def complete(file: BinaryIO, carried: Carried) -> None:
    """Put what is carried before the pixels of the JPEG in ``file``; all of it fits (see ``fitted``)."""
    file.seek(2)
    kept = []
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if not _APP0 <= marker & 0xFF <= 0xEF:
            break
        body = file.read(length - 2)
        if marker & 0xFF == _APP2:  # the profile
            kept.append((_APP2, body))
    end = file.tell() - 4
    segments = [(_APP0, _jfif(carried))]
    if carried.exif:
        segments.append((_APP1, PREFIX + carried.exif))
    if carried.xmp:
        segments += ((_APP1, part) for part in _packets(carried.xmp))
    segments += kept
    segments += ((_APP13, part) for part in _resources(carried))
    head = b"".join(struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in segments)
    replace(file, 2, end, head)


def _jfif(carried: Carried) -> bytes:
    if not carried.said:
        return b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 0, 1, 1, 0, 0)  # no unit: only the pixels' aspect
    across, down = (side * 25.4 for side in carried.resolution)
    if max(abs(side - round(side)) for side in (across, down)) < 0.01 and max(across, down) < 65535:
        return b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 1, round(across), round(down), 0, 0)
    across, down = (min(65535, max(1, round(side * 10))) for side in carried.resolution)  # per centimetre
    return b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 2, across, down, 0, 0)


def _resources(carried: Carried) -> list[bytes]:
    """IPTC and the path in one segment, where they fit: libvips and Pillow see no other."""
    iptc = Resource(IPTC, b"", carried.iptc).encoded() if carried.iptc else b""
    both = iptc + carried.path
    parts = [both] if len(HEAD) + len(both) <= SEGMENT else [carried.path, iptc]
    return [HEAD + part for part in parts if part]


def _packets(packet: bytes) -> list[bytes]:
    if len(packet) <= LARGEST_XMP:
        return [_XMP + packet]
    both = xmp.divided(packet, LARGEST_XMP)
    if both is None:
        return []
    main, rest = both
    head = _EXTENSION + hashlib.md5(rest, usedforsecurity=False).hexdigest().upper().encode()
    return [
        _XMP + main,
        *(
            head + struct.pack(">II", len(rest), at) + rest[at : at + _PIECE - len(head) - 8]
            for at in range(0, len(rest), _PIECE - len(head) - 8)
        ),
    ]
