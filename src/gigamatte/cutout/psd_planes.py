"""The channels of a Photoshop file: each grows in a scratch file of its own, packed in one of the format's ways."""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gigamatte.types import PixelArray
from gigamatte.write_errors import not_written

#: the format's numbers for how a channel is packed
RAW, PACKBITS, ZIP, ZIP_PREDICTED = range(4)
#: bytes that PackBits packs at once
_RUN = 128


class ZippedPlane:
    """A channel of a layer: one deflate stream of rows; ``predicted``: of differences to the pixel on the left.

    Krita shows 16 bits with differences as noise.
    """

    def __init__(self, stack: contextlib.ExitStack, *, predicted: bool) -> None:
        self._file = _scratch(stack)
        self._packer = zlib.compressobj(1)
        self._predicted = predicted

    def add(self, rows: PixelArray) -> None:
        """Take some rows more."""
        packed = rows
        if self._predicted:
            packed = rows.copy()
            packed[:, 1:] -= rows[:, :-1]
        self._write(self._packer.compress(_big_endian(packed).data))

    @property
    def scratch_bytes(self) -> int:
        """Bytes that it holds in its scratch file."""
        return self._file.tell()

    def finish(self) -> int:
        """End the stream: its length with its head, bytes."""
        self._write(self._packer.flush())
        return 2 + self._file.tell()

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it."""
        file.write(struct.pack(">H", ZIP_PREDICTED if self._predicted else ZIP))
        _copy(self._file, file)

    def _write(self, data: bytes) -> None:
        with writing():
            self._file.write(data)


class RawPlane:
    """A channel of the merged picture as it is: of 16 bits, LibreOffice reads no other."""

    packing = RAW

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._file = _scratch(stack)

    def add(self, rows: PixelArray) -> None:
        """Take some rows more."""
        with writing():
            self._file.write(_big_endian(rows).data)

    @property
    def scratch_bytes(self) -> int:
        """Bytes that it holds in its scratch file."""
        return self._file.tell()

    def lengths(self) -> bytes:
        """How long each row has become, as the format wants it."""
        return b""

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it."""
        _copy(self._file, file)


class PackedPlane:
    """A channel of the merged picture: PackBits, row by row, and how long every row has become."""

    packing = PACKBITS

    def __init__(self, stack: contextlib.ExitStack, large: bool) -> None:
        self._file = _scratch(stack)
        self._lengths: list[NDArray[Any]] = []
        self._length_type = ">u4" if large else ">u2"

    def add(self, rows: PixelArray) -> None:
        """Take some rows more."""
        data, lengths = pack_bits(_big_endian(rows).reshape(len(rows), -1))
        self._lengths.append(lengths.astype(self._length_type))
        with writing():
            self._file.write(data)

    @property
    def scratch_bytes(self) -> int:
        """Bytes that it holds in its scratch file."""
        return self._file.tell()

    def lengths(self) -> bytes:
        """How long each row has become, as the format wants it."""
        return b"".join(part.tobytes() for part in self._lengths)

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it."""
        _copy(self._file, file)


def pack_bits(rows: NDArray[np.uint8]) -> tuple[bytes, NDArray[np.int64]]:
    """Rows of bytes as PackBits, and the packed length of each row.

    In steps of 128 bytes: a step of equal bytes becomes a run, another one is kept. That packs the empty rows and
    surroundings of a cutout, which is what there is to gain, without a loop over pixels.
    """
    count, width = rows.shape
    steps = -(-width // _RUN)
    padded = np.zeros((count, steps * _RUN), np.uint8)
    padded[:, :width] = rows
    padded[:, width:] = rows[:, -1:]
    cells = padded.reshape(count, steps, _RUN)
    sizes = np.full(steps, _RUN)
    sizes[-1] = width - (steps - 1) * _RUN
    equal = (cells == cells[..., :1]).all(-1) & (sizes >= 2)
    packed = np.empty((count, steps, 1 + _RUN), np.uint8)
    packed[..., 1:] = cells
    packed[..., 0] = np.where(equal, 257 - sizes, sizes - 1)
    used = np.arange(1 + _RUN) <= np.where(equal, 1, sizes)[..., None]
    return packed[used].tobytes(), used.sum((1, 2))


def _big_endian(rows: PixelArray) -> NDArray[np.uint8]:
    ordered = np.ascontiguousarray(rows if rows.dtype == np.uint8 else rows.astype(">u2"))
    return ordered.view(np.uint8)


def _scratch(stack: contextlib.ExitStack) -> IO[bytes]:
    with writing():
        return stack.enter_context(tempfile.TemporaryFile(prefix="gigamatte-"))


def _copy(source: IO[bytes], target: BinaryIO) -> None:
    source.seek(0)
    while data := source.read(1 << 20):
        target.write(data)


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Around writes: what the system refuses becomes a WriteError."""
    try:
        yield
    except OSError as error:
        hint = "is there room on its disk and on that for temporary files (TMPDIR)?"
        raise not_written(f"the Photoshop file cannot be written: {error.strerror or error}", hint, error) from error
