"""A network's answer to one photo: computed now, or taken from the cache, so that the network need not be loaded."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from gigamatte.cache.base import Cache, key_of
from gigamatte.errors import UsageError
from gigamatte.hints import Hints
from gigamatte.network.decode import as_coarse, decided
from gigamatte.network.hinted import HintedNetwork, Seen, Sights
from gigamatte.network.network import Network
from gigamatte.network.second_look import twice
from gigamatte.network.with_hints import Asked, hinted_answer, picked
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import Box, CoarseMatte, Fit, Size

#: bytes of the names of device and precision before the alpha
_NAMES = 32
#: more pixels than any answer has: sizes that are read from a cache are checked against it
_MOST = 1 << 28


@dataclass(frozen=True)
class Answer:
    """Where the subject is, and the device and precision that the network ran in."""

    coarse: CoarseMatte
    device: str = "cpu"
    precision: str = "f32"
    warnings: tuple[str, ...] = ()
    #: how hints were used: as input of the network, or by choosing among the pieces that it found; empty without hints
    hinted: Literal["", "network", "pieces"] = ""

    @cached_property
    def start(self) -> CoarseMatte:
        """The coarse matte that the cascade starts from; ``coarse`` is kept too, to tell how sure the network was."""
        return decided(self.coarse) if self.coarse.opaque else self.coarse


def ask(
    network: Network,
    levels: PhotoLevels,
    region: Box,
    cache: Cache | None = None,
    device: str = "",
    hints: Hints | None = None,
    sights: Sights | None = None,
) -> Answer:
    """The network's answer for ``region`` of the photo. ``device`` is the requested one: another one may give another
    answer, so it is part of the cache's key.

    Some networks are run twice: on the whole region, then on the part with the subject. A network that takes hints
    gets them; of another network's answer those pieces are kept that the hints point at. ``sights`` store the
    encoder's maps.
    """
    if hints is not None and hints.has_points and isinstance(network, HintedNetwork):
        return _with_hints(network, levels, region, hints, sights or Sights())
    answers: list[Answer] = []

    def look(box: Box) -> CoarseMatte:
        if sights is not None and isinstance(network, HintedNetwork):
            engine = network.engine
            network.expect_hints()
            coarse = network.answer(_seen(network, levels, box, sights))
            answers.append(Answer(coarse, engine.device, engine.precision, network.warnings))
        else:
            answers.append(_look(network, levels, box, cache, device))
        return answers[-1].coarse

    if hints is not None and hints.has_points:
        coarse = picked(look, region, hints)
        return dataclasses.replace(answers[0], coarse=coarse, hinted="pieces")
    coarse = twice(look, region, network.card.closer)
    return dataclasses.replace(answers[0], coarse=coarse)


def _seen(network: HintedNetwork, levels: PhotoLevels, box: Box, sights: Sights) -> Seen:
    photo = levels.size(0)
    return sights.of(box, lambda: network.see(levels.proxy(box, network.input_size(box.size)), box, photo))


def _with_hints(network: HintedNetwork, levels: PhotoLevels, region: Box, hints: Hints, sights: Sights) -> Answer:
    asked = Asked(network, lambda box: _seen(network, levels, box, sights), sights.quick)
    coarse = hinted_answer(asked, region, hints, network.card.closer)
    engine = network.engine
    return Answer(coarse, engine.device, engine.precision, network.warnings, "network")


def _look(network: Network, levels: PhotoLevels, region: Box, cache: Cache | None, device: str) -> Answer:
    size = network.input_size(region.size)
    seen = levels.proxy(region, size)
    card, photo = network.card, levels.size(0)
    if cache is None or card.sha256 is None:
        return _asked(network, seen, region, photo)
    reading = f"{card.sha256} {card.output} {card.mean} {card.std} {card.build} {card.patch_order} {card.letterbox}"
    key = key_of("answer of its own size", reading, device, str(size), seen)
    if (answer := _kept(cache, key, Fit(photo, region, size), network)) is not None:
        return answer
    answer = _asked(network, seen, region, photo)
    cache.put(key, _packed(answer))
    cache.put(key_of("size", key), np.array(answer.coarse.alpha.shape, "<u4").tobytes())
    return answer


def _asked(network: Network, seen: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], region: Box, photo: Size) -> Answer:
    coarse = network.locate(seen, region, photo)
    engine = network.engine
    return Answer(coarse, engine.device, engine.precision, network.warnings)


def _packed(answer: Answer) -> bytes:
    names = (name.encode()[:_NAMES].ljust(_NAMES) for name in (answer.device, answer.precision))
    return b"".join(names) + answer.coarse.alpha.astype("<f4").tobytes()


def _kept(cache: Cache, key: bytes, fit: Fit, network: Network) -> Answer | None:
    """An earlier run's answer, in the answer's own size, which may differ from the size of the network's input."""
    stored = cache.get(key_of("size", key), 8)
    rows, columns = (int(side) for side in np.frombuffer(stored or bytes(8), "<u4"))
    if not 0 < rows * columns < _MOST or (value := cache.get(key, 2 * _NAMES + 4 * rows * columns)) is None:
        return None
    try:
        device, precision = (value[at : at + _NAMES].decode().strip() for at in (0, _NAMES))
        alpha = np.frombuffer(value, "<f4", offset=2 * _NAMES).astype(np.float32).reshape(rows, columns)
        own = dataclasses.replace(fit, network=Size(columns, rows))
        return Answer(as_coarse(alpha, network.card, own), device, precision, network.notices)
    except (ValueError, UsageError):  # it is no alpha: the network runs instead
        return None
