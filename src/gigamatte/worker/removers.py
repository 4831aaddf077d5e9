"""The tools of the child process, by ``Tools.key``: photos that need the same network share it."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from gigamatte import system
from gigamatte.network.parity import drawn_picture
from gigamatte.options import Options
from gigamatte.remover import Remover
from gigamatte.tools import Tools
from gigamatte.types import Size

#: networks that stay loaded at once; the least recently used is closed first
LOADED = 2
#: side of the grey picture that a network is warmed with, pixels
WARM = 64


@dataclass
class _Loaded:
    tools: Tools
    users: int = 0


class Removers:
    """A dictionary of tools that lends Removers to threads. At most ``most`` unused tools stay loaded."""

    def __init__(self, most: int = LOADED) -> None:
        self._most = most
        self._loaded: OrderedDict[Hashable, _Loaded] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def lend(self, options: Options, *, network: bool = True) -> Iterator[Remover]:
        """A Remover with exactly these options. With ``network`` its network is loaded before the block begins.

        Photos that are cut at once share the threads: two photos with one thread each keep two processors busier than
        two photos with two, which would wait for each other.

        Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable.
        """
        entry = self._take(options)
        try:
            if network:
                entry.tools.network()
            entry.tools.load_refiner()
            part = dataclasses.replace(options, threads=self._part(options))
            with Remover(part, tools=entry.tools) as remover:
                yield remover
        finally:
            self._give_back(entry)

    def warm(self, options: Options) -> None:
        """Load the network of these options and run it once, so that the first photo does not wait for that.

        Its input is a drawn thing before a plain wall: the answer shows whether the network returns an alpha at all.
        """
        with self.lend(options) as remover:
            size = Size(WARM, WARM)
            remover.network().locate(drawn_picture(size), size.box, size)

    def _take(self, options: Options) -> _Loaded:
        key = (Tools.key(options), options.threads)  # a network is opened with as many threads as were asked for
        with self._lock:
            entry = self._loaded.get(key)
            if entry is None:
                entry = self._loaded[key] = _Loaded(Tools(options))
            self._loaded.move_to_end(key)
            entry.users += 1
            self._drop_idle()
            return entry

    def _part(self, options: Options) -> int:
        """How many threads one of the photos that are being cut right now may use."""
        with self._lock:
            users = sum(entry.users for entry in self._loaded.values())
        return max(1, (options.threads or system.cpu_count()) // max(1, users))

    def _give_back(self, entry: _Loaded) -> None:
        with self._lock:
            entry.users -= 1
            self._drop_idle()

    def _drop_idle(self) -> None:
        idle = [key for key, entry in self._loaded.items() if entry.users == 0]
        for key in idle[: max(0, len(self._loaded) - self._most)]:
            self._loaded.pop(key).tools.close()
