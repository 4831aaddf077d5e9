"""A network that is ready to be asked: card, engine, and the one question, where is the subject?"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import NetworkUnavailable
from gigamatte.network.cards import ModelCard
from gigamatte.network.decode import decode
from gigamatte.network.engines.base import Engine
from gigamatte.network.locator import NAME as LOCATOR
from gigamatte.network.locator import locator_bytes, locator_card
from gigamatte.network.proxy import squash
from gigamatte.types import Box, CoarseMatte, Size


@dataclass(frozen=True)
class Network:
    """A card and the engine that runs it. ``warnings`` says what is not as it was asked for."""

    card: ModelCard
    engine: Engine
    warnings: tuple[str, ...] = ()

    def input_size(self, region: Size) -> Size:
        """The size at which the network sees a region of this size."""
        *_, height, width = self.engine.input_shape
        free = self.card.input_size(region)
        return Size(width or free.width, height or free.height)

    def locate(self, pixels: NDArray[np.uint8], region: Box, photo: Size) -> CoarseMatte:
        """Where the subject is in ``region`` of the photo, which ``pixels`` shows: uint8 sRGB (row, column, RGB).

        ``pixels`` may have any size, at least twice ``input_size(region.size)`` where the photo has that many.
        """
        seen = squash(pixels, region, photo, self.input_size(region.size), self.card)
        return decode(self.engine.run(seen.tensor), self.card, seen.fit)

    def close(self) -> None:
        """Give memory and device back."""
        self.engine.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_network(
    name: str = "auto", *, device: str = "auto", require_device: bool = False, threads: int = 0
) -> Network:
    """Load the network called ``name``: auto, locator, a card, or the path of an ONNX file.

    Raises NetworkUnavailable, WeightsRefused, DeviceUnavailable.
    """
    if name in ("auto", LOCATOR):
        return _open_locator(threads)
    raise NetworkUnavailable(f"there is no network called {name!r}")


def _open_locator(threads: int) -> Network:
    from gigamatte.network.engines.openvino import OpenVinoEngine

    card = locator_card()
    return Network(card, OpenVinoEngine.open(locator_bytes(), threads=threads, digest=card.sha256))
