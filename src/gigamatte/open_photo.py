"""A photo that stays open during an editing session: it is decoded once, and results are reused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gigamatte.art import ArtSession
from gigamatte.cache.base import Cache
from gigamatte.cache.memory import MemoryCache
from gigamatte.hints import Hints
from gigamatte.matte.cascade.near_tiles import NearTiles
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.neural import NeuralRefiner
from gigamatte.matte.refiners.select import refiner_identity
from gigamatte.network.answers import Answer, ask
from gigamatte.network.hinted import Sights
from gigamatte.network.network import Network
from gigamatte.photo.levels import PhotoLevels
from gigamatte.tools import Tools
from gigamatte.types import Box, Matte

#: bytes of finished tiles that are kept for one photo; a tile of the undecided part takes up to 128 kB
TILES = 256 << 20
#: the same of its preview
SHOWN = 32 << 20
#: the largest level of a preview that the learned refiner lifts to: of one of 1500×1000, all but the last two
NEURAL_PIXELS = 200_000


#: resolves the full-size alpha; the tiles come from, and go into, what it is given
Lifting = Callable[[TileCache], tuple[Matte, tuple[str, ...]]]


class Opened(Protocol):
    """What a cut takes from earlier cuts: of the same open photo, or of the film's frames before this one."""

    @property
    def first(self) -> bool:
        """Whether warnings that hold for all later cuts too are to be given now."""
        ...

    @property
    def art(self) -> ArtSession | None:
        """What is kept of flat art, if anything."""
        ...

    @property
    def judged(self) -> bool:
        """Whether the receipt is to tell how doubtful the matte is."""
        ...

    def lent(self) -> PhotoLevels:
        """The levels, for one journey."""
        ...

    def ask(
        self, network: Network, levels: PhotoLevels, region: Box, cache: Cache | None, device: str, hints: Hints | None
    ) -> Answer:
        """The network's answer, as ``network.answers.ask``."""
        ...

    def refiner(self, tools: Tools) -> Refiner:
        """What lifts the alpha from level to level."""
        ...

    def tiles(self, tools: Tools) -> TileCache:
        """The tile cache for one cut, in which tiles of earlier cuts may be found."""
        ...

    def lifted(self, lift: Lifting, tiles: TileCache, levels: PhotoLevels) -> tuple[Matte, tuple[str, ...]]:
        """The full-size alpha and warnings: what ``lift`` makes with ``tiles``, or what earlier frames tell of it."""
        ...


class OpenPhoto:
    """The ``levels`` of a photo from ``level`` on, what the network saw of it, and its finished tiles.

    ``preview``: tiles are taken again where they are nearly the same. Whoever made ``levels`` closes them.
    """

    def __init__(self, levels: PhotoLevels, level: int = 0, *, preview: bool = False) -> None:
        self._levels, self._level = levels, level
        self.first, self.judged = True, not preview
        self.sights, self.art = Sights(quick=preview), ArtSession()
        self._finished = MemoryCache(TILES)
        self._near = NearTiles(SHOWN) if preview else None

    def lent(self) -> PhotoLevels:
        """The levels, for one journey: closing them closes nothing."""
        return self._levels.lent(self._level)

    def ask(
        self, network: Network, levels: PhotoLevels, region: Box, cache: Cache | None, device: str, hints: Hints | None
    ) -> Answer:
        """The network's answer, from what its encoder saw before."""
        return ask(network, levels, region, cache, device, hints, self.sights)

    def refiner(self, tools: Tools) -> Refiner:
        """That of ``tools``; the last two levels of a preview are left to the classical one."""
        refiner = tools.refiner()
        if self._near is not None and isinstance(refiner, NeuralRefiner):
            return refiner.up_to(NEURAL_PIXELS)
        return refiner

    def tiles(self, tools: Tools) -> TileCache:
        """The tile cache for one turn, in which tiles of the turns before may be found."""
        if self._near is not None:
            self._near.turn()
            return self._near
        return TileCache(self._finished, refiner_identity(tools.refiner()))

    def lifted(self, lift: Lifting, tiles: TileCache, levels: PhotoLevels) -> tuple[Matte, tuple[str, ...]]:  # noqa: ARG002 (it is for films)
        """The alpha as it is lifted."""
        return lift(tiles)
