"""Scenes: an exact alpha with its foreground colours, made ahead of time and kept in one file.

A scene is uint8 (SIDE, SIDE, RGB + alpha), straight. Backgrounds, light and noise are added while training (photo.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from training.locator.data import is_held_out, picture_files

from . import shapes, strands
from .textures import SIDE, Pixels, Rng, draw, open_textures, plain, turned

#: float32 in [0, 1]: colours (row, column, RGB), alphas (row, column)
Image = NDArray[np.float32]
#: How often each kind of scene is made.
KINDS = {
    "hair": 0.27,
    "fur": 0.16,
    "wires": 0.08,
    "polygons": 0.14,
    "foliage": 0.10,
    "net": 0.06,
    "text": 0.03,
    "cutout": 0.16,
}


class Scenes:
    """Makes scenes from one side of the validation split."""

    def __init__(self, data: Path, cache: Path, held_out: bool) -> None:
        self.textures = open_textures(cache, held_out)
        self.cutouts = [
            path
            for source in ("objects", "emoji")
            for path in picture_files(data, source)
            if is_held_out(source, path.name) == held_out
        ]

    def make(self, rng: Rng) -> Pixels:
        """One scene whose alpha has something to decide."""
        while True:
            colour, alpha = self._make(rng, str(rng.choice(list(KINDS), p=list(KINDS.values()))))
            if 0.01 < float(alpha.mean()) < 0.99 and float(np.abs(np.diff(alpha, axis=0)).sum()) > SIDE / 3:
                return packed(colour, alpha)

    def _make(self, rng: Rng, kind: str) -> tuple[Image, Image]:
        if kind == "cutout":
            return self._cutout(rng)
        colour = self._colour(rng)
        canvas = strands.blank()
        if kind in ("hair", "fur"):
            strands.tuft(rng, canvas, colour, kind)
        elif kind == "wires":
            if rng.random() < 0.5:
                shapes.polygons(rng, canvas)
            strands.wires(rng, canvas, colour)
        else:
            draws: dict[str, Callable[[Rng, Pixels], None]] = {
                "polygons": shapes.polygons,
                "foliage": shapes.foliage,
                "net": shapes.net,
                "text": shapes.text,
            }
            draws[kind](rng, canvas)
        alpha = strands.averaged(canvas)
        if rng.random() < 0.12:
            alpha = 1 - alpha
        if rng.random() < 0.08:
            alpha = shapes.cloth(rng, alpha)
        if rng.random() < (0.35 if kind == "polygons" else 0.15):
            alpha = shapes.soften(rng, alpha)
        return colour, alpha

    def _colour(self, rng: Rng) -> Image:
        kind = rng.random()
        if kind < 0.2:
            return plain(rng)
        colour = draw(rng, self.textures)
        if kind < 0.45:
            colour = cv2.GaussianBlur(colour, (0, 0), float(rng.uniform(1, 8)))
        if kind > 0.85:
            colour = colour * rng.uniform(0.1, 0.6) + plain(rng) * rng.uniform(0, 0.3)
        return np.asarray(colour, np.float32)

    def _cutout(self, rng: Rng) -> tuple[Image, Image]:
        """A piece of a cut-out picture, around some point of its contour; its colours reach beyond the contour."""
        path = self.cutouts[int(rng.integers(len(self.cutouts)))]
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise FileNotFoundError(f"cannot read the training picture {path}")
        rgba = np.asarray(picture, np.float32)[..., [2, 1, 0, 3]] / 255
        return around_contour(rng, rgba, rng.uniform(0.5, 1.3))


def around_contour(rng: Rng, rgba: NDArray[np.floating[Any]], scale: float) -> tuple[Image, Image]:
    """(colour, alpha) of a SIDE square of a straight RGBA picture whose middle is undecided or next to a contour."""
    solid = (rgba[..., 3] > 0.5).astype(np.uint8)
    rows, columns = np.nonzero(cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    at = int(rng.integers(len(rows))) if len(rows) else 0
    middle = (float(columns[at]), float(rows[at])) if len(rows) else (rgba.shape[1] / 2, rgba.shape[0] / 2)
    side = SIDE / scale
    left, top = (value - side * rng.uniform(0.15, 0.85) for value in middle)
    box = [int(np.floor(v)) for v in (left, top, left + side, top + side)]
    pad = max(0, -box[0], -box[1], box[2] - rgba.shape[1], box[3] - rgba.shape[0]) + 1
    weighted = rgba.copy()
    weighted[..., :3] *= rgba[..., 3:]
    weighted = cv2.copyMakeBorder(weighted, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    window = weighted[box[1] + pad : box[3] + pad, box[0] + pad : box[2] + pad]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    window = np.clip(cv2.resize(window, (SIDE, SIDE), interpolation=method), 0, 1)
    window = np.ascontiguousarray(turned(rng, window), np.float32)
    return spread(window[..., :3], window[..., 3]), window[..., 3]


def spread(premultiplied: Image, alpha: Image) -> Image:
    """Straight colours, also where alpha is 0: taken from wider and wider surroundings."""
    colour = np.full_like(premultiplied, 0.5)
    for sigma in (24.0, 8.0, 2.5):
        weight = cv2.GaussianBlur(alpha, (0, 0), sigma)[..., None]
        near = cv2.GaussianBlur(premultiplied, (0, 0), sigma) / np.maximum(weight, 1e-4)
        colour = colour + np.clip(weight * 50, 0, 1) * (near - colour)
    own = np.clip(alpha * 8, 0, 1)[..., None]
    return np.asarray(colour + own * (premultiplied / np.maximum(alpha[..., None], 1e-3) - colour), np.float32)


def packed(colour: Image, alpha: Image) -> Pixels:
    """uint8 (row, column, RGB + alpha) of floats in [0, 1]."""
    both = np.concatenate([colour, alpha[..., None]], axis=2)
    return np.asarray(np.clip(both, 0, 1) * 255 + 0.5, np.uint8)


def write(data: Path, cache: Path, name: str, count: int, seed: int, held_out: bool) -> None:
    """Makes ``count`` scenes into NAME.u8; the file grows as they are made, so that training may start at once."""
    cv2.setNumThreads(1)
    scenes = Scenes(data, cache, held_out)
    with (cache / f"{name}.u8").open("wb") as file:
        for number in range(count):
            file.write(scenes.make(np.random.default_rng([seed, number])).tobytes())


def open_scenes(path: Path) -> Pixels:
    """The scenes of a file, as many as are there: uint8 (number, SIDE, SIDE, RGB + alpha), memory-mapped."""
    each = SIDE * SIDE * 4
    count = path.stat().st_size // each
    mapped: Pixels = np.memmap(path, np.uint8, "r", shape=(count, SIDE, SIDE, 4))
    return mapped
