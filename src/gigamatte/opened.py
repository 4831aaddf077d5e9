"""A photo that stays open while a person works on it: decoded once, and what was worked out is remembered."""

from __future__ import annotations

from gigamatte.cache.memory import MemoryCache
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.refiners.select import refiner_identity
from gigamatte.network.hinted import Sights
from gigamatte.photo.levels import PhotoLevels
from gigamatte.tools import Tools

#: bytes of finished tiles that are kept for one photo; a tile of the undecided part takes up to 128 kB
TILES = 256 << 20


class OpenPhoto:
    """The ``levels`` of a photo from ``level`` on, what the network saw of it, and its finished tiles.

    Whoever made ``levels`` closes them.
    """

    def __init__(self, levels: PhotoLevels, level: int = 0) -> None:
        self._levels, self._level = levels, level
        self.sights = Sights()
        self._finished = MemoryCache(TILES)

    def lent(self) -> PhotoLevels:
        """The levels, for one journey: closing them closes nothing."""
        return self._levels.lent(self._level)

    def tiles(self, tools: Tools) -> TileCache:
        """What counts the tiles of one turn, and knows those of the turns before."""
        return TileCache(self._finished, refiner_identity(tools.refiner()))
