"""Which refiner lifts the alpha: chosen by name, once for many photos."""

from __future__ import annotations

from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.options import Refine


def open_refiner(name: Refine, threads: int) -> Refiner:
    """The refiner called ``name``; auto is the best one there is."""
    if name == "off":
        return UpscaleRefiner()
    return GuidedRefiner()
