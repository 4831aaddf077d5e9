"""The endless, seeded stream of training examples: walks down the cascade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from torch.utils.data import IterableDataset

from .coarse import covered_share, simulate
from .located import LocatedScenes
from .photo import photograph
from .renders import RenderScenes
from .scenes import open_scenes
from .steps import Walk, pyramid
from .textures import Pixels, Rng, open_textures

#: How often a batch starts at each level (level k is 2**k times smaller than the photo).
STARTS = {1: 0.2, 2: 0.45, 3: 0.35}


#: Photos kept in memory, and new ones per batch: each is used again with other masks, levels and squares.
KEPT, NEW = 64, 1


#: A mask that misses more of a picture's undecided part than this is left out: a refiner could not correct it.
COVERED = 0.7
#: How many of the batches start from the locator's own masks, where there are some.
LOCATED_SHARE = 0.25


def start(rng: Rng, photo: Pixels, exact: Pixels, level: int) -> Walk | None:
    """A walk over a photo with a mask on ``level``; None when no network would have seen the subject at that size."""
    pyramids = pyramid(photo, level), pyramid(exact, level)
    for _ in range(2):
        mask, blur = simulate(rng, pyramids[1][0], level)
        if covered_share(mask, pyramids[1][level]) >= COVERED and 0.02 < float(mask.mean()) < 0.98:
            return Walk(*pyramids, mask, blur, level)
    return None


class Walks(IterableDataset[list[Walk]]):
    """Batches of walks that start at the same level."""

    def __init__(
        self, cache: Path, batch: int, seed: list[int], renders: Path | None, render_share: float, steps: int = 0
    ) -> None:
        self.cache, self.batch, self.seed, self.renders, self.render_share = cache, batch, seed, renders, render_share
        self.steps = steps

    def __iter__(self) -> Iterator[list[Walk]]:
        cv2.setNumThreads(1)
        textures, located = open_textures(self.cache, held_out=False), LocatedScenes(self.cache)
        made, rendered = open_scenes(self.cache / "scenes.u8"), RenderScenes(self.renders, held_out=False)
        photos: list[tuple[Pixels, Pixels]] = []
        number = 0
        while True:
            rng = np.random.default_rng([*self.seed, number])
            number += 1
            if number % 100 == 0:  # more may have been rendered since
                rendered = RenderScenes(self.renders, held_out=False)
            for _ in range(NEW if len(photos) >= KEPT else 2 * self.batch):
                use_render = len(rendered) > 0 and rng.random() < self.render_share
                scene = rendered.draw(rng) if use_render else made[int(rng.integers(len(made)))]
                photos.append(photograph(rng, scene, textures))
            del photos[:-KEPT]
            level = int(rng.choice(list(STARTS), p=list(STARTS.values())))
            walks: list[Walk] = []
            if located.has(level) and rng.random() < LOCATED_SHARE:
                walks = [located.walk(rng, level).begun_late(self.steps) for _ in range(self.batch)]
            while len(walks) < self.batch:
                walk = start(rng, *photos[int(rng.integers(len(photos)))], level)
                if walk is not None:
                    walks.append(walk.begun_late(self.steps))
            yield walks
