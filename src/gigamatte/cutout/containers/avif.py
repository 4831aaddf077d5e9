"""An AVIF put together from colours and an alpha that were encoded each for itself.

libvips packs both with one quality, so that empty pixels become visible; here alpha is packed without loss.
(AV1 Image File Format 1.1, 2022; ISO 23008-12, 2022, clauses 6.4, 6.5 and 6.6.)
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from gigamatte.cutout.containers.carried import Carried
from gigamatte.photo.isobmff import box, main_picture

_COLOUR, _ALPHA, _EXIF, _XMP = 1, 2, 3, 4
_IS_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
_KEPT = (b"ispe", b"pixi", b"av1C", b"colr")


def write(file: BinaryIO, colour: bytes, alpha: bytes | None, carried: Carried) -> None:
    """Write the AVIF whose colours are those of the AVIF ``colour`` and whose alpha is the grey AVIF ``alpha``."""
    payloads = {_COLOUR: _payload(colour)}
    kinds = {_COLOUR: b"av01\0"}
    properties: list[bytes] = []
    chosen = {_COLOUR: _properties(colour, properties)}
    references = []
    if alpha is not None:
        payloads[_ALPHA], kinds[_ALPHA] = _payload(alpha), b"av01\0"
        chosen[_ALPHA] = [*_properties(alpha, properties, without=b"colr"), (len(properties) + 1, True)]
        properties.append(box(b"auxC", bytes(4), _IS_ALPHA))
        references.append(box(b"auxl", struct.pack(">HHH", _ALPHA, 1, _COLOUR)))
    if carried.exif:
        payloads[_EXIF], kinds[_EXIF] = bytes(4) + carried.exif, b"Exif\0"
    if carried.xmp:
        payloads[_XMP], kinds[_XMP] = carried.xmp, b"mime\0application/rdf+xml\0"
    references += (box(b"cdsc", struct.pack(">HHH", item, 1, _COLOUR)) for item in (_EXIF, _XMP) if item in payloads)

    meta = [
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), struct.pack(">H", _COLOUR)),
        b"",  # where everything lies: known when all the rest is
        box(b"iinf", bytes(4), struct.pack(">H", len(kinds)), *(_entry(item, kind) for item, kind in kinds.items())),
        *([box(b"iref", bytes(4), *references)] if references else []),
        box(b"iprp", box(b"ipco", *properties), _association(chosen)),
    ]
    head = colour[: struct.unpack_from(">I", colour)[0]]  # ftyp
    for _ in range(2):  # its length does not depend on what it says
        before = len(head) + 8 + sum(map(len, meta)) + 8
        meta[3] = _locations(payloads, before)
    file.write(head + box(b"meta", *meta))
    file.write(struct.pack(">I4s", 8 + sum(map(len, payloads.values())), b"mdat"))
    for payload in payloads.values():
        file.write(payload)


def _payload(avif: bytes) -> bytes:
    return b"".join(avif[start : start + length] for start, length in main_picture(io.BytesIO(avif)).parts)


def _properties(avif: bytes, made: list[bytes], without: bytes = b"") -> list[tuple[int, bool]]:
    """Add the properties of a picture to ``made``: their numbers, and whether a reader must know them."""
    chosen = []
    for kind, content, essential in main_picture(io.BytesIO(avif)).properties:
        if kind in _KEPT and kind != without:
            made.append(box(kind, content))
            chosen.append((len(made), essential))
    return chosen


def _entry(item: int, kind: bytes) -> bytes:
    # type, then the name, which is empty; a content type follows it
    return box(b"infe", b"\2\0\0\0", struct.pack(">HH", item, 0), kind[:4], b"\0", kind[5:])


def _association(chosen: dict[int, list[tuple[int, bool]]]) -> bytes:
    rows = (
        struct.pack(">HB", item, len(numbers)) + bytes(number | (0x80 if must else 0) for number, must in numbers)
        for item, numbers in chosen.items()
    )
    return box(b"ipma", bytes(4), struct.pack(">I", len(chosen)), *rows)


def _locations(payloads: dict[int, bytes], start: int) -> bytes:
    rows = b""
    for item, payload in payloads.items():
        rows += struct.pack(">HHHII", item, 0, 1, start, len(payload))
        start += len(payload)
    return box(b"iloc", bytes(4), struct.pack(">BBH", 0x44, 0, len(payloads)), rows)
