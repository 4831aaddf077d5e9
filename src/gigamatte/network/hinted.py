"""A network that takes hints: its encoder runs once for each photo, its decoder again after every hint."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.decode import as_coarse, decode, without_doubtful_islands
from gigamatte.network.engines.base import Engine
from gigamatte.network.network import Network
from gigamatte.network.proxy import squash
from gigamatte.types import Box, CoarseMatte, Fit, FloatArray, Size

#: opens a part of the network, encoder, hints or decoder: (engine, warnings)
PartOpener = Callable[[str], tuple[Engine, tuple[str, ...]]]
Maps = tuple[FloatArray, ...]


@dataclass(slots=True)
class Seen:
    """The encoder's result for one region: its maps of the picture and of its mirror image, and where they belong.

    ``plain`` is the answer without hints, once it was computed: it is an input of every answer with hints.
    """

    fit: Fit
    maps: Maps
    mirrored: Maps | None
    plain: CoarseMatte | None = None

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return sum(values.nbytes for values in (*self.maps, *(self.mirrored or ())))


class Sights:
    """The encoder's results for one photo, by region: the newest few, so that after a hint only the decoder runs.

    Safe for several threads, which wait for each other. ``most`` are kept; one of the embedded network takes 10 MB.
    ``quick``: hints are answered without the mirror image, for previews.
    """

    def __init__(self, most: int = 4, *, quick: bool = False) -> None:
        self._most, self.quick = most, quick
        self._seen: OrderedDict[Box, Seen] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, region: Box, look: Callable[[], Seen]) -> Seen:
        """The result for ``region``; calls ``look`` where there is none yet."""
        with self._lock:
            if region not in self._seen:
                self._seen[region] = look()
                while len(self._seen) > self._most:
                    self._seen.popitem(last=False)
            self._seen.move_to_end(region)
            return self._seen[region]


class HintedNetwork(Network):
    """A network in three graphs: encoder (once a photo), hints (what was pointed at), decoder (for every answer).

    Safe to ask from several threads. The decoder takes the encoder's maps, then what the hints add to it at each
    stride (zeros where nothing was said), and answers ``logits``.
    """

    def __init__(self, card: ModelCard, open_part: PartOpener, notices: tuple[str, ...] = ()) -> None:
        super().__init__(card, lambda _: open_part("encoder"), notices)
        self._open_part = open_part
        self._parts: dict[str, Engine] = {}
        self._parts_lock = threading.Lock()

    def see(self, pixels: NDArray[np.uint8], region: Box, photo: Size) -> Seen:
        """Look at ``region`` of the photo, which ``pixels`` shows: uint8 sRGB (row, column, RGB), as in ``locate``."""
        seen = squash(pixels, region, photo, self.input_size(region.size), self.card)
        maps = self.engine.run_all((seen.tensor,))
        mirrored = None
        if self.card.mirrored:
            mirrored = self.engine.run_all((np.ascontiguousarray(seen.tensor[..., ::-1]),))
        return Seen(seen.fit, maps, mirrored)

    def answer(self, seen: Seen, hints: FloatArray | None = None, *, quick: bool = False) -> CoarseMatte:
        """Where the subject is, with ``hints`` (float32 (1, 3, row, column), see ``hint_maps``) or without.

        ``quick``: with hints, the mirror image is not asked: half the time, and contours a little farther off.
        """
        if hints is not None:
            return self._answered(seen, hints, quick)
        if seen.plain is None:
            seen.plain = self._answered(seen, None)
        return seen.plain

    def _answered(self, seen: Seen, hints: FloatArray | None, quick: bool = False) -> CoarseMatte:
        alpha = self._decoded(seen, seen.maps, hints)
        if seen.mirrored is not None and not quick:
            mirrored = None if hints is None else np.ascontiguousarray(hints[..., ::-1])
            alpha = (alpha + self._decoded(seen, seen.mirrored, mirrored)[:, ::-1]) * np.float32(0.5)
        coarse = as_coarse(alpha, self.card, seen.fit)
        return without_doubtful_islands(coarse) if self.card.mirrored else coarse

    def expect_hints(self) -> None:
        """Open what hints need now, so that the first of them does not wait for it."""
        for part in ("hints", "decoder"):
            self._part(part)

    def locate(self, pixels: NDArray[np.uint8], region: Box, photo: Size) -> CoarseMatte:
        """As ``Network.locate``: encoder and decoder run once, without hints."""
        return self.answer(self.see(pixels, region, photo))

    def close(self) -> None:
        """Free memory and device."""
        super().close()
        with self._parts_lock:
            for engine in self._parts.values():
                engine.close()
            self._parts.clear()

    def _decoded(self, seen: Seen, maps: Maps, hints: FloatArray | None) -> FloatArray:
        decoder = self._part("decoder")
        if hints is None:
            said: Maps = tuple(np.zeros(shape, np.float32) for shape in self._said_shapes(decoder, len(maps)))
        else:
            said = self._part("hints").run_all((hints,))
        (answer,) = decoder.run_all((*maps, *said))
        return decode(answer, self.card, seen.fit).alpha

    @staticmethod
    def _said_shapes(decoder: Engine, maps: int) -> list[tuple[int, ...]]:
        return [tuple(side or 1 for side in shape) for shape in decoder.input_shapes[maps:]]

    def _part(self, name: str) -> Engine:
        with self._parts_lock:
            if name not in self._parts:
                self._parts[name] = self._open_part(name)[0]
            return self._parts[name]
