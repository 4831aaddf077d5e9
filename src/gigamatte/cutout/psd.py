"""Photoshop files: the photo as a layer, its alpha as that layer's editable mask, and a merged picture for viewers.

Written strip by strip: each channel grows in a scratch file of its own, because the format wants channels one after
another and their lengths first. (Adobe Photoshop File Formats Specification, November 2019.)
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

import numpy as np

from gigamatte.cutout.compose import on_white
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.psd_planes import PackedPlane, RawPlane, ZippedPlane, writing
from gigamatte.ending import Pool
from gigamatte.errors import UsageError
from gigamatte.photo.resources import Resource
from gigamatte.types import Depth, PixelArray, Size

#: beyond this many pixels a side, or bytes, Photoshop wants its large format (PSB)
LARGEST_SIDE, LARGEST_FILE = 30_000, 1_900_000_000
#: pixels that are packed at a time
PIECE = 1_000_000
#: channel numbers of a layer
_OPACITY, _MASK = -1, -2


def is_large(size: Size, bits: int) -> bool:
    """Whether a picture needs the large format, PSB."""
    return size.long > LARGEST_SIDE or size.pixels * 9 * bits // 8 > LARGEST_FILE


def write_psd(
    strips: Iterable[PixelArray],
    size: Size,
    bands: int,
    bits: int,
    file: BinaryIO,
    *,
    icc: bytes | None,
    carried: Carried,
    threads: int,
) -> int:
    """Write RGB or RGBA ``strips`` (row, column, band) as one layer; the alpha becomes its mask.

    Returns the bytes of scratch space that its channels took on the way.

    RGB is the layer's colour everywhere, also where alpha is 0: painting on the mask brings it back.
    Raises UsageError for other bands, WriteError when the disk is full, and what drawing a strip raises.
    """
    if bands not in (3, 4):
        raise UsageError("a Photoshop file here holds a cutout, not a single channel", "choose --format png or tiff")
    large = is_large(size, bits)
    with contextlib.ExitStack() as stack:
        numbers = (_OPACITY, 0, 1, 2, *((_MASK,) if bands == 4 else ()))
        layer = {number: ZippedPlane(stack, predicted=bits == 8) for number in numbers}
        merged = [PackedPlane(stack, large) if bits == 8 else RawPlane(stack) for _ in range(bands)]
        with Pool(max(1, threads)) as pool:
            rows, step = 0, max(1, PIECE // size.width)
            for strip in strips:
                rows += len(strip)
                _check(strip, size, bands, bits, rows)
                for top in range(0, len(strip), step):
                    _add(strip[top : top + step], layer, merged, pool)
        if rows != size.height:
            raise ValueError(f"the strips have {rows} rows, the picture has {size.height}")
        with writing():
            file.write(_header(size, bands, bits, large))
            file.write(_resources(icc, carried))
            _write_layer(file, size, bits, layer, large)
            _write_merged(file, merged)
            file.flush()
        return sum(plane.scratch_bytes for plane in layer.values()) + sum(plane.scratch_bytes for plane in merged)


def _check(strip: PixelArray, size: Size, bands: int, bits: int, rows: int) -> None:
    fits = strip.shape[1:] == (size.width, bands) and strip.dtype.itemsize * 8 == bits and rows <= size.height
    if not fits:
        raise ValueError(
            f"a strip of {strip.dtype} {strip.shape} does not fit into {size} pixels of {bands}×{bits} bits"
        )


def _add(
    strip: PixelArray,
    layer: Mapping[int, ZippedPlane],
    merged: Sequence[PackedPlane | RawPlane],
    pool: Pool,
) -> None:
    full = Depth.of(strip).full
    planes: dict[int, PixelArray] = {number: strip[..., number].copy() for number in range(3)}
    planes[_OPACITY] = np.full_like(planes[0], full)
    flat = strip
    if _MASK in layer:
        planes[_MASK] = strip[..., 3].copy()
        flat = on_white(strip, int(full))  # as Photoshop stores the merged picture of a transparent document
    jobs = [pool.submit(plane.add, planes[number]) for number, plane in layer.items()]
    jobs += [pool.submit(plane.add, flat[..., band].copy()) for band, plane in enumerate(merged)]
    for job in jobs:
        job.result()


def _header(size: Size, bands: int, bits: int, large: bool) -> bytes:
    rgb = 3
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, bands, size.height, size.width, bits, rgb)
    return head + struct.pack(">I", 0)


def _resources(icc: bytes | None, carried: Carried) -> bytes:
    parts = {1028: carried.iptc, 1039: icc, 1058: carried.exif, 1060: carried.xmp}
    if carried.said:
        across, down = (round(side * 25.4 * 65536) for side in carried.resolution)
        parts[1005] = struct.pack(">IHHIHH", across, 1, 1, down, 1, 1)
    body = b"".join(Resource(number, b"", data).encoded() for number, data in sorted(parts.items()) if data)
    body += carried.path
    return struct.pack(">I", len(body)) + body


def _write_layer(file: BinaryIO, size: Size, bits: int, layer: Mapping[int, ZippedPlane], large: bool) -> None:
    wide = "Q" if large else "I"
    lengths = {number: plane.finish() for number, plane in layer.items()}
    frame = struct.pack(">4i", 0, 0, size.height, size.width)
    channels = b"".join(struct.pack(f">h{wide}", number, length) for number, length in lengths.items())
    name = "photo"
    mask = struct.pack(">I", 20) + frame + bytes(4) if _MASK in layer else struct.pack(">I", 0)
    unicode_name = struct.pack(">4s4sII", b"8BIM", b"luni", 4 + 2 * len(name) + 2, len(name)) + name.encode("utf-16-be")
    extra = mask + struct.pack(">I", 0) + struct.pack(">B", len(name)) + name.encode() + bytes(-(1 + len(name)) % 4)
    extra += unicode_name + bytes(2)
    record = frame + struct.pack(">H", len(lengths)) + channels
    record += struct.pack(">4s4sBBBBI", b"8BIM", b"norm", 255, 0, 0, 0, len(extra)) + extra
    # minus: the merged picture's fourth channel is transparency
    body = struct.pack(">h", -1 if _MASK in layer else 1) + record
    length = len(body) + sum(lengths.values())
    padding = -length % 4
    length += padding
    if bits == 8:
        # length of the section, length of the layers, the layers, no global mask
        file.write(struct.pack(f">{wide}{wide}", struct.calcsize(f">{wide}") + length + 4, length))
    else:
        # deep layers live in a block of their own behind an empty list
        tag = struct.pack(f">4s4s{wide}", b"8BIM", b"Lr16", length)
        empty = struct.pack(f">{wide}I", 0, 0)
        file.write(struct.pack(f">{wide}", len(empty) + len(tag) + length) + empty + tag)
    file.write(body)
    for plane in layer.values():
        plane.copy_to(file)
    file.write(bytes(padding))
    if bits == 8:
        file.write(struct.pack(">I", 0))


def _write_merged(file: BinaryIO, merged: Sequence[PackedPlane | RawPlane]) -> None:
    file.write(struct.pack(">H", merged[0].packing))
    for plane in merged:
        file.write(plane.lengths())
    for plane in merged:
        plane.copy_to(file)
