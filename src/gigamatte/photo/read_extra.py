"""Chooses, by format, the reader for the facts of a file that libvips does not report."""

from __future__ import annotations

import io

import pyvips

from gigamatte.photo import cicp, formats, jpeg, metadata, png
from gigamatte.photo.extra_fields import ExtraFields
from gigamatte.photo.fields import has_field
from gigamatte.photo.resources import HEAD, MOST

#: libvips' name for the resources of a TIFF
_PHOTOSHOP = "photoshop-data"


def extra_fields_of(kind: formats.Kind, data: bytes | str, header: pyvips.Image, *, encoded: bool) -> ExtraFields:
    """What the file says of its colours without a profile, and in metadata.

    ``data``: the bytes of the file (``encoded``), or its path.
    """
    if kind is formats.TIFF and has_field(header, _PHOTOSHOP) and not has_field(header, metadata.IPTC):
        return _iptc(bytes(header.get(_PHOTOSHOP)))  # a tag of its own is the usual place
    iptc = kind is formats.JPEG and has_field(header, metadata.IPTC)
    if kind not in (formats.PNG, formats.AVIF) and not iptc:
        return ExtraFields()
    profile = has_field(header, "icc-profile-data")
    try:
        with io.BytesIO(data) if encoded and isinstance(data, bytes) else open(data, "rb") as file:
            if kind is formats.PNG:
                return png.read_extra(file, profile=profile)
            if iptc:
                return _iptc(jpeg.photoshop_data(file, MOST))  # libvips knows the first segment alone
            code = None if profile else cicp.of_heif(file)
    except OSError:
        return ExtraFields()  # libvips will report the error
    made, warning = code.profile(1 if header.bands < 3 else 3) if code is not None else (None, "")
    return ExtraFields({"icc-profile-data": made} if made is not None else {}, warnings=[warning] if warning else [])


def _iptc(resources: bytes) -> ExtraFields:
    """IPTC's records of Photoshop's resources; nothing where these are broken before them."""
    records = metadata.iptc_records(HEAD + resources)
    return ExtraFields({} if records is None else {metadata.IPTC: records})
