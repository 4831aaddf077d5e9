"""The steps of the cascade in training: the network's output at one level is its input at the next."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.matte.cascade.band import band
from gigamatte.matte.refiners.base import LevelPatch
from gigamatte.matte.refiners.evidence import evidence

from .textures import Pixels, Rng

#: float32 in [0, 1]: colours (row, column, RGB), alphas (row, column)
Image = NDArray[np.float32]


def half(picture: Image) -> Image:
    """Means of 2×2 pixels, (row, column[, channel]) → half of both sides: the next coarser level."""
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def pyramid(picture: Pixels, levels: int) -> list[Image]:
    """Levels 0 … ``levels`` as float32 in [0, 1]."""
    found = [picture.astype(np.float32) * np.float32(1 / 255)]
    for _ in range(levels):
        found.append(half(found[-1]))
    return found


@dataclass
class Walk:
    """One photo on its way down: its pyramid, the exact alpha's, and the alpha so far at ``level``."""

    photo: list[Image]
    exact: list[Image]
    alpha: Image
    blur: float
    level: int

    def patch(self) -> LevelPatch:
        """The refiner's input for the next step: alpha at this level, colours at this and the finer one."""
        return LevelPatch(self.alpha, self.photo[self.level], self.photo[self.level - 1], self.blur)

    def begun_late(self, steps: int) -> Walk:
        """The same walk with no more than ``steps`` steps left, the mask being enlarged at once; 0 leaves all."""
        if not 0 < steps < self.level:
            return self
        size = self.photo[steps].shape[1::-1]
        alpha = np.asarray(cv2.resize(self.alpha, size, interpolation=cv2.INTER_LINEAR), np.float32)
        return Walk(self.photo, self.exact, alpha, self.blur * 2 ** (self.level - steps), steps)

    def crop(self, rng: Rng, side: int) -> None:
        """Keeps a square of the current level, ``side`` wide, where much is undecided."""
        rows, columns = self.alpha.shape
        if side >= min(rows, columns):
            return
        places = [(int(rng.integers(rows - side + 1)), int(rng.integers(columns - side + 1))) for _ in range(4)]
        soft = ((self.alpha > 0.01) & (self.alpha < 0.99)).astype(np.float32)
        top, left = max(places, key=lambda at: float(soft[at[0] : at[0] + side, at[1] : at[1] + side].sum()))

        def cut(picture: Image, scale: int) -> Image:
            return picture[top * scale : (top + side) * scale, left * scale : (left + side) * scale]

        here = self.level
        self.alpha = cut(self.alpha, 1)
        self.photo = [cut(picture, 2 ** (here - k)) for k, picture in enumerate(self.photo[: here + 1])]
        self.exact = [cut(picture, 2 ** (here - k)) for k, picture in enumerate(self.exact[: here + 1])]

    def taken(self, lifted: Image, inside: NDArray[np.bool_]) -> None:
        """Steps to the finer level with ``lifted`` inside the band and a settled alpha elsewhere."""
        plain = cv2.resize(self.alpha, lifted.shape[::-1], interpolation=cv2.INTER_LINEAR)
        self.alpha = np.where(inside, lifted, (plain > 0.5).astype(np.float32))
        self.level -= 1
        self.blur = 0.0


@dataclass(frozen=True)
class Batch:
    """One step of several walks as arrays: stack (N, C, row, column); the rest (N, 1, 2·row, 2·column) float32."""

    stack: Image
    prior: Image
    free: Image
    band: Image
    exact: Image


def gather(walks: list[Walk]) -> Batch:
    """The next step of all walks, which are at the same level and of the same size."""
    shown = [evidence(walk.patch()) for walk in walks]
    bands = [band(walk.alpha).repeat(2, axis=0).repeat(2, axis=1) for walk in walks]

    def planes(pictures: list[Image]) -> Image:
        return np.stack(pictures)[:, None].astype(np.float32)

    return Batch(
        np.stack([e.stack for e in shown]),
        planes([e.prior for e in shown]),
        planes([e.free for e in shown]),
        planes([b.astype(np.float32) for b in bands]),
        planes([walk.exact[walk.level - 1] for walk in walks]),
    )
