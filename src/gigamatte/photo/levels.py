"""PhotoLevels: a photo decoded once, at its own size and at ½, ¼, … of it, read by boxes from any thread."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gigamatte.errors import UsageError
from gigamatte.forked import threads_begin
from gigamatte.photo import colour
from gigamatte.photo.store import Lent, MemoryStore, ScratchStore, Store, bytes_needed
from gigamatte.photo.turn import Turn
from gigamatte.photo.unsupported import broken
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, Photo, PixelArray, Size, Watch

#: levels end when the longer side is at most this
SMALLEST = 64
#: rows decoded at a time, or a few more: fewer hold less, more spare calls
STRIP = 128
#: pixels up to which a proxy may be taken at twice the asked size
LARGE_PROXY = 32_000_000


class PhotoLevels:
    """Level 0 is the upright photo at its own depth and colour space; level k+1 is the 2×2 box mean of level k.

    Sizes are halved rounding down: pixel (x, y) of level k+1 is the rounded mean of pixels (2x…2x+1, 2y…2y+1) of level
    k, and an odd last row or column is left out. A context manager: opening decodes, closing frees memory and disk.
    At most ``memory`` bytes are kept in memory; larger photos lie in a nameless scratch file in ``scratch``
    (default: the system's folder for temporary files) that vanishes with the process, however that ends.

    Raises UnsupportedInput when the photo turns out to be broken, WriteError when there is no scratch space, and
    whatever ``watch("read", fraction)`` raises.
    """

    def __init__(
        self, photo: Photo, *, memory: int = 256 << 20, scratch: Path | None = None, watch: Watch | None = None
    ) -> None:
        threads_begin()
        self.photo = photo
        self._turn = Turn.from_exif(photo.orientation)
        self._sizes = level_sizes(photo.size)
        self._bands = 4 if photo.has_alpha else 3
        stored = [self._turn.size(size) for size in self._sizes]
        needed = bytes_needed(stored, self._bands, photo.depth.dtype)
        #: whether the photo has an alpha that is 0 everywhere
        self.invisible = photo.has_alpha
        self._store: Store
        if needed + photo.decode_bytes <= memory:
            self._store = MemoryStore(stored, self._bands, photo.depth.dtype)
        else:
            self._store = ScratchStore(stored, self._bands, photo.depth.dtype, scratch)
        try:
            self._decode(stored, watch)
        except BaseException:
            self._store.close()
            raise

    def lent(self, level: int = 0) -> PhotoLevels:
        """The same pixels from ``level`` on, as if that were level 0; closing it closes nothing."""
        other = copy.copy(self)
        other.photo = dataclasses.replace(self.photo, size=self._sizes[level])
        other._sizes, other._store = self._sizes[level:], Lent(self._store, level)
        return other

    def __enter__(self) -> PhotoLevels:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free memory and scratch space. Arrays that were returned stay valid."""
        self._store.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings that arose while the pixels were decoded."""
        if not self.invisible:
            return ()
        warnings: list[str] = []
        warnings.append("the photo's own alpha is 0 everywhere, and so is the result's: --ignore-alpha leaves it out")
        return tuple(warnings)

    @property
    def levels(self) -> int:
        """How many levels there are, at least 1."""
        return len(self._sizes)

    @property
    def scratch_bytes(self) -> int:
        """Bytes held on disk, 0 when all levels are in memory."""
        return self._store.scratch_bytes

    def size(self, level: int) -> Size:
        """The size of a level, upright."""
        return self._sizes[level]

    def read(self, level: int, box: Box) -> PixelArray:
        """RGB of ``box`` at ``level``: (row, column, 3), uint8 or uint16, in the photo's colour space. Read only.

        Raises UsageError when the box reaches outside the level.
        """
        return self._read(level, box)[..., :3]

    def alpha(self, box: Box) -> PixelArray | None:
        """The photo's own alpha in ``box`` at level 0: (row, column), uint8 or uint16; None when it has none."""
        return self._read(0, box)[..., 3] if self.photo.has_alpha else None

    def proxy(self, region: Box, at_least: Size) -> NDArray[np.uint8]:
        """``region`` (pixels of level 0) in the form that networks take: (row, column, RGB), uint8, sRGB.

        Taken from the coarsest level that still has twice ``at_least`` in both directions, so that the result depends
        on the caller's own antialiased resampling; a proxy of more than 32 megapixels is taken at once ``at_least``.
        Where the photo has alpha, its colours are laid on mid-grey, because under alpha 0 they are arbitrary.
        """
        level = self._proxy_level(region, 2, at_least)
        if _scaled(region, level).within(self._sizes[level]).size.pixels > LARGE_PROXY:
            level = max(level, self._proxy_level(region, 1, at_least))
        pixels = self._read(level, _scaled(region, level).within(self._sizes[level]))
        rgb = colour.to_srgb8(pixels[..., :3], self.photo.icc)
        return colour.on_backdrop(rgb, pixels[..., 3]) if self.photo.has_alpha else rgb

    def _proxy_level(self, region: Box, factor: int, at_least: Size) -> int:
        level = 0
        while level + 1 < self.levels:
            box = _scaled(region, level + 1).within(self._sizes[level + 1])
            if box.width < factor * at_least.width or box.height < factor * at_least.height:
                break
            level += 1
        return level

    def _read(self, level: int, box: Box) -> PixelArray:
        size = self._sizes[level]
        if box != box.within(size):
            raise UsageError(f"the box {box} does not lie in level {level} of {size} pixels")
        return self._turn.upright(self._store.read(level, self._turn.stored(box, size)))

    def _decode(self, stored: list[Size], watch: Watch | None) -> None:
        halvers = [_Halver(size, self._turn.starts_right, self._turn.starts_bottom) for size in stored[:-1]]
        done = 0
        for rows in _strips(self.photo, stored[0], self._bands):
            self._append(0, rows, halvers)
            self.invisible = self.invisible and not rows[..., 3].any()
            done += len(rows)
            if watch is not None:
                watch("read", done / stored[0].height)

    def _append(self, level: int, rows: PixelArray, halvers: list[_Halver]) -> None:
        self._store.append(level, rows)
        if level < len(halvers):
            halved = halvers[level].push(rows)
            if len(halved):
                self._append(level + 1, halved, halvers)


def level_sizes(size: Size) -> list[Size]:
    """The sizes of all levels of a photo, finest first, down to a longer side of at most 64."""
    sizes = [size]
    while sizes[-1].long > SMALLEST:
        sizes.append(sizes[-1].halved())
    return sizes


class _Halver:
    """Rows of one level in, rows of the next coarser level out: 2×2 box means, rounded to nearest.

    Where upright counting begins at the other end (``from_right``, ``from_bottom``), it is the first column or row that
    is left out when their number is odd, so that turning and halving give the same in either order.
    """

    def __init__(self, size: Size, from_right: bool, from_bottom: bool) -> None:
        self._size, self._half = size, size.halved()
        odd_x, odd_y = size.width % 2 and size.width > 1, size.height % 2 and size.height > 1
        self._left = 1 if odd_x and from_right else 0
        self._skip = 1 if odd_y and from_bottom else 0
        self._left_over: PixelArray | None = None
        self._made = 0

    def push(self, rows: PixelArray) -> PixelArray:
        """The next rows (row, column, band); gives the rows that are complete, perhaps none."""
        if self._skip and len(rows):
            rows, self._skip = rows[1:], 0
        if self._size.height == 1:
            rows = _doubled(rows, 0)
        if self._left_over is not None:
            rows = _joined(self._left_over, rows)
        even = len(rows) // 2 * 2
        self._left_over = rows[even:].copy() if even < len(rows) else None
        return self._mean(rows[:even])

    def _mean(self, rows: PixelArray) -> PixelArray:
        width = self._half.width
        if not len(rows):
            return rows[:, :width]
        if self._size.width == 1:
            rows = _doubled(rows, 1)
        rows = rows[:, self._left : self._left + 2 * width]
        halved = cv2.resize(np.ascontiguousarray(rows), (width, len(rows) // 2), interpolation=cv2.INTER_AREA)
        means: PixelArray = halved.reshape(len(rows) // 2, width, -1)
        return means


def _doubled(rows: PixelArray, axis: int) -> PixelArray:
    return np.repeat(rows, 2, axis=axis)  # type: ignore[return-value]


def _joined(above: PixelArray, below: PixelArray) -> PixelArray:
    both: PixelArray = np.concatenate([above, below])
    return both


def _scaled(box: Box, level: int) -> Box:
    """The box of ``level`` that covers ``box`` of level 0."""
    scale = 1 << level
    left, top = box.left // scale, box.top // scale
    return Box(left, top, -(-box.right // scale) - left, -(-box.bottom // scale) - top)


def _strips(photo: Photo, stored: Size, bands: int) -> Iterator[PixelArray]:
    """The photo's pixels as stored, (row, column, band), from top to bottom."""
    try:
        image = photo.open()
        rows = photo.rows * -(-STRIP // photo.rows)

        def decoded(top: int) -> Any:
            height = min(rows, stored.height - top)
            # crop and write_to_memory use all cores and hold less than one region fetched strip by strip
            return image.crop(0, top, stored.width, height).write_to_memory()

        # the next strip is decoded while this one is halved and stored
        with Pool(1) as pool:
            ahead = pool.submit(decoded, 0)
            for top in range(0, stored.height, rows):
                data = ahead.result()
                if top + rows < stored.height:
                    ahead = pool.submit(decoded, top + rows)
                yield np.frombuffer(data, photo.depth.dtype).reshape(-1, stored.width, bands)
    except pyvips.Error as error:
        raise broken(photo.name, error) from error
