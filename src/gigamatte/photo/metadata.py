"""EXIF, XMP and IPTC of a photo, made to fit a picture that has been turned upright and cut out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyvips

#: one block larger than this is not carried along
MAX_BLOCK = 4 << 20

_BLOCKS = {"exif-data": "EXIF", "xmp-data": "XMP", "iptc-data": "IPTC"}
#: libvips' number of the EXIF directory with the position
_GPS = "exif-ifd3-"
#: the embedded preview shows the background that was cut away, so it never goes along
_THUMBNAIL = ("exif-ifd1-", "jpeg-thumbnail-data")

_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>))\s*[1-8]""")
_XMP_GPS = re.compile(rb"""\s+exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')|<exif:GPS(\w+)\b[^>]*>.*?</exif:GPS\1\s*>""", re.S)


def collect(image: pyvips.Image) -> tuple[dict[str, Any], list[str]]:
    """The metadata of an opened image by libvips' field names, orientation reset to upright; and warnings."""
    fields: dict[str, Any] = {}
    warnings: list[str] = []
    names = set(image.get_fields())
    for name, title in _BLOCKS.items():
        if name not in names:
            continue
        block = image.get(name)
        if len(block) > MAX_BLOCK:
            warnings.append(f"the {title} block has {len(block)} bytes, more than {MAX_BLOCK}: not carried along")
        else:
            fields[name] = block
    if "xmp-data" in fields:
        fields["xmp-data"] = _XMP_ORIENTATION.sub(rb"\g<1>1", fields["xmp-data"])
    if "exif-data" in fields:
        fields |= {name: image.get(name) for name in names if _is_exif_entry(name)}
        fields["exif-ifd0-Orientation"] = "1"
    return fields, warnings


def without_position(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same metadata without where the photo was taken."""
    kept = {name: value for name, value in fields.items() if not name.startswith(_GPS)}
    if "xmp-data" in kept:
        kept["xmp-data"] = _XMP_GPS.sub(b"", kept["xmp-data"])
    return kept


def attach(image: pyvips.Image, fields: Mapping[str, Any]) -> pyvips.Image:
    """A copy of a lazy image that carries ``fields``; libvips writes the blocks its format has a place for."""
    image = image.copy()
    for name, value in fields.items():
        if isinstance(value, bytes):
            image.set_type(pyvips.GValue.blob_type, name, value)
        else:
            image.set_type(pyvips.GValue.refstr_type, name, value)
    if fields:
        image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    return image


def _is_exif_entry(name: str) -> bool:
    return name.startswith("exif-ifd") and not name.startswith(_THUMBNAIL)
