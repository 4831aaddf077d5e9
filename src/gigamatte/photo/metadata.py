"""EXIF, XMP and IPTC of a photo, made to fit a picture that has been turned upright and cut out."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

import pyvips

from gigamatte.photo import exif

#: one block larger than this is not carried along
MAX_BLOCK = 4 << 20

EXIF, XMP, IPTC = "exif-data", "xmp-data", "iptc-data"
TITLES = {EXIF: "EXIF", XMP: "XMP", IPTC: "IPTC"}

_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))\s*[1-8]""")
#: a preview of the photo before it was cut
_XMP_PREVIEW = re.compile(rb"<(xmp:Thumbnails|photoshop:Thumbnails)\b[^>]*>.*?</\1\s*>", re.S)
_XMP_GPS = re.compile(rb"""\s+exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')|<exif:GPS(\w+)\b[^>]*>.*?</exif:GPS\1\s*>""", re.S)


def collect(image: pyvips.Image) -> tuple[dict[str, bytes], list[str]]:
    """The metadata blocks of an opened image by libvips' field names, orientation reset to upright; and warnings."""
    blocks: dict[str, bytes] = {}
    warnings: list[str] = []
    names = set(image.get_fields())
    # programs keep IPTC in a PNG as a text of this name, which libvips reads as a comment
    if any(name.startswith("png-comment-") and name.lower().endswith("raw profile type iptc") for name in names):
        warnings.append("the IPTC block of a PNG is not read: not carried along")
    for name, title in TITLES.items():
        if name not in names:
            continue
        block: bytes | None = bytes(image.get(name))
        if block is not None and len(block) > MAX_BLOCK:
            warnings.append(f"the {title} block has {len(block)} bytes, more than {MAX_BLOCK}: not carried along")
            continue
        if name == EXIF and block is not None:
            block = exif.upright(block)
        elif name == XMP and block is not None:
            block = _XMP_PREVIEW.sub(b"", _XMP_ORIENTATION.sub(rb"\g<1>1", block))
        elif name == IPTC and block is not None:
            block = _iptc_records(block)
        if block is None:
            warnings.append(f"the {title} block is broken: not carried along")
        elif block:
            blocks[name] = block
    return blocks, warnings


def without_position(blocks: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same metadata without where the photo was taken. An EXIF block that cannot be searched is left out."""
    kept = dict(blocks)
    if XMP in kept:
        kept[XMP] = _XMP_GPS.sub(b"", kept[XMP])
    if EXIF in kept:
        block = exif.without_position(kept.pop(EXIF))
        if block is not None:
            kept[EXIF] = block
    return kept


def sized(blocks: Mapping[str, bytes], width: int, height: int) -> dict[str, bytes]:
    """The same metadata for a result of this size. (libvips does this itself for the formats that it writes.)"""
    return {name: exif.resized(block, width, height) if name == EXIF else block for name, block in blocks.items()}


def attach(image: pyvips.Image, blocks: Mapping[str, bytes], *, format: str) -> pyvips.Image:
    """A copy of a lazy image that carries ``blocks``, IPTC dressed as ``format`` (jpeg, tiff, …) wants it."""
    image = image.copy()
    for name, block in blocks.items():
        dressed = block
        if name == IPTC and format == "jpeg":
            dressed = _photoshop_block(block)
        elif name == IPTC and format == "tiff":
            # libvips 8.18 hands the TIFF library a count of 4-byte words where it has come to expect bytes,
            # so only a quarter is written; readers skip zeros at the end
            dressed = block + bytes(3 * len(block))
        image.set_type(pyvips.GValue.blob_type, name, dressed)
    return image


def _iptc_records(block: bytes) -> bytes | None:
    """The plain IPTC records of a block: JPEG holds them among Photoshop's image resources (resource 0x0404).

    Empty when there are none, None when the resources are broken.
    """
    head = b"Photoshop 3.0\0"
    if not block.startswith(head):
        return block
    at = len(head)
    while at + 12 <= len(block):
        if block[at : at + 4] != b"8BIM":
            return None
        name = 1 + block[at + 6]  # a length byte and as many characters, padded to even
        at_size = at + 6 + name + name % 2
        if at_size + 4 > len(block):
            return None
        number, size = struct.unpack_from(">H", block, at + 4)[0], struct.unpack_from(">I", block, at_size)[0]
        data = block[at_size + 4 : at_size + 4 + size]
        if len(data) < size:
            return None
        if number == 0x0404:
            return data
        at = at_size + 4 + size + size % 2
    return b""


def _photoshop_block(records: bytes) -> bytes:
    padding = b"\0" * (len(records) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + padding
