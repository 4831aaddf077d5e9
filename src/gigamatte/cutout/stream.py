"""Passes strips of pixels made in Python to libvips, as a lazy image that is read while they are made.

libvips' own raw readers are off limits for strangers' files, so the strips travel as an *uncompressed* PNG: a few
bytes around them, a checksum, nothing lost (PNG, W3C 2003, clauses 5, 10 and 11; stored blocks of RFC 1951).
"""

from __future__ import annotations

import queue
import struct
import zlib
from typing import Any

import numpy as np
import pyvips

from gigamatte.types import PixelArray, Size

#: bytes handed over at a time, and how many such pieces may wait: what the stream holds at most
PIECE = 4 << 20
WAITING = 3

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
#: the longest stored block of deflate
_BLOCK = 65535
#: seconds between looks at whether the other side has given up
_PATIENCE = 0.05


class ReaderGone(Exception):
    """The image is not read any more: whoever read it has failed."""


class StripStream:
    """``put`` strips on one thread while another reads ``image()``. Bounded: ``put`` waits for the reader."""

    def __init__(self, size: Size, bands: int, bits: int) -> None:
        self._size, self._bands, self._bits = size, bands, bits
        self._queue: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._reader_gone = False
        self._rows, self._sum = 0, 1
        self._piece = memoryview(b"")
        self._over = False
        header = struct.pack(">IIBBBBB", size.width, size.height, bits, _COLOUR_TYPES[bands], 0, 0, 0)
        self._head: bytes = _SIGNATURE + _chunk(b"IHDR", header)

    def put(self, strip: PixelArray) -> None:
        """The next rows: (row, column[, band]), uint8 or uint16 as announced. Raises ReaderGone."""
        rows = strip.reshape(len(strip), -1)
        line = rows.shape[1] * rows.dtype.itemsize
        if line * 8 != self._size.width * self._bands * self._bits or self._rows + len(rows) > self._size.height:
            expected = f"{self._size} pixels of {self._bands}×{self._bits} bits"
            raise ValueError(f"a strip of {strip.dtype} {strip.shape} does not fit: expected {expected}")
        step = max(1, PIECE // line)
        for top in range(0, len(rows), step):
            self._send(self._encode(rows[top : top + step]))

    def finish(self) -> None:
        """No more rows. Raises ValueError when some are missing, and ReaderGone."""
        if self._rows < self._size.height:
            raise ValueError(f"the strips have {self._rows} rows, the picture has {self._size.height}")
        self._send(_chunk(b"IEND", b""))
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
        """The lazy image, to be read from top to bottom once. Waits for the first bytes."""
        # kept here: libvips calls back into this object, but does not keep it alive
        self._source = pyvips.SourceCustom()
        self._source.on_read(self._read)
        return pyvips.Operation.call("pngload_source", self._source, access="sequential", fail_on="error")

    def _encode(self, rows: PixelArray) -> bytes:
        big_endian = rows if self._bits == 8 else rows.astype(">u2")
        plain = np.ascontiguousarray(big_endian).view(np.uint8).reshape(len(rows), -1)
        # every row begins with the number of its filter: 0, none
        data: Any = np.zeros((len(rows), 1 + plain.shape[1]), np.uint8)
        data[:, 1:] = plain
        self._sum = zlib.adler32(data, self._sum)
        parts = [b"\x78\x01"] if self._rows == 0 else []
        self._rows += len(rows)
        last = self._rows == self._size.height
        flat = data.reshape(-1).data
        for start in range(0, len(flat), _BLOCK):
            block = flat[start : start + _BLOCK]
            final = last and start + _BLOCK >= len(flat)
            parts += [struct.pack("<BHH", final, len(block), 0xFFFF ^ len(block)), block]
        if last:
            parts.append(struct.pack(">I", self._sum))
        head, self._head = self._head, b""
        return head + _chunk(b"IDAT", b"".join(parts))

    def _send(self, piece: bytes | None) -> None:
        while True:
            if self._reader_gone:
                raise ReaderGone
            try:
                self._queue.put(piece, timeout=_PATIENCE)
                return
            except queue.Full:
                continue

    def _read(self, count: int) -> memoryview | None:
        while not self._piece and not self._over:
            piece = self._queue.get()
            self._over = piece is None
            self._piece = memoryview(piece or b"")
        if self._over:
            return None
        part, self._piece = self._piece[:count], self._piece[count:]
        return part

    def _drop(self) -> None:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
