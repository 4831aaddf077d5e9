"""What takes long to load and stays loaded between photos: the network, the refiner, and the cache on disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from gigamatte import __version__, system
from gigamatte.cache.memory import MemoryCache
from gigamatte.errors import GigamatteError
from gigamatte.forked import threads_begin
from gigamatte.hints import Hints
from gigamatte.matte.cascade.tile_cache import TileCache
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.neural import NeuralRefiner
from gigamatte.matte.refiners.select import open_refiner, refiner_identity
from gigamatte.network.engines.base import Engine
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.normalising import normalisation
from gigamatte.options import Options
from gigamatte.thread_exit import native_work

if TYPE_CHECKING:
    from gigamatte.cache.disk import DiskCache


class Tools:
    """Owns the network, the refiner and the cache that some options ask for. Threads may share it.

    It is made for one user; ``share`` adds one. Each user closes it once; the last close frees everything.
    ``photos`` that it is made for; None: unknown, or it stays.
    """

    def __init__(self, options: Options, *, photos: int | None = None) -> None:
        self.options, self._photos = options, photos
        self._threads = options.threads or system.cpu_count()
        self._network: Network | None = None
        self._refiner: Refiner | None = None
        self._refiner_engine: Engine | None = None
        self._opening, self._opening_refiner, self._counting = threading.Lock(), threading.Lock(), threading.Lock()
        self._users = 1
        self.cache = self._open_cache()

    @staticmethod
    def key(options: Options) -> Hashable:
        """Options with the same key can share their tools; ``threads`` is no part of it, since it changes no result."""
        network = (options.model, options.normalise, options.device, options.require_device, options.device_memory)
        cache = None if options.cache is None else (options.cache, options.cache_size)
        return network, options.refine, cache

    def network(self) -> Network:
        """The network, loaded when it is first needed. Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable."""
        threads_begin()
        with self._opening:
            if self._network is None:
                options = self.options
                self._network = open_network(
                    options.model,
                    device=options.device,
                    require_device=options.require_device,
                    device_memory=options.device_memory,
                    photos=self._photos,
                    threads=self._threads,
                    lazy=self.cache is not None,
                    normalise=normalisation(options.normalise),
                )
            return self._network

    def refiner(self) -> Refiner:
        """The refiner, which lifts the alpha from level to level; its network is loaded when it is first needed."""
        threads_begin()
        with self._opening_refiner:
            if self._refiner is None:
                self._refiner = open_refiner(self.options.refine, self._open_small)
            return self._refiner

    def load_refiner(self) -> None:
        """Load the refiner's network, if it has one and that is not loaded. Raises NetworkUnavailable."""
        refiner = self.refiner()
        if isinstance(refiner, NeuralRefiner):
            _ = refiner.engine

    def load_refiner_ahead(self) -> None:
        """Load it in another thread, while the photo is decoded. Errors are raised when it is first used."""

        def load() -> None:
            # a thread that is started by a daemon thread is a daemon too
            with native_work(), contextlib.suppress(GigamatteError):
                self.load_refiner()

        if self._refiner_engine is None:
            threading.Thread(target=load, name="refiner").start()

    def tile_cache(self, hints: Hints | None = None) -> TileCache:
        """The tile cache of one photo: counts its tiles and, where there is a cache, finds those of earlier runs.

        With ``hints`` tiles are resolved one by one, as they are with a cache: an edited photo and one that is cut
        with the same hints at once are then equal bit for bit.
        """
        if self.cache is None and not hints:
            return TileCache()
        cache = MemoryCache(0) if self.cache is None else self.cache
        return TileCache(cache, refiner_identity(self.refiner()))

    def end_turn(self) -> tuple[str, ...]:
        """Call this after each photo: the cache deletes old entries to make room. Returns its warnings."""
        return () if self.cache is None else self.cache.end_turn()

    def share(self) -> Tools:
        """The same tools for one more user, who has to close them too."""
        with self._counting:
            self._users += 1
        return self

    def close(self) -> None:
        """Free memory and device, unless others still use them. Waits for what is being loaded."""
        with self._counting:
            self._users -= 1
            if self._users > 0:
                return
        with self._opening, self._opening_refiner:
            for owned in (self._network, self._refiner_engine):
                if owned is not None:
                    owned.close()
            self._network = self._refiner = self._refiner_engine = None
        if self.cache is not None:
            self.cache.close()

    def _open_small(self, model: bytes) -> Engine:
        """An engine for the embedded refiner, always on the CPU: it works on the tiles that lie there.

        In bf16 where the processor multiplies that: half the time, and one pixel in 5000 moves by more than one level.
        """
        from gigamatte.network.engines.openvino import OpenVinoEngine

        with self._opening_refiner:
            engine = OpenVinoEngine.open(model, threads=self._threads, streams=self._threads, precision="auto")
            self._refiner_engine = engine
        return engine

    def _open_cache(self) -> DiskCache | None:
        if self.options.cache is None:
            return None
        from gigamatte.cache.disk import DiskCache

        return DiskCache(Path(self.options.cache), self.options.cache_size, __version__)
