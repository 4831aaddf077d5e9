"""The pixels of a PNG, filtered and deflated in parts by several threads (W3C, third edition, 2025: clauses 9 and 10).

A part is some whole rows, deflated for itself and ended on a whole byte (RFC 1951, 1996), so that parts follow one
another in one stream (as pigz does it: M. Adler, 2007). Parts are counted from the top: the file's bytes depend
neither on the threads nor on how the strips are divided.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.containers import png
from gigamatte.cutout.containers.carried import Carried
from gigamatte.cutout.raster import Raster
from gigamatte.thread_exit import Pool
from gigamatte.types import PixelArray

#: bytes of a part: they and their tables stay in the processor's cache
PART = 1 << 19
#: parts that wait for one thread at most
WAITING = 2
#: Rows hold their differences to the row above: filter 2 of clause 9.2.
UP = 2
#: A part of which less than this differs from the row above is deflated by its runs alone: a fifth smaller so.
RUNS = 0.2
#: colour types by channels: grey, grey with alpha, RGB, RGBA
_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_BEGIN, _END = b"\x78\x01", b"\x03\x00"
_ADLER = 65521


class Unwritable(Exception):
    """The file cannot be written: the reason is its cause."""


def write_png(
    strips: Iterable[PixelArray], raster: Raster, file: BinaryIO, *, icc: bytes | None, carried: Carried, threads: int
) -> None:
    """Write ``strips``, (row, column[, band]) uint8 or uint16, from top to bottom, and what is carried, as a PNG.

    Raises Unwritable, ValueError when the strips do not make the ``raster``, and what drawing a strip raises.
    """
    size, bands, bits = raster.size, raster.bands, raster.bits
    header = struct.pack(">2I5B", size.width, size.height, bits, _TYPES[bands], 0, 0, 0)
    profile = b"" if icc is None else png.chunk(b"iCCP", b"icc\0\0" + zlib.compress(icc))
    _put(file, png.SIGNATURE + png.chunk(b"IHDR", header) + profile + png.chunks_of(carried))
    total, waiting = 1, deque[Future[tuple[bytes, int, int]]]()

    def written(most: int) -> None:
        nonlocal total
        while len(waiting) > most or (waiting and waiting[0].done()):
            data, checksum, length = waiting.popleft().result()
            total = _joined(total, checksum, length)
            _put(file, data)

    with Pool(threads) as pool:
        try:
            for number, (rows, above) in enumerate(_parts(strips, raster)):
                waiting.append(pool.submit(_part, rows, above, b"" if number else _BEGIN))
                written(WAITING * threads)
            written(0)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _put(file, png.chunk(b"IDAT", _END + struct.pack(">I", total)) + png.chunk(b"IEND", b""))


def _put(file: BinaryIO, data: bytes) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise Unwritable from error


def _parts(strips: Iterable[PixelArray], raster: Raster) -> Iterator[tuple[list[PixelArray], PixelArray | None]]:
    """Rows that are deflated together, as pieces of strips, (row, sample), and the row above them."""
    samples = raster.size.width * raster.bands
    most = max(1, PART // (samples * raster.bits // 8))
    held: list[PixelArray] = []
    count, done, above = 0, 0, None
    for strip in strips:
        lines: PixelArray = strip.reshape(len(strip), -1)
        if lines.shape[1] != samples or lines.dtype.itemsize * 8 != raster.bits:
            expected = f"{raster.size} pixels of {raster.bands}×{raster.bits} bits"
            raise ValueError(f"a strip of {strip.dtype} {strip.shape} does not fit: expected {expected}")
        done += len(lines)
        top = 0
        while top < len(lines):
            piece = lines[top : top + most - count]
            held.append(piece)
            count, top = count + len(piece), top + len(piece)
            if count == most:
                yield held, above
                held, count, above = [], 0, piece[-1]
    if held:
        yield held, above
    if done != raster.size.height:
        raise ValueError(f"the strips have {done} rows, the picture has {raster.size.height}")


def _part(pieces: list[PixelArray], above: PixelArray | None, begin: bytes) -> tuple[bytes, int, int]:
    """The chunk of a part, which starts with ``begin``, the checksum of what was deflated, and its length."""
    rows = np.concatenate([_bytes(piece) for piece in pieces]) if len(pieces) > 1 else _bytes(pieces[0])
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = UP
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    if above is None:
        filtered[0, 1:] = rows[0]
    else:
        np.subtract(rows[0], _bytes(above), out=filtered[0, 1:])
    differs = cv2.countNonZero(filtered[:, 1:])
    data, checksum = _deflated(filtered, differs) if differs else _plain(*filtered.shape)
    return png.chunk(b"IDAT", begin + data), checksum, filtered.size


def _bytes(pixels: PixelArray) -> NDArray[np.uint8]:
    """Samples as a PNG has them: the high byte first."""
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">")).view(np.uint8)


def _deflated(filtered: NDArray[np.uint8], differs: int) -> tuple[bytes, int]:
    runs = zlib.Z_RLE if differs < RUNS * filtered.size else zlib.Z_DEFAULT_STRATEGY
    packer = zlib.compressobj(1, zlib.DEFLATED, -15, zlib.DEF_MEM_LEVEL, runs)
    return packer.compress(filtered.data) + packer.flush(zlib.Z_SYNC_FLUSH), zlib.adler32(filtered.data)


@functools.lru_cache(maxsize=4)
def _plain(rows: int, length: int) -> tuple[bytes, int]:
    """Rows that equal those above them."""
    filtered = np.zeros((rows, length), np.uint8)
    filtered[:, 0] = UP
    return _deflated(filtered, 0)


def _joined(first: int, second: int, length: int) -> int:
    """The checksum (RFC 1950, 1996: Adler-32) of two pieces, the second of so many bytes, from those of each."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)
    return high % _ADLER << 16 | low % _ADLER
