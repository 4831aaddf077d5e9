"""Simulates a network's coarse mask from an exact alpha: reduced, blurred, steepened, with errors."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.matte.cascade.band import band

from .textures import Rng

#: float32 in [0, 1]: masks and alphas (row, column)
Image = NDArray[np.float32]


def simulate(rng: Rng, alpha: Image, level: int) -> tuple[Image, float]:
    """(mask on the level's grid, its blur there): where the cascade would start with it.

    ``alpha`` float32 (row, column) in [0, 1] at full size. The mask's own scale is drawn so that its contour is blurred
    by about one pixel of the level, which is how the product chooses the level.
    """
    flawed = rng.random() < 0.4
    sigma = 1.0 if rng.random() < 0.4 else rng.uniform(0.5, 1.6)
    contrast = 1.5 if rng.random() < 0.4 else float(np.exp(rng.uniform(0, np.log(2.6))))
    soft = max(0.5, 1.25 * float(np.hypot(sigma, 0.29)) / contrast)  # as matte/cascade/sharpness.py will estimate it
    shrink = float(np.clip(2 ** (level + rng.uniform(-0.55, 0.55)) / soft, 1.3, 16))
    small = reduced(alpha, shrink)
    if flawed:
        small = misjudged(rng, small)
    small = cv2.GaussianBlur(small, (0, 0), sigma)
    shift = smooth_field(rng, small.shape, 0.12) if flawed and rng.random() < 0.6 else np.float32(0)
    small = np.clip((small - 0.5 + shift) * contrast + 0.5, 0, 1).astype(np.float32)
    if rng.random() < 0.7:
        small = np.round(small * 255).astype(np.float32) / 255
    wanted = tuple(length // 2**level for length in alpha.shape)
    method = cv2.INTER_AREA if small.shape[0] > wanted[0] else cv2.INTER_LINEAR
    laid = cv2.resize(small, wanted[::-1], interpolation=method)
    blur = soft * shrink / 2**level * float(np.exp(rng.normal(0, 0.12)))
    return np.clip(laid, 0, 1).astype(np.float32), float(np.clip(blur, 0.4, 2.5))


def covered_share(mask: Image, exact: Image) -> float:
    """The part of the undecided that the mask's band covers; ``exact`` at the mask's size. 1 where all is decided."""
    unknown = (exact > 0.05) & (exact < 0.95)
    return float((band(mask) & unknown).sum() + 1) / float(unknown.sum() + 1)


def reduced(alpha: Image, shrink: float) -> Image:
    """The alpha, float32 (row, column) in [0, 1], reduced by any factor ``shrink`` by area averages."""
    size = [max(8, round(length / shrink)) for length in alpha.shape[::-1]]
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)


def misjudged(rng: Rng, alpha: Image) -> Image:
    """The alpha, float32 (row, column) in [0, 1], with random filled holes, lost strands and a displaced contour."""
    if rng.random() < 0.6:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(rng.integers(2, 4)),) * 2)
        where = (smooth_field(rng, alpha.shape, 1.0) > rng.uniform(0, 0.8)).astype(np.float32)
        operation = cv2.MORPH_OPEN if rng.random() < 0.5 else cv2.MORPH_CLOSE
        changed = cv2.morphologyEx(alpha, operation, kernel)
        alpha = np.asarray(alpha + where * (changed - alpha), np.float32)
    if rng.random() < 0.6:
        reach = float(rng.uniform(0.1, 0.7))
        rows, columns = (np.array(grid) for grid in np.indices(alpha.shape, dtype=np.float32))
        columns += smooth_field(rng, alpha.shape, reach)
        rows += smooth_field(rng, alpha.shape, reach)
        alpha = np.asarray(
            cv2.remap(alpha, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
    if rng.random() < 0.2:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.7, 1.8)), np.float32)
        alpha = np.clip((alpha - 0.5) * 2.5 + 0.5, 0, 1).astype(np.float32)
    return alpha


def smooth_field(rng: Rng, shape: tuple[int, ...], size: float) -> Image:
    """Smooth noise of about ±``size``: float32 (row, column) of ``shape``."""
    cells = [max(2, length // int(rng.integers(5, 14))) for length in shape]
    field = rng.normal(0, size, cells).astype(np.float32)
    return np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
