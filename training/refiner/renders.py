"""Scenes cut from rendered pictures with exact alpha (training/renders), for training beside the drawn ones."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from training.pictures import read, renders_in

from .scenes import around_contour, packed
from .textures import Pixels, Rng

#: Pictures that stay decoded at a time; one is replaced after every few draws.
KEPT, DRAWS = 12, 6


def is_held_out(name: str) -> bool:
    """True for every tenth render."""
    return zlib.crc32(name.encode()) % 10 == 0


class RenderScenes:
    """Squares of the straight RGBA pictures below a folder; none when there is no folder."""

    def __init__(self, folder: Path | None, held_out: bool) -> None:
        found = renders_in(folder) if folder is not None else []
        self.paths = [path for path in found if is_held_out(path.name) == held_out and has_alpha(path)]
        self.open: list[Pixels] = []
        self.drawn = 0

    def __len__(self) -> int:
        return len(self.paths)

    def draw(self, rng: Rng) -> Pixels:
        """One scene: uint8 (SIDE, SIDE, RGB + alpha)."""
        if len(self.open) < min(KEPT, len(self.paths)) or self.drawn % DRAWS == 0:
            self._load(rng)
        self.drawn += 1
        picture = self.open[int(rng.integers(len(self.open)))]
        largest = 1.15
        smallest = max(0.35, 340 / max(picture.shape[:2]))
        scale = float(np.exp(rng.uniform(np.log(min(smallest, largest)), np.log(largest))))
        return packed(*around_contour(rng, picture.astype(np.float32) / 255, scale))

    def _load(self, rng: Rng) -> None:
        path = self.paths[int(rng.integers(len(self.paths)))]
        if len(self.open) >= KEPT:
            self.open.pop(int(rng.integers(KEPT)))
        self.open.append(read(path))


def has_alpha(path: Path) -> bool:
    """Whether a PNG's header says RGBA with 8 bits."""
    with path.open("rb") as file:
        header = file.read(26)
    return len(header) == 26 and header[24] == 8 and header[25] == 6
