"""Reuses refined tiles of earlier frames where the picture and the alpha to refine are nearly the same.

A tile is compared with what it was refined from, not with the last frame: however slowly a picture changes, a kept tile
is never further from its own frame than the tolerance.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean
from gigamatte.matte.cascade.tile_cache import Place3, Shown, TileCache
from gigamatte.types import Pixels16, Size

#: levels (of 255) by which pixels may differ, the mean of 3×3; noise of σ = 2 levels stays below it
LEVELS = 4.0
#: the part of a tile's pixels that may differ more
OUTLIERS = 2e-4
#: how much the alpha may differ that a tile starts from
ALPHA = 0.02
#: Where less than this part of a frame's tiles served again, so many frames are not compared: single tiles, which can
#: be remembered, cost more than blocks of them.
SERVES, RESTS = 0.15, 8


@dataclass(frozen=True, eq=False)
class FinishedTile:
    """A finished tile: what it was made of, and its alpha."""

    described: str
    shown: tuple[NDArray[Any], ...]
    pixels: Pixels16
    #: the frame that last used it
    used: int


class FilmTiles(TileCache):
    """The tiles of one frame after another. Threads may share it. ``turn`` begins a frame, and counts anew."""

    def __init__(self) -> None:
        super().__init__(None, "")
        self._finished: dict[bytes, FinishedTile] = {}
        self._asked: dict[bytes, tuple[str, tuple[NDArray[Any], ...]]] = {}
        self._frame = 0
        #: frames that are still not compared, and whether there was anything to compare this frame with
        self._resting, self._compared = 0, False

    @property
    def remembers(self) -> bool:
        """Whether this frame's tiles are compared with earlier ones, and kept for later ones."""
        return self._resting == 0

    def turn(self) -> None:
        """The next frame begins: tiles that the last one did not use are forgotten."""
        if self._resting:
            self._resting -= 1
        elif self._compared and self.kept < SERVES * (self.kept + self.done):
            self._resting = RESTS
        self._finished = {key: tile for key, tile in self._finished.items() if tile.used == self._frame}
        self._compared = bool(self._finished)
        self._asked.clear()
        self._frame += 1
        self.done = self.kept = 0

    def forget(self) -> None:
        """Forget all tiles, because a new scene begins."""
        self._finished.clear()
        self._resting, self._compared = 0, False

    def key(self, described: str, place: Place3, *shown: Shown) -> bytes:
        """Where a tile lies: the same in every frame."""
        key = struct.pack("<3q", *place)
        self._asked[key] = described, shown
        return key

    def find(self, key: bytes, size: Size, tiles: int) -> Pixels16 | None:
        """The alpha of an earlier frame's tile, where that was made of nearly the same."""
        described, shown = self._asked[key]
        found = self._finished.get(key)
        if found is None or found.described != described or found.pixels.shape != size.shape:
            return None
        if not nearly(found.shown, shown):
            return None
        with self._lock:
            self.kept += tiles
        self._finished[key] = FinishedTile(found.described, found.shown, found.pixels, self._frame)
        return found.pixels

    def add(self, key: bytes | None, pixels: Pixels16, tiles: int) -> None:
        """Remember a tile that was resolved now."""
        super().add(None, pixels, tiles)
        if key is not None:
            described, shown = self._asked.pop(key)
            own = tuple(np.array(one) for one in shown)  # not the whole frame that they are a part of
            self._finished[key] = FinishedTile(described, own, pixels.copy(), self._frame)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that is remembered, as plain arrays by name."""
        counts = [self._resting, self._compared, self.done, self.kept]
        found: dict[str, NDArray[Any]] = {"counts": np.array(counts, np.int64)}
        for number, (key, tile) in enumerate(sorted(self._finished.items())):
            if tile.used != self._frame:
                continue
            found[f"{number} key"] = np.frombuffer(key, np.uint8)
            found[f"{number} described"] = np.frombuffer(tile.described.encode(), np.uint8)
            found[f"{number} pixels"] = tile.pixels
            for at, one in enumerate(tile.shown):
                found[f"{number} shown {at}"] = one
        return found

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Remember what ``arrays`` gave."""
        self._finished.clear()
        self._resting, compared, self.done, self.kept = (int(number) for number in arrays["counts"])
        self._compared = bool(compared)
        numbers: Iterable[str] = (name.split()[0] for name in arrays if name.endswith(" key"))
        for number in numbers:
            shown, at = [], 0
            while f"{number} shown {at}" in arrays:
                shown.append(arrays[f"{number} shown {at}"])
                at += 1
            described = arrays[f"{number} described"].tobytes().decode()
            self._finished[arrays[f"{number} key"].tobytes()] = FinishedTile(
                described, tuple(shown), arrays[f"{number} pixels"], self._frame
            )


def nearly(before: tuple[NDArray[Any], ...], now: tuple[NDArray[Any], ...]) -> bool:
    """Whether two lists of pixels (uint8 or uint16) and alphas (float32) are the same but for noise."""
    if len(before) != len(now):
        return False
    for one, other in zip(before, now, strict=True):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if one.dtype == np.float32:
            if float(np.abs(one - other).max(initial=0)) > ALPHA:
                return False
            continue
        one, other = np.ascontiguousarray(one), np.ascontiguousarray(other)
        unit = 257.0 if one.dtype == np.uint16 else 1.0
        change = cv2.absdiff(one, other)
        if int(change.max(initial=0)) <= LEVELS * unit:
            continue
        signed = cv2.subtract(one, other, dtype=cv2.CV_32F)
        smoothed = np.abs(box_mean(signed, 1, beyond="mirrored"))
        if int(np.count_nonzero(smoothed > LEVELS * unit)) > OUTLIERS * smoothed.size:
            return False
    return True
