"""Finished tiles: how many were resolved, and how many an earlier run had resolved already.

A tile's key is a digest of all that its result depends on: the pixels and the alpha that the refiner reads, and the
refiner. So no list of changed tiles is needed after a correction: where the correction changes nothing, the next level
looks for the same keys and finds them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.cache.base import Cache, key_of
from gigamatte.types import Box, Pixels16, Size

#: the level that a tile belongs to, and its row and column there
Place3 = tuple[int, int, int]
#: what the refiner is shown
Shown = NDArray[np.float32] | NDArray[np.uint8] | Pixels16


@dataclass(frozen=True, eq=False)
class Told:
    """A tile's ``alpha``, uint16 (row, column), which holds but where pixels of the coarser level under it are
    ``wanted``, bool (row, column): there it is resolved.
    """

    alpha: Pixels16
    wanted: NDArray[np.bool_]


class TileCache:
    """Counts tiles, and stores them where there is a ``cache``. Threads may share it.

    ``refiner`` names the refiner that resolves them, its weights included.
    """

    def __init__(self, cache: Cache | None = None, refiner: str = "") -> None:
        self._cache = cache
        self._refiner = refiner
        self._lock = threading.Lock()
        self.done = self.kept = 0

    @property
    def remembers(self) -> bool:
        """Whether there is a cache to look into."""
        return self._cache is not None

    @property
    def looks(self) -> bool:
        """Whether keys depend on the photo's pixels."""
        return True

    def told(self, level: int, box: Box) -> Told | None:  # noqa: ARG002 (for those of a film)
        """What is known beforehand of a tile of a level, at ``box``; None: all of it is to be resolved."""
        return None

    def key(self, described: str, place: Place3, *shown: Shown) -> bytes:  # noqa: ARG002 (for those of a film)
        """The key of a tile: a digest of the arrays ``shown`` to the refiner and of the line ``described``.

        The ``place`` is not part of it: equal content at another place has the same result.
        """
        return key_of("tile", self._refiner, described, *shown)

    def find(self, key: bytes, size: Size, tiles: int) -> Pixels16 | None:
        """The alpha of ``tiles`` tiles together, uint16 (row, column), if an earlier run resolved it."""
        value = None if self._cache is None else self._cache.get(key, size.pixels * 2)
        if value is None:
            return None
        with self._lock:
            self.kept += tiles
        return np.frombuffer(value, "<u2").astype(np.uint16).reshape(size.shape)

    def add(self, key: bytes | None, pixels: Pixels16, tiles: int) -> None:
        """Store ``tiles`` tiles, uint16 (row, column) together, resolved now; without a cache ``key`` is None."""
        with self._lock:
            self.done += tiles
        if self._cache is not None and key is not None:
            self._cache.put(key, pixels.astype("<u2").tobytes())
