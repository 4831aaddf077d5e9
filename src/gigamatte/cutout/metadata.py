"""Chooses the metadata of a photo that its result keeps: what the format can store, shortened where it must be."""

from __future__ import annotations

import dataclasses

from gigamatte.clipping import ClippingPath
from gigamatte.cutout.containers import jpeg
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.encode import CONTAINERS
from gigamatte.cutout.raster import Extras
from gigamatte.options import Format
from gigamatte.photo import metadata, xmp
from gigamatte.photo.exif import Exif
from gigamatte.photo.paths.records import encode
from gigamatte.types import Size


def carried(extras: Extras, format: Format, size: Size) -> tuple[Carried, list[str]]:
    """What a result of this format and size carries of ``extras``, and a warning for all that it does not."""
    along, warnings = _of_photo(extras, format, size)
    if extras.path is not None and extras.path.subpaths:
        along = _with_path(along, extras.path, size, format, warnings)
    return along, warnings


def _of_photo(extras: Extras, format: Format, size: Size) -> tuple[Carried, list[str]]:
    if extras.strip:
        return Carried(resolution=extras.resolution), []
    blocks = metadata.without_position(extras.blocks) if extras.strip_gps else extras.blocks
    container = CONTAINERS[format]
    fitting, warnings = metadata.sized(blocks, size, moved=extras.moved)
    for name in [name for name in fitting if name not in container.blocks]:
        warnings.append(f"{container.title} files have no place for {metadata.TITLES[name]} here: left out")
        del fitting[name]
    if format == "tiff" and metadata.EXIF in fitting:
        fitting[metadata.EXIF] = _without_note(fitting[metadata.EXIF], container.title, warnings)
    if format == "jpeg":
        _into_segments(fitting, warnings)
    return Carried.of({name: block for name, block in fitting.items() if block}, extras.resolution), warnings


def _with_path(along: Carried, path: ClippingPath, size: Size, format: Format, warnings: list[str]) -> Carried:
    """What is carried, and a clipping path in the pixels of a result of this ``size``."""
    block = b"".join(one.encoded() for one in encode(path, size))
    if format == "jpeg" and along.iptc and len(block) + len(along.iptc) > jpeg.LARGEST_IPTC:
        warnings.append("IPTC and the path do not fit into one segment of a JPEG: some programs see the path alone")
    return dataclasses.replace(along, path=block)


def _without_note(block: bytes, title: str, warnings: list[str]) -> bytes:
    """The maker's note counts from the beginning of its block, and a TIFF has no block of its own for EXIF."""
    exif = Exif.parse(block)
    if exif is None or not exif.drop_note():
        return block
    warnings.append(f"{title} files have no place for the maker's note here: left out")
    return exif.data()


def _into_segments(blocks: dict[str, bytes], warnings: list[str]) -> None:
    """Only what fits into the segments of a JPEG, the longest left out first."""
    exif = Exif.parse(blocks.get(metadata.EXIF, b""))
    while exif is not None and not exif.empty and len(exif.data()) - 6 > jpeg.LARGEST_EXIF:
        lost = exif.drop_longest()
        warnings.append(f"EXIF of a JPEG holds 64 kB: {lost} was left out")
        blocks[metadata.EXIF] = b"" if exif.empty else exif.data()
    packet = blocks.get(metadata.XMP, b"")
    if len(packet) > jpeg.LARGEST_XMP and xmp.divided(packet, jpeg.LARGEST_XMP) is None:
        warnings.append(f"XMP of a JPEG holds 64 kB in one piece, this has {len(packet)} bytes: left out")
        del blocks[metadata.XMP]
    if len(blocks.get(metadata.IPTC, b"")) > jpeg.LARGEST_IPTC:
        warnings.append("IPTC of a JPEG holds 64 kB: left out")
        del blocks[metadata.IPTC]
