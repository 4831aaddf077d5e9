"""Finds the paths in a picture's file: in segments of a JPEG, in a tag of a TIFF, in the resources of a PSD."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from gigamatte.clipping import ClippingPath, OwnPaths
from gigamatte.photo import jpeg, tiff
from gigamatte.photo.paths import records
from gigamatte.photo.resources import MOST, Broken, Resource, resources
from gigamatte.photo.turn import Turn
from gigamatte.types import Size

#: resources that are looked through
MOST_RESOURCES = 100_000
_PSD = b"8BPS"
#: the largest side of a PSB
_LARGEST_SIDE = 300_000
_WANTED = frozenset((*records.SAVED, records.WORK, records.CLIPPING))


def own_paths(source: Any, stored: Size, orientation: int) -> OwnPaths:
    """The paths in a picture's file, turned upright with it.

    ``source``: a file's name or its bytes; what is none of them holds no paths. ``stored``: the picture's size before
    it is turned by EXIF's ``orientation``. What is broken in the file ends the list where it begins.
    """
    found: list[Resource] = []
    with contextlib.suppress(OSError), _opened(source) as file:
        found = _wanted(_block(file))
    paths, clipping = records.of_resources(found, stored)
    size = Turn.from_exif(orientation).size(stored)
    return OwnPaths(tuple(turned(one, stored, orientation) for one in paths), clipping, size)


def psd_size(head: bytes) -> Size | None:
    """The size of the picture in a PSD or PSB that begins so; None for other files."""
    if len(head) < 26 or not head.startswith(_PSD):
        return None
    height, width = struct.unpack_from(">II", head, 14)
    return Size(width, height) if 1 <= width <= _LARGEST_SIDE and 1 <= height <= _LARGEST_SIDE else None


def turned(path: ClippingPath, stored: Size, orientation: int) -> ClippingPath:
    """A path of a stored picture, in pixels of the upright one."""
    turn = Turn.from_exif(orientation)
    upright = turn.size(stored)
    subpaths = []
    for knots in path.subpaths:
        points = knots[..., ::-1].copy() if turn.transposed else knots.copy()
        if turn.mirrored_x:
            points[..., 0] = upright.width - points[..., 0]
        if turn.mirrored_y:
            points[..., 1] = upright.height - points[..., 1]
        subpaths.append(points)
    return ClippingPath(path.name, tuple(subpaths))


def _opened(source: Any) -> BinaryIO:
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(bytes(source))
    if isinstance(source, str | os.PathLike):
        return Path(os.fsdecode(source)).open("rb")
    return io.BytesIO()


def _block(file: BinaryIO) -> bytes:
    """The resources of a file, one after another; empty where it has none."""
    head = file.read(26)
    file.seek(0)
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg.photoshop_data(file, MOST)
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff.photoshop_data(file, MOST)
    if head.startswith(_PSD):
        return _of_psd(file)
    return b""


def _of_psd(file: BinaryIO) -> bytes:
    try:
        file.seek(26)
        file.seek(struct.unpack(">I", file.read(4))[0], 1)  # the palette
        length = struct.unpack(">I", file.read(4))[0]
    except struct.error:
        return b""
    return file.read(min(length, MOST))


def _wanted(block: bytes) -> list[Resource]:
    found: list[Resource] = []
    with contextlib.suppress(Broken):
        own = (one for one in islice(resources(block), MOST_RESOURCES) if one.number in _WANTED)
        found.extend(islice(own, len(_WANTED)))
    return found
