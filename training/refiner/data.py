"""An endless, seeded stream of walks to train on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from torch.utils.data import IterableDataset

from .coarse import simulate
from .photo import photograph
from .renders import RenderScenes
from .scenes import open_scenes
from .steps import Walk, pyramid
from .textures import Pixels, Rng, open_textures

#: How often a batch starts at each level (level k is 2**k times smaller than the photo).
STARTS = {1: 0.2, 2: 0.45, 3: 0.35}


def start(rng: Rng, scene: Pixels, textures: Pixels, level: int) -> Walk:
    """A photo of the scene with a mask on ``level``."""
    photo, exact = photograph(rng, scene, textures)
    pyramids = pyramid(photo, level), pyramid(exact, level)
    mask, blur = simulate(rng, pyramids[1][0], level)
    return Walk(*pyramids, mask, blur, level)


class Walks(IterableDataset[list[Walk]]):
    """Batches of walks that start at the same level."""

    def __init__(self, cache: Path, batch: int, seed: list[int], renders: Path | None, render_share: float) -> None:
        self.cache, self.batch, self.seed, self.renders, self.render_share = cache, batch, seed, renders, render_share

    def __iter__(self) -> Iterator[list[Walk]]:
        cv2.setNumThreads(1)
        textures = open_textures(self.cache, held_out=False)
        made, rendered = open_scenes(self.cache / "scenes.u8"), RenderScenes(self.renders, held_out=False)
        number = 0
        while True:
            rng = np.random.default_rng([*self.seed, number])
            number += 1
            if number % 50 == 0:  # more may have been written since
                made, rendered = open_scenes(self.cache / "scenes.u8"), RenderScenes(self.renders, held_out=False)
            level = int(rng.choice(list(STARTS), p=list(STARTS.values())))
            walks = []
            while len(walks) < self.batch:
                use_render = len(rendered) > 0 and rng.random() < self.render_share
                scene = rendered.draw(rng) if use_render else made[int(rng.integers(len(made)))]
                walks.append(start(rng, scene, textures, level))
            yield walks
