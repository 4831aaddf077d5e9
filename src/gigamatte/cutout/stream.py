"""Passes strips of pixels made in Python to libvips, as a lazy image that is read while they are made.

libvips' own raw readers are off limits for strangers' files, so the strips travel as an *uncompressed* BigTIFF: a
header, then the pixels as they are (TIFF 6.0, Adobe, 1992, sections 2 and 18; BigTIFF, AWare Systems, 2007). A PNG
would do, but its checksums and copies take as long as half of the encoding.
"""

from __future__ import annotations

import os
import queue
import struct
import sys
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.types import PixelArray, Size

#: bytes handed over at a time, and how many such pieces may wait: what the stream holds at most
PIECE = 4 << 20
WAITING = 3
#: bytes that libvips asks for at a time: few enough for the processor's cache
STRIP = 1 << 19

#: numbers of the tags' types, and how they are written
_SHORT, _LONG, _LONG8 = (3, "H"), (4, "I"), (16, "Q")
_ORDER = "<" if sys.byteorder == "little" else ">"
#: what libvips notes of a TIFF, and would write into another file
_NOTED = ("orientation", "n-pages", "resolution-unit")
#: seconds between looks at whether the other side has given up
_PATIENCE = 0.05


class ReaderGone(Exception):
    """The image is not read any more: whoever read it has failed."""


class StripStream:
    """``put`` strips on one thread while another reads ``image()``. Bounded: ``put`` waits for the reader.

    Strips are not copied where they are small: they must not be changed after they were put.
    """

    def __init__(self, size: Size, bands: int, bits: int) -> None:
        self._size, self._bands, self._bits = size, bands, bits
        self._queue: queue.Queue[NDArray[Any] | None] = queue.Queue(WAITING)
        self._reader_gone = False
        self._rows = 0
        self._head = header(size, bands, bits)
        self._at, self._read_to = 0, 0
        self._end = len(self._head) + size.pixels * bands * bits // 8
        self._piece = memoryview(b"")
        self._over = False

    def put(self, strip: PixelArray) -> None:
        """The next rows: (row, column[, band]), uint8 or uint16 as announced. Raises ReaderGone."""
        rows = np.ascontiguousarray(strip.reshape(len(strip), -1))
        line = rows.shape[1] * rows.dtype.itemsize
        if line * 8 != self._size.width * self._bands * self._bits or self._rows + len(rows) > self._size.height:
            expected = f"{self._size} pixels of {self._bands}×{self._bits} bits"
            raise ValueError(f"a strip of {strip.dtype} {strip.shape} does not fit: expected {expected}")
        self._rows += len(rows)
        step = max(1, PIECE // line)
        for top in range(0, len(rows), step):
            part = rows[top : top + step]
            # a piece that waits would hold the whole strip that it is a part of
            self._send(part if rows.nbytes <= WAITING * PIECE else part.copy())

    def finish(self) -> None:
        """No more rows. Raises ValueError when some are missing, and ReaderGone."""
        if self._rows < self._size.height:
            raise ValueError(f"the strips have {self._rows} rows, the picture has {self._size.height}")
        self._send(None)

    def abandon(self) -> None:
        """Make the reader fail, whatever it has read."""
        # room for the end is made by dropping what waits: nobody needs it
        while True:
            try:
                self._queue.put_nowait(None)
                return
            except queue.Full:
                self._drop()

    def reader_is_gone(self) -> None:
        """To be called when reading has ended, so that ``put`` does not wait for ever."""
        self._reader_gone = True

    def image(self) -> pyvips.Image:
        """The lazy image, to be read from top to bottom once."""
        # kept here: libvips calls back into this object, but does not keep it alive
        self._source = pyvips.SourceCustom()
        self._source.on_read(self._read)
        self._source.on_seek(self._seek)
        image = pyvips.Operation.call("tiffload_source", self._source, access="sequential", fail_on="error").copy()
        for name in _NOTED:
            if image.get_typeof(name):
                image.remove(name)
        return image

    def _send(self, piece: NDArray[Any] | None) -> None:
        while True:
            if self._reader_gone:
                raise ReaderGone
            try:
                self._queue.put(piece, timeout=_PATIENCE)
                return
            except queue.Full:
                continue

    def _read(self, count: int) -> memoryview | None:
        """The next bytes, at most ``count``. The header may be read again, pixels only once and in order."""
        start = self._at - len(self._head)
        if start < 0:
            part = memoryview(self._head)[self._at : self._at + count]
        elif start != self._read_to:
            return None
        else:
            while not self._piece and not self._over:
                piece = self._queue.get()
                self._over = piece is None
                self._piece = memoryview(b"") if piece is None else piece.data.cast("B")
            if self._over:
                return None
            part, self._piece = self._piece[:count], self._piece[count:]
            self._read_to += len(part)
        self._at += len(part)
        return part

    def _seek(self, offset: int, whence: int) -> int:
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence] + offset
        return self._at

    def _drop(self) -> None:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return


def header(size: Size, bands: int, bits: int) -> bytes:
    """What stands before the pixels of a BigTIFF: uncompressed, in strips, bands together, in this machine's order."""
    line = size.width * bands * bits // 8
    rows = max(1, min(STRIP // line, size.height))
    lengths = [min(rows, size.height - top) * line for top in range(0, size.height, rows)]
    count = len(lengths)
    tags: list[tuple[int, tuple[int, str], list[int]]] = [
        (256, _LONG, [size.width]),
        (257, _LONG, [size.height]),
        (258, _SHORT, [bits] * bands),
        (259, _SHORT, [1]),  # not compressed
        (262, _SHORT, [2 if bands >= 3 else 1]),  # RGB, or black is 0
        (273, _LONG8, [0] * count),  # where the strips begin: filled in below
        (277, _SHORT, [bands]),
        (278, _LONG, [rows]),
        (279, _LONG8, lengths),
        *([(338, _SHORT, [2])] if bands in (2, 4) else []),  # straight alpha
    ]
    directory = 16
    beside = directory + 8 + 20 * len(tags) + 8  # values that do not fit into the directory lie behind it
    pixels = beside + sum(len(values) * struct.calcsize(kind[1]) for _, kind, values in tags if not _fits(kind, values))
    tags[5] = 273, _LONG8, [pixels + number * rows * line for number in range(count)]
    mark = b"II" if _ORDER == "<" else b"MM"
    out = struct.pack(f"{_ORDER}2sHHHQQ", mark, 43, 8, 0, directory, len(tags))
    behind = b""
    for tag, (number, code), values in tags:
        packed = struct.pack(f"{_ORDER}{len(values)}{code}", *values)
        if not _fits((number, code), values):
            behind, packed = behind + packed, struct.pack(f"{_ORDER}Q", beside + len(behind))
        out += struct.pack(f"{_ORDER}HHQ8s", tag, number, len(values), packed)
    return out + bytes(8) + behind


def _fits(kind: tuple[int, str], values: list[int]) -> bool:
    return len(values) * struct.calcsize(kind[1]) <= 8
