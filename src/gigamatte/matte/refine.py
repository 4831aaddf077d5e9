"""Which refiner lifts the alpha: chosen by name, once for many photos."""

from __future__ import annotations

from collections.abc import Callable

from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.neural import NeuralRefiner, refiner_bytes
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.engines.base import Engine
from gigamatte.options import Refine


def open_refiner(name: Refine, open_engine: Callable[[bytes], Engine]) -> Refiner:
    """The refiner called ``name``; auto is the classical one: see docs/design/refiner.md for why, and for how long.

    ``open_engine`` makes an engine from the bytes of an ONNX file; only the learned refiner asks for one.
    """
    if name == "off":
        return UpscaleRefiner()
    if name == "neural":
        return NeuralRefiner(open_engine(refiner_bytes()))
    return GuidedRefiner()
