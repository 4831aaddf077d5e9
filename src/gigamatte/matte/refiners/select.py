"""Which refiner lifts the alpha: chosen by name, once for many photos."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.neural import NeuralRefiner, refiner_bytes
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.engines.base import Engine
from gigamatte.options import Refine


def refiner_identity(refiner: Refiner) -> str:
    """The refiner's name; of a learned one its weights and precision too. Results depend on these and the libraries."""
    if isinstance(refiner, NeuralRefiner):
        return f"{refiner.name} {refiner.engine.precision} {hashlib.sha256(refiner_bytes()).hexdigest()}"
    return refiner.name


def open_refiner(name: Refine, open_engine: Callable[[bytes], Engine]) -> Refiner:
    """The refiner called ``name``; auto is the learned one, which leaves the largest levels to the classical one.

    ``open_engine`` makes an engine from the bytes of an ONNX file; only the learned refiner asks for one, when it is
    first used.
    """
    if name == "off":
        return UpscaleRefiner()
    if name == "guided":
        return GuidedRefiner()
    model = refiner_bytes()
    return NeuralRefiner(lambda: open_engine(model))
