"""A picture of what the refiner does: held-out renders before made-up backgrounds, at 1:1.

Columns: photo, mask enlarged, guided, learned, exact. Everything in it is ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.neural import NeuralRefiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.testing.levels import ArrayLevels
from gigamatte.types import CoarseMatte, Fit, Size

from .renders import RenderScenes
from .scenes import Image
from .textures import SIDE, Pixels, Rng

#: Side of what is shown of each scene, and how many times smaller the mask is.
SHOWN, SHRINK = 200, 6


def made_background(rng: Rng) -> Image:
    """Blotches of two colours at several scales: float32 (SIDE, SIDE, RGB) in [0, 1]."""
    field = np.zeros((SIDE, SIDE), np.float32)
    for cells in (4, 9, 20, 45, 100):
        noise = rng.normal(0, 1 / cells**0.5, (cells, cells)).astype(np.float32)
        field += cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    part = 1 / (1 + np.exp(-4 * field))[..., None]
    first, second = rng.uniform(0.1, 0.9, (2, 3))
    return np.asarray(first + (second - first) * part, np.float32)


def mask_of(alpha: NDArray[np.floating[Any]]) -> Image:
    """The mask of the shared cases: shrunk by area, blurred by a pixel, steepened by 1.5, 8 bits."""
    small = cv2.resize(alpha, None, fx=1 / SHRINK, fy=1 / SHRINK, interpolation=cv2.INTER_AREA)
    steep = np.clip((cv2.GaussianBlur(small, (0, 0), 1.0) - 0.5) * 1.5 + 0.5, 0, 1)
    return np.asarray(np.round(steep * 255) / 255, np.float32)


def row(rng: Rng, scene: Pixels, ways: list[Refiner]) -> NDArray[np.uint8]:
    """One line of the sheet."""
    rgba = scene.astype(np.float32) / 255
    alpha = rgba[..., 3]
    mixed = rgba[..., :3] * alpha[..., None] + made_background(rng) * (1 - alpha[..., None])
    photo = np.clip(mixed * 255 + rng.normal(0, 2, mixed.shape), 0, 255).astype(np.uint8)
    mask = mask_of(alpha)
    coarse = CoarseMatte(mask, Fit.whole(Size.of(photo), Size.of(mask)))
    found = [resolve(coarse, ArrayLevels(photo), way)[0].read(Size.of(photo).box) for way in ways]
    busy = cv2.boxFilter(((alpha > 0.05) & (alpha < 0.95)).astype(np.float32), -1, (SHOWN, SHOWN))
    inner = busy[SHOWN // 2 : -SHOWN // 2, SHOWN // 2 : -SHOWN // 2]
    top, left = np.unravel_index(int(inner.argmax()), inner.shape)
    window = slice(int(top), int(top) + SHOWN), slice(int(left), int(left) + SHOWN)
    grey = [np.repeat(part[window][..., None], 3, axis=2) for part in (*found, scene[..., 3])]
    return np.hstack([photo[window], *grey])


def sheet(renders: Path, network: Path, output: Path, each: int = 2, seed: int = 8) -> None:
    """Writes the picture as a PNG: ``each`` lines for every held-out render."""
    scenes = RenderScenes(renders, held_out=True)
    if not len(scenes):
        raise FileNotFoundError(f"no held-out render below {renders}; make some with training/renders/make.py")
    ways: list[Refiner] = [UpscaleRefiner(), GuidedRefiner(), NeuralRefiner(OpenVinoEngine.open(network))]
    rng = np.random.default_rng(seed)
    lines = []
    for path in list(scenes.paths):
        scenes.paths, scenes.open = [path], []
        lines += [row(rng, scenes.draw(rng), ways) for _ in range(each)]
    cv2.imwrite(str(output), np.vstack(lines)[..., ::-1])
