"""APNG and GIF, written frame by frame: two frames are held at a time, however many there are.

Pillow encodes each frame as a picture of its own; here its compressed pixels get the frame's heads. Equal neighbours
become one frame, which is shown as long as both.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from PIL import Image, ImageChops

#: milliseconds that one frame may be shown: two bytes count them in APNG
LONGEST = 65_535
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Timed = tuple[Image.Image, int]


def merged(images: Iterable[Image.Image], durations: Iterable[int]) -> Iterator[Timed]:
    """(frame, milliseconds), equal neighbours as one."""
    held: Timed | None = None
    for image, duration in zip(images, durations, strict=True):
        if held is not None and held[1] + duration <= LONGEST and _same(held[0], image):
            held = held[0], held[1] + duration
            continue
        if held is not None:
            yield held
        held = image, duration
    if held is not None:
        yield held


def write_apng(frames: Iterable[Timed], file: BinaryIO, *, loop: int) -> None:
    """APNG of frames of one mode (L, RGB or RGBA); each replaces the one before (PNG, 3rd edition, 11.3.4)."""
    count = sequence = head_end = 0
    before: Image.Image | None = None
    for image, duration in frames:
        box = (0, 0, *image.size) if before is None else _changed(before, image)
        before = image
        part = image if count == 0 else image.crop(box)
        chunks = list(_png_chunks(part))
        if count == 0:
            file.write(_SIGNATURE)
            _chunk(file, b"IHDR", next(data for name, data in chunks if name == b"IHDR"))
            head_end = file.tell()
            _chunk(file, b"acTL", struct.pack(">II", 0, loop))
        control = struct.pack(">IIIIIHHBB", sequence, *part.size, box[0], box[1], duration, 1000, 0, 0)
        _chunk(file, b"fcTL", control)
        sequence += 1
        for data in (data for name, data in chunks if name == b"IDAT"):
            if count == 0:
                _chunk(file, b"IDAT", data)
            else:
                _chunk(file, b"fdAT", struct.pack(">I", sequence) + data)
                sequence += 1
        count += 1
    _chunk(file, b"IEND", b"")
    # how many there are is known now
    file.seek(head_end)
    _chunk(file, b"acTL", struct.pack(">II", count, loop))
    file.seek(0, io.SEEK_END)


def write_gif(frames: Iterable[Timed], file: BinaryIO, *, loop: int) -> None:
    """GIF (89a) of frames of mode P, each with a palette whose entry 255 is seen through; none leaves anything."""
    begun = False
    for image, duration in frames:
        if not begun:
            file.write(b"GIF89a" + struct.pack("<HHBBB", *image.size, 0x70, 0, 0))
            if loop != 1:  # it counts repetitions
                file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", 0 if loop == 0 else loop - 1, 0))
            begun = True
        palette, data = _gif_parts(image)
        file.write(b"!\xf9\x04" + struct.pack("<BHBB", 2 << 2 | 1, duration // 10, 255, 0))
        file.write(b"," + struct.pack("<HHHHB", 0, 0, *image.size, 0x87) + palette + data)
    file.write(b";")


def _png_chunks(image: Image.Image) -> Iterator[tuple[bytes, bytes]]:
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=6)
    data, at = encoded.getbuffer(), len(_SIGNATURE)
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, bytes(data[at + 8 : at + 8 + length])
        at += length + 12


def _chunk(file: BinaryIO, name: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))


def _gif_parts(image: Image.Image) -> tuple[bytes, bytes]:
    """(palette of 256 colours, the compressed pixels with the size of their codes)."""
    encoded = io.BytesIO()
    image.save(encoded, "GIF", optimize=False, interlace=False)
    data = encoded.getvalue()
    table = data[10] & 7
    at = 13 + 3 * (2 << table)
    palette = data[13:at].ljust(768, b"\0")
    while data[at] == 0x21:  # extensions: blocks of a length each, until one of none
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    return palette, data[at + 10 : -1]


def _same(one: Image.Image, other: Image.Image) -> bool:
    palettes = one.mode != "P" or one.getpalette() == other.getpalette()
    return palettes and one.tobytes() == other.tobytes()


def _changed(before: Image.Image, image: Image.Image) -> tuple[int, int, int, int]:
    """The box of what differs; a pixel where nothing does."""
    difference = ImageChops.subtract_modulo(image, before)
    return difference.getbbox(alpha_only=False) or (0, 0, 1, 1)
