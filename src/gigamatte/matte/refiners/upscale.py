"""No refinement: the mask is enlarged, as other tools do. Kept for comparison and for ``--refine off``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.types import FloatArray, Size


@dataclass(frozen=True, slots=True)
class UpscaleRefiner:
    """Lifts by cubic interpolation; does not look at the photo."""

    name: str = "off"
    halo: int = 8
    looks: bool = False

    def at(self, _finer: Size, /) -> Refiner:
        """Every level alike."""
        return self

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level."""
        return [
            np.clip(cv2.resize(patch.alpha, patch.fine.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
            for patch in patches
        ]
