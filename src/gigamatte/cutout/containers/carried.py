"""What a result carries besides pixels and profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from gigamatte.photo import metadata
from gigamatte.photo.exif import PREFIX

#: bytes that are moved at a time
PIECE = 4 << 20


@dataclass(frozen=True, slots=True)
class Carried:
    """Blocks that the format has a place for, empty where there is none, and pixels per millimetre, 0 where unsaid."""

    #: begins with the header of a TIFF
    exif: bytes = b""
    xmp: bytes = b""
    #: records, without Photoshop's frame
    iptc: bytes = b""
    #: Photoshop's resources of the result's own clipping path
    path: bytes = b""
    #: across, down
    resolution: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, blocks: Mapping[str, bytes], resolution: tuple[float, float]) -> Carried:
        """Of blocks by libvips' field names."""
        exif = blocks.get(metadata.EXIF, b"").removeprefix(PREFIX)
        xmp, iptc = blocks.get(metadata.XMP, b""), blocks.get(metadata.IPTC, b"")
        return cls(exif, xmp, iptc, resolution=resolution)

    @property
    def said(self) -> bool:
        """Whether a resolution is known."""
        return all(side > 0 for side in self.resolution)


def replace(file: BinaryIO, start: int, end: int, data: bytes) -> None:
    """Put ``data`` in the place of the bytes from ``start`` to ``end``; what follows moves, a piece at a time."""
    file.seek(0, 2)
    length, shift = file.tell(), len(data) - (end - start)
    pieces = range(end, length, PIECE) if shift else ()
    for at in reversed(pieces) if shift > 0 else pieces:
        file.seek(at)
        piece = file.read(min(PIECE, length - at))
        file.seek(at + shift)
        file.write(piece)
    file.seek(start)
    file.write(data)
    if shift < 0:
        file.truncate(length + shift)
