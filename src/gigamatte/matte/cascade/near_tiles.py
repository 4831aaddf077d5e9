"""Finished tiles for previews of one photo: a tile is taken again where what it is made of is nearly the same.

A hint changes the network's answer by a thousandth far from where it points. For a result that counts; on a screen
nobody sees it, and every tile would have to be resolved again.
"""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from gigamatte.matte.cascade.tile_cache import Place3, Shown, TileCache
from gigamatte.types import FloatArray, Pixels16, Size

#: alphas that differ by no more than this everywhere, and blurs by this part, make the same tile
NEAR, NEAR_BLUR = 1 / 64, 0.1


class NearTiles(TileCache):
    """The tiles of one preview after another; at most ``most`` bytes are remembered, the oldest go first.

    Of several that would do, the oldest is taken: the same hints then show the same preview, whatever was in between.
    Threads may share it. ``turn`` begins a preview, and counts anew.
    """

    def __init__(self, most: int) -> None:
        super().__init__(None, "")
        self._most, self._bytes = most, 0
        #: oldest first, all of them and by their place
        self._kept: deque[_Tile] = deque()
        self._at: defaultdict[bytes, deque[_Tile]] = defaultdict(deque)
        self._asked: dict[bytes, _Tile] = {}

    @property
    def remembers(self) -> bool:
        """Whether tiles are compared with earlier ones: always."""
        return True

    @property
    def looks(self) -> bool:
        """The photo is always the same."""
        return False

    def turn(self) -> None:
        """The next preview begins."""
        self._asked.clear()
        self.done = self.kept = 0

    def key(self, described: str, place: Place3, *shown: Shown) -> bytes:
        """Names a tile in this turn, by the alpha that is ``shown`` first."""
        key = np.array(place, "<i8").tobytes()
        boxes, _, rest = described.partition(" blur ")
        blur, _, how = rest.partition(" ")
        self._asked[key] = _Tile(key, f"{boxes} {how}", float(blur), np.asarray(shown[0], np.float32))
        return key

    def find(self, key: bytes, size: Size, tiles: int) -> Pixels16 | None:
        """The alpha of the tile, uint16 (row, column), if one was made of nearly the same."""
        wanted = self._asked[key]
        with self._lock:
            found = next((tile for tile in self._at[key] if tile.would_do_for(wanted)), None)
            if found is None or found.pixels is None or found.pixels.shape != size.shape:
                return None
            self.kept += tiles
        return found.pixels

    def add(self, key: bytes | None, pixels: Pixels16, tiles: int) -> None:
        """Remember a tile that was resolved now."""
        super().add(None, pixels, tiles)
        if key is None:
            return
        with self._lock:
            tile = self._asked.pop(key)
            tile.pixels = pixels
            self._kept.append(tile)
            self._at[key].append(tile)
            self._bytes += tile.bytes
            while self._bytes > self._most:
                oldest = self._kept.popleft()
                self._at[oldest.place].popleft()
                self._bytes -= oldest.bytes


class _Tile:
    """A tile and what it was made of."""

    def __init__(self, place: bytes, how: str, blur: float, alpha: FloatArray) -> None:
        self.place, self.how, self.blur, self.alpha = place, how, blur, alpha
        self.pixels: Pixels16 | None = None

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return self.alpha.nbytes + (0 if self.pixels is None else self.pixels.nbytes)

    def would_do_for(self, other: _Tile) -> bool:
        """Whether it is made of nearly the same."""
        if (self.place, self.how) != (other.place, other.how) or self.alpha.shape != other.alpha.shape:
            return False
        alike = abs(self.blur - other.blur) <= NEAR_BLUR * other.blur
        return alike and float(np.abs(self.alpha - other.alpha).max()) <= NEAR
