"""Stores the levels of a photo: in memory, or tile by tile in one scratch file.

Both take rows from top to bottom; afterwards any thread may read. Pixels are kept as the file stores them;
PhotoLevels turns them upright.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gigamatte.errors import ScratchFull
from gigamatte.system import read_at, write_at
from gigamatte.types import Box, PixelArray, Size

#: pixels of a scratch tile. Low tiles, because a row of them is buffered per level while the photo is decoded.
TILE = Size(256, 128)


class Store(Protocol):
    """Holds every level of one photo."""

    @property
    def scratch_bytes(self) -> int:
        """Bytes on disk."""
        ...

    def append(self, level: int, rows: PixelArray) -> None:
        """The next rows (row, column, band) of a level."""
        ...

    def read(self, level: int, box: Box) -> PixelArray:
        """The pixels of ``box`` (inside the level): (row, column, band); may be a view of what is stored."""
        ...

    def close(self) -> None:
        """Free the memory or the disk space."""
        ...


class Lent:
    """The levels of another store from ``level`` on, which is level 0 here. Closing it leaves the other open."""

    def __init__(self, store: Store, level: int) -> None:
        self._owner, self._level = store, level

    @property
    def scratch_bytes(self) -> int:
        """Bytes on disk, of all levels."""
        return self._owner.scratch_bytes

    def append(self, level: int, rows: PixelArray) -> None:
        """The next rows of a level."""
        self._owner.append(level + self._level, rows)

    def read(self, level: int, box: Box) -> PixelArray:
        """The pixels of ``box``: (row, column, band)."""
        return self._owner.read(level + self._level, box)

    def close(self) -> None:
        """Does nothing: the store's owner closes it."""


def bytes_needed(sizes: Sequence[Size], bands: int, dtype: np.dtype[Any]) -> int:
    """Bytes that all levels take in memory."""
    return sum(size.pixels for size in sizes) * bands * dtype.itemsize


class MemoryStore:
    """Every level as one array."""

    scratch_bytes = 0

    def __init__(self, sizes: Sequence[Size], bands: int, dtype: np.dtype[Any]) -> None:
        self._arrays: list[PixelArray] = [np.empty((*size.shape, bands), dtype) for size in sizes]
        self._filled = [0] * len(sizes)

    def append(self, level: int, rows: PixelArray) -> None:
        """The next rows of a level."""
        start = self._filled[level]
        self._filled[level] = start + len(rows)
        self._arrays[level][start : start + len(rows)] = rows

    def read(self, level: int, box: Box) -> PixelArray:
        """A read-only view of ``box``: (row, column, band)."""
        view = self._arrays[level][box.slices()]
        view.flags.writeable = False
        return view

    def close(self) -> None:
        """Forget the arrays; views that were handed out stay valid."""
        self._arrays = []


class ScratchStore:
    """Every level as rows of uncompressed tiles in one file that has no name, so that nothing survives the process.

    Plain reads instead of a memory map: mapped pages would count as this process's memory.
    """

    def __init__(self, sizes: Sequence[Size], bands: int, dtype: np.dtype[Any], folder: Path | None) -> None:
        self._sizes, self._bands, self._dtype = sizes, bands, dtype
        self._tile_bytes = TILE.pixels * bands * dtype.itemsize
        self._across = [-(-size.width // TILE.width) for size in sizes]
        down = [-(-size.height // TILE.height) for size in sizes]
        starts = np.cumsum([0] + [a * d * self._tile_bytes for a, d in zip(self._across, down, strict=True)])
        self._starts = [int(start) for start in starts]
        self._pending: list[PixelArray | None] = [None] * len(sizes)
        self._waiting = [0] * len(sizes)
        self._tile_rows = [0] * len(sizes)
        self._file = scratch_file(folder, self._starts[-1])

    @property
    def scratch_bytes(self) -> int:
        """Bytes of the scratch file."""
        return self._starts[-1]

    def append(self, level: int, rows: PixelArray) -> None:
        """The next rows of a level; written whenever a row of tiles is full, or the level is complete."""
        size = self._sizes[level]
        while len(rows):
            buffer = self._pending[level]
            if buffer is None:
                width = self._across[level] * TILE.width
                buffer = self._pending[level] = np.zeros((TILE.height, width, self._bands), self._dtype)
            filled = self._waiting[level]
            part = rows[: TILE.height - filled]
            buffer[filled : filled + len(part), : size.width] = part
            rows = rows[len(part) :]
            self._waiting[level] = filled + len(part)
            done = self._tile_rows[level] * TILE.height + self._waiting[level]
            if self._waiting[level] == TILE.height or done == size.height:
                self._flush(level, buffer)
                if done == size.height:
                    self._pending[level] = None

    def _flush(self, level: int, buffer: PixelArray) -> None:
        tiles = buffer.reshape(TILE.height, self._across[level], TILE.width, self._bands).swapaxes(0, 1)
        offset = self._starts[level] + self._tile_rows[level] * self._across[level] * self._tile_bytes
        try:
            write_at(self._file.fileno(), np.ascontiguousarray(tiles).data.cast("B"), offset)
        except OSError as error:
            raise _scratch_error(error) from error
        self._tile_rows[level] += 1
        self._waiting[level] = 0

    def read(self, level: int, box: Box) -> PixelArray:
        """A fresh array (row, column, band) with the pixels of ``box``."""
        out: PixelArray = np.empty((box.height, box.width, self._bands), self._dtype)
        if box.empty:
            return out
        for row in range(box.top // TILE.height, (box.bottom - 1) // TILE.height + 1):
            for column in range(box.left // TILE.width, (box.right - 1) // TILE.width + 1):
                home = Box(column * TILE.width, row * TILE.height, TILE.width, TILE.height)
                part = home.within(box)
                inner = part.relative_to(home)
                rows = self._tile(level, row * self._across[level] + column, inner.top, inner.height)
                out[part.relative_to(box).slices()] = rows[:, inner.left : inner.right]
        return out

    def _tile(self, level: int, index: int, top: int, rows: int) -> PixelArray:
        line = TILE.width * self._bands * self._dtype.itemsize
        offset = self._starts[level] + index * self._tile_bytes + top * line
        data = read_at(self._file.fileno(), rows * line, offset)
        tile: PixelArray = np.frombuffer(data, self._dtype).reshape(rows, TILE.width, self._bands)
        return tile

    def close(self) -> None:
        """Free the disk space."""
        self._file.close()
        self._pending = []


def scratch_file(folder: Path | None, size: int) -> Any:
    """A nameless read-write file in ``folder`` (None: the system's) for ``size`` bytes. Raises ScratchFull."""
    where = Path(tempfile.gettempdir() if folder is None else folder)
    try:
        free = shutil.disk_usage(where).free
        if free < size:
            raise ScratchFull(
                f"scratch space needs {size / 1e9:.1f} GB in {where}, {free / 1e9:.1f} GB are free",
                "name a folder on a larger disk for scratch files (TMPDIR)",
            )
        # TemporaryFile has no name from the start on Linux, loses it at once on other POSIX systems,
        # and is deleted with its last handle on Windows: a killed process leaves nothing behind
        return tempfile.TemporaryFile(dir=where, prefix="gigamatte-", buffering=0)
    except OSError as error:
        raise _scratch_error(error) from error


def write_whole(file: Any, data: bytes) -> None:
    """Write all of ``data`` to a file, also one that takes less at once. Raises ScratchFull."""
    view = memoryview(data)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise _scratch_error(error) from error


def _scratch_error(error: OSError) -> ScratchFull:
    return ScratchFull(
        f"scratch space cannot be written: {error.strerror or error}",
        f"name another folder for scratch files (TMPDIR; now {os.environ.get('TMPDIR', tempfile.gettempdir())})",
    )
