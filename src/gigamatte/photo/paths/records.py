"""Paths as Photoshop stores them: records of 26 bytes, which hold fractions of the picture's height and width.

(Adobe Photoshop File Formats Specification, November 2019, "Path resource format".)
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath, Knots
from gigamatte.photo.resources import Resource
from gigamatte.types import Size

#: resources that hold a path each, the one of the path in work, and the one that names the clipping path
SAVED, WORK, CLIPPING = range(2000, 2998), 1025, 2999
RECORD = 26
#: what a record is: the length of a closed or open subpath, its knots, the rules of filling
_CLOSED, _CLOSED_KNOTS, _OPEN, _OPEN_KNOTS, _FILL_RULE, _FIRST_FILL = 0, (1, 2), 3, (4, 5), 6, 8
_LINKED, _APART = 1, 2
#: what a subpath does to those before it
_ADD, _SUBTRACT = 1, 2
#: a fraction has 24 bits behind the point
_ONE = 1 << 24
#: characters of level 1 of GB 2312, and ASCII
_COMMON_CHINESE = re.compile(rb"(?:[\x20-\x7e]|[\xb0-\xd7][\xa1-\xfe])+")
#: control points that lie on one line through the anchor move together in editors: the sine of the angle between them
_ON_A_LINE = 0.02


def parse(name: str, data: bytes, size: Size) -> ClippingPath:
    """The path in a resource's data, for a stored picture of ``size`` pixels.

    Records of other kinds, knots without a subpath and subpaths without area are passed over; an open subpath is
    closed, as it is where it clips.
    """
    count = len(data) // RECORD
    records = np.frombuffer(data, np.uint8, count * RECORD).reshape(count, RECORD)
    kinds = np.ascontiguousarray(records[:, :2]).view(">i2")[:, 0].astype(np.int64)
    fractions = np.ascontiguousarray(records[:, 2:]).view(">i4").astype(np.float64) / _ONE
    # each point is stored y, x; before, anchor, after as here
    points = fractions.reshape(count, 3, 2)[..., ::-1] * (size.width, size.height)
    begins = np.flatnonzero((kinds == _CLOSED) | (kinds == _OPEN))
    is_knot = np.isin(kinds, (*_CLOSED_KNOTS, *_OPEN_KNOTS))
    ends = np.append(begins[1:], count)[: len(begins)]
    room = ends - begins > 2  # for two knots
    subpaths = []
    for start, end in zip(begins[room].tolist(), ends[room].tolist(), strict=True):
        promised = int.from_bytes(data[start * RECORD + 2 : start * RECORD + 4], "big")
        own = points[start + 1 : end][is_knot[start + 1 : end]][:promised]
        if len(own) >= 2:
            subpaths.append(np.array(own))
    return ClippingPath(name, tuple(subpaths))


def clipping_name(data: bytes) -> str:
    """The name in a resource 2999."""
    return text(data[1 : 1 + data[0]]) if data else ""


def text(name: bytes) -> str:
    """A name as it is stored: Photoshop for Mac and for Windows differ beyond ASCII, newer programs write UTF-8.

    What is only common characters of GB 2312 is Chinese. Zeros behind it, which some programs count as part of it, are
    left out.
    """
    name = name.rstrip(b"\0")
    with contextlib.suppress(UnicodeDecodeError):
        return name.decode("utf-8")
    if _COMMON_CHINESE.fullmatch(name):
        with contextlib.suppress(UnicodeDecodeError):
            return name.decode("gb2312")
    return name.decode("mac_roman")


def encode(path: ClippingPath, size: Size) -> tuple[Resource, Resource]:
    """The two resources of a path that cuts a picture of ``size`` pixels: its curves, and that they cut.

    The name is to be ASCII. Outer curves are to come before the holes in them: readers that obey the operations see
    then what those see that fill by the even-odd rule.
    """
    records = [struct.pack(">h24x", _FILL_RULE), struct.pack(">h24x", _FIRST_FILL)]
    for number, knots in enumerate(path.subpaths):
        operation = _ADD if area(knots) >= 0 else _SUBTRACT
        records.append(struct.pack(">hHhHI14x", _CLOSED, len(knots), operation, 1, number))
        records.append(_knots(knots, size))
    name = path.name.encode("ascii", "replace")[:255]
    cuts = bytes([len(name)]) + name + struct.pack(">IH", 0x10000, 1)  # flatness 1
    return Resource(SAVED.start, name, b"".join(records)), Resource(CLIPPING, b"", cuts)


def room(knots: int, subpaths: int, name: str) -> int:
    """Bytes that the two resources of a path take."""
    name_bytes = 2 * (1 + len(name)) + 2
    return 2 * 12 + name_bytes + 6 + RECORD * (2 + knots + subpaths) + 2


def area(knots: Knots) -> float:
    """The area within a curve's anchors, pixels: above zero where it runs clockwise as seen, which outer curves do."""
    x, y = knots[:, 1, 0], knots[:, 1, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _knots(knots: Knots, size: Size) -> bytes:
    fractions = knots[..., ::-1] / (size.height, size.width)
    stored = np.rint(np.clip(fractions, -127, 127) * _ONE).astype(">i4").reshape(len(knots), 6)
    records = np.zeros((len(knots), RECORD), np.uint8)
    records[:, 1] = np.where(_smooth(knots), _LINKED, _APART)
    records[:, 2:] = stored.view(np.uint8).reshape(len(knots), 24)
    return records.tobytes()


def _smooth(knots: Knots) -> NDArray[np.bool_]:
    before, after = knots[:, 1] - knots[:, 0], knots[:, 2] - knots[:, 1]
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    dot = np.sum(before * after, axis=1)
    smooth: NDArray[np.bool_] = (dot > 0) & (np.abs(cross) <= _ON_A_LINE * dot)
    return smooth


def of_resources(found: Sequence[Resource], size: Size) -> tuple[tuple[ClippingPath, ...], str | None]:
    """The paths among a file's resources, for a stored picture of ``size``, and the name of the one that clips."""
    paths = []
    clipping = None
    for one in found:
        if one.number in SAVED:
            paths.append(parse(text(one.name) or f"Path {one.number - SAVED.start + 1}", one.data, size))
        elif one.number == WORK:
            paths.append(parse("Work Path", one.data, size))
        elif one.number == CLIPPING:
            clipping = clipping_name(one.data) or None
    return tuple(paths), clipping
