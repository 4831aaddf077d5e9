"""Held-out scenes, lifted by the whole cascade: errors against bicubic enlargement of the same masks.

The scenes, textures and cut-outs are ours and never trained on; the shared evaluation photos are not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from gigamatte.matte.refiners.guided import guided

from .data import start
from .lifted import lifted
from .loss import gradients
from .model import Refiner
from .photo import photograph
from .renders import RenderScenes
from .scenes import open_scenes
from .steps import Walk, gather
from .textures import open_textures

#: float32 in [0, 1]: alphas (row, column)
Image = NDArray[np.float32]
Lift = Callable[[Walk], Image]


@dataclass(frozen=True)
class Scores:
    """Geometric means over the scenes, bicubic = 1: sum of absolute differences, and of squared gradient ones."""

    sad: float
    grad: float
    better: float

    def __str__(self) -> str:
        return f"SAD {self.sad:.3f} Grad {self.grad:.3f} better than guided {self.better:.0%}"


class Validation:
    """A fixed set of walks."""

    def __init__(self, cache: Path, renders: Path | None, count: int = 24, seed: int = 4, steps: int = 0) -> None:
        textures = open_textures(cache, held_out=True)
        made, rendered = open_scenes(cache / "held-out.u8"), RenderScenes(renders, held_out=True)
        self.begin: list[Walk] = []
        number = 0
        while len(self.begin) < count:
            rng = np.random.default_rng([seed, number])
            number += 1
            scene = rendered.draw(rng) if number % 3 == 0 and len(rendered) else made[number % len(made)]
            walk = start(rng, *photograph(rng, scene, textures), 2 + number % 2)
            if walk is not None:
                self.begin.append(walk)
        self.steps = steps
        self.bicubic = np.array([self._errors(walk, enlarged(walk)) for walk in self.begin])
        self.guided = np.array([self._errors(walk, descend(walk, lambda w: guided(w.patch()))) for walk in self.begin])

    @staticmethod
    def _errors(walk: Walk, alpha: Image) -> tuple[float, float]:
        found, exact = (torch.from_numpy(a[None, None]) for a in (alpha, walk.exact[0]))
        sizes = [torch.linalg.vector_norm(gradients(a), dim=1) for a in (found, exact)]
        return float((found - exact).abs().sum()) + 1.0, float(((sizes[0] - sizes[1]) ** 2).sum()) + 0.02

    def results(self, model: Refiner, hidden: tuple[int, ...] = ()) -> list[Image]:
        """The network's alpha of every scene."""

        model.eval()

        def lift(walk: Walk) -> Image:
            with torch.no_grad():
                return np.asarray(lifted(model, gather([walk]), hidden).clamp(0, 1)[0, 0].numpy())

        return [descend(walk.begun_late(self.steps), lift) for walk in self.begin]

    def scores(self, model: Refiner, hidden: tuple[int, ...] = ()) -> Scores:
        """Errors of the network's results."""
        found = np.array([self._errors(w, a) for w, a in zip(self.begin, self.results(model, hidden), strict=True)])
        return self.compared(found)

    def compared(self, found: NDArray[np.float64]) -> Scores:
        """Errors (number, 2) against bicubic's and guided's."""
        ratio = np.exp(np.log(found / self.bicubic).mean(0))
        return Scores(float(ratio[0]), float(ratio[1]), float((found < self.guided).all(1).mean()))


def enlarged(walk: Walk) -> Image:
    """Bicubic enlargement of the mask."""
    size = walk.photo[0].shape[1::-1]
    return np.asarray(np.clip(cv2.resize(walk.alpha, size, interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def descend(walk: Walk, lift: Lift) -> Image:
    """The alpha at level 0 when each step is taken by ``lift``."""
    from gigamatte.matte.cascade.band import band

    now = Walk(walk.photo, walk.exact, walk.alpha, walk.blur, walk.level)
    while now.level > 0:
        inside = band(now.alpha).repeat(2, axis=0).repeat(2, axis=1)
        now.taken(lift(now), inside)
    return now.alpha
