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

from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.layers import Beneath, Laid
from gigamatte.cutout.pixels import on_white
from gigamatte.cutout.psd_planes import PackedPlane, RawPlane, ZippedPlane, writing
from gigamatte.errors import UsageError
from gigamatte.photo.resources import Resource
from gigamatte.thread_exit import Pool
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
    below: Sequence[Beneath] = (),
) -> int:
    """Write RGB or RGBA ``strips`` (row, column, band) as one layer; the alpha becomes its mask.

    ``below``, from top to bottom, are layers of one colour beneath it; a strip of RGBA has one band more for the alpha
    of each, which becomes that layer's own transparency.

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
        lower = [{number: ZippedPlane(stack, predicted=bits == 8) for number in range(_OPACITY, 3)} for _ in below]
        merged = [PackedPlane(stack, large) if bits == 8 else RawPlane(stack) for _ in range(bands)]
        with Pool(max(1, threads)) as pool:
            rows, step = 0, max(1, PIECE // size.width)
            for strip in strips:
                rows += len(strip)
                _check(strip, size, bands + len(below), bits, rows)
                for top in range(0, len(strip), step):
                    part = strip[top : top + step]
                    _add(part[..., :bands], _together(part, below), layer, merged, pool)
                    for number, one in enumerate(below):
                        _add_plain(part[..., bands + number], one, lower[number], pool)
        if rows != size.height:
            raise ValueError(f"the strips have {rows} rows, the picture has {size.height}")
        with writing():
            file.write(_header(size, bands, bits, large))
            file.write(_resources(icc, carried))
            names = [*(one.name for one in reversed(below)), "photo"]
            _write_layers(file, size, bits, list(zip(names, [*reversed(lower), layer], strict=True)), large)
            _write_merged(file, merged)
            file.flush()
        planes = [plane for one in (*lower, layer) for plane in one.values()]
        return sum(plane.scratch_bytes for plane in (*planes, *merged))


def _check(strip: PixelArray, size: Size, bands: int, bits: int, rows: int) -> None:
    fits = strip.shape[1:] == (size.width, bands) and strip.dtype.itemsize * 8 == bits and rows <= size.height
    if not fits:
        raise ValueError(
            f"a strip of {strip.dtype} {strip.shape} does not fit into {size} pixels of {bands}×{bits} bits"
        )


def _together(strip: PixelArray, below: Sequence[Beneath]) -> PixelArray:
    """The strip and all that lies below it as one RGB or RGBA, straight."""
    if not below:
        return strip
    depth = Depth.of(strip)
    laid = Laid(depth, None, strip.shape)
    for number in reversed(range(len(below))):
        laid.put(np.array(below[number].colour, np.float32), depth.unit(strip[..., 4 + number])[..., None])
    laid.put(strip[..., :3], depth.unit(strip[..., 3])[..., None])
    return laid.pixels(int(depth.full))


def _add_plain(alpha: PixelArray, one: Beneath, layer: Mapping[int, ZippedPlane], pool: Pool) -> None:
    """Rows of a layer of one colour."""
    planes = [np.full_like(alpha, value) for value in one.colour]
    jobs = [pool.submit(layer[number].add, plane) for number, plane in enumerate(planes)]
    jobs.append(pool.submit(layer[_OPACITY].add, alpha.copy()))
    for job in jobs:
        job.result()


def _add(
    strip: PixelArray,
    together: PixelArray,
    layer: Mapping[int, ZippedPlane],
    merged: Sequence[PackedPlane | RawPlane],
    pool: Pool,
) -> None:
    full = Depth.of(strip).full
    planes: dict[int, PixelArray] = {number: strip[..., number].copy() for number in range(3)}
    planes[_OPACITY] = np.full_like(planes[0], full)
    flat = together
    if _MASK in layer:
        planes[_MASK] = strip[..., 3].copy()
        flat = on_white(together, int(full))  # as Photoshop stores the merged picture of a transparent document
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


def _write_layers(
    file: BinaryIO, size: Size, bits: int, layers: Sequence[tuple[str, Mapping[int, ZippedPlane]]], large: bool
) -> None:
    """Layers by name, the lowest first."""
    wide = "Q" if large else "I"
    records, total = b"", 0
    for name, layer in layers:
        lengths = {number: plane.finish() for number, plane in layer.items()}
        records += _record(name, size, lengths, wide)
        total += sum(lengths.values())
    masked = any(_MASK in layer for _, layer in layers)
    # minus: the merged picture's fourth channel is transparency
    body = struct.pack(">h", -len(layers) if masked else len(layers)) + records
    length = len(body) + total
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
    for _, layer in layers:
        for plane in layer.values():
            plane.copy_to(file)
    file.write(bytes(padding))
    if bits == 8:
        file.write(struct.pack(">I", 0))


def _record(name: str, size: Size, lengths: Mapping[int, int], wide: str) -> bytes:
    """What the file says of a layer before its channels."""
    frame = struct.pack(">4i", 0, 0, size.height, size.width)
    channels = b"".join(struct.pack(f">h{wide}", number, length) for number, length in lengths.items())
    mask = struct.pack(">I", 20) + frame + bytes(4) if _MASK in lengths else struct.pack(">I", 0)
    unicode_name = struct.pack(">4s4sII", b"8BIM", b"luni", 4 + 2 * len(name) + 2, len(name)) + name.encode("utf-16-be")
    extra = mask + struct.pack(">I", 0) + struct.pack(">B", len(name)) + name.encode() + bytes(-(1 + len(name)) % 4)
    extra += unicode_name + bytes(2)
    record = frame + struct.pack(">H", len(lengths)) + channels
    return record + struct.pack(">4s4sBBBBI", b"8BIM", b"norm", 255, 0, 0, 0, len(extra)) + extra


def _write_merged(file: BinaryIO, merged: Sequence[PackedPlane | RawPlane]) -> None:
    file.write(struct.pack(">H", merged[0].packing))
    for plane in merged:
        file.write(plane.lengths())
    for plane in merged:
        plane.copy_to(file)
