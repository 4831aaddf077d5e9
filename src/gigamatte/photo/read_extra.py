"""Chooses, by format, the reader for the facts of a file that libvips does not report."""

from __future__ import annotations

import io
from typing import BinaryIO

import pyvips

from gigamatte.photo import cicp, formats, jpeg, metadata, png
from gigamatte.photo.extra_fields import ExtraFields
from gigamatte.photo.fields import has_field
from gigamatte.photo.resources import HEAD, MOST


def extra_fields_of(kind: formats.Kind, data: bytes | str, header: pyvips.Image, *, encoded: bool) -> ExtraFields:
    """What the file says of its colours without a profile, and in metadata.

    ``data``: the bytes of the file (``encoded``), or its path.
    """
    resources = kind is formats.JPEG and has_field(header, metadata.IPTC)
    if kind not in (formats.PNG, formats.AVIF) and not resources:
        return ExtraFields()
    profile = has_field(header, "icc-profile-data")
    try:
        with io.BytesIO(data) if encoded and isinstance(data, bytes) else open(data, "rb") as file:
            if kind is formats.PNG:
                return png.read_extra(file, profile=profile)
            if resources:
                return _iptc(file)
            code = None if profile else cicp.of_heif(file)
    except OSError:
        return ExtraFields()  # libvips will report the error
    made, warning = code.profile(1 if header.bands < 3 else 3) if code is not None else (None, "")
    return ExtraFields({"icc-profile-data": made} if made is not None else {}, warnings=[warning] if warning else [])


def _iptc(file: BinaryIO) -> ExtraFields:
    """IPTC's records, wherever they lie among the resources of a JPEG: libvips knows the first segment alone."""
    records = metadata.iptc_records(HEAD + jpeg.photoshop_data(file, MOST))
    return ExtraFields({} if records is None else {metadata.IPTC: records})
