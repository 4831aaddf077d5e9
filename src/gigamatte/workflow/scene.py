"""Guesses which of the three scenes a photo is, for ``prepare --strategy auto`` and ``inspect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: the guess is made on a thumbnail with this longer side
THUMBNAIL = 320
#: cells that a document's writing is looked for in
CELL = 20


@dataclass(frozen=True, slots=True)
class Scene:
    """The strategy that fits a photo, and why, in one line."""

    name: Literal["portrait", "product", "document", "long-side"]
    reason: str


def guess_scene(picture: Image.Image) -> Scene:
    """Paper with writing all over → document; a plain ground around it → product; upright → portrait; else long-side.

    Simple rules on a thumbnail, not tuned on any data set. A wrong guess does little harm: it only chooses another of
    four ways to shrink.
    """
    small = picture.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX, reducing_gap=None)
    pixels = np.asarray(small).astype(np.float32)
    written = _written_cells(pixels)
    if written > 0.35:
        return Scene("document", f"bright paper with writing on {written:.0%} of it")
    if _border_spread(pixels) < 12:
        return Scene("product", "a plain background all around")
    width, height = picture.size
    if height > 1.1 * width:
        return Scene("portrait", "an upright photo")
    return Scene("long-side", "no special scene was recognised")


def _written_cells(pixels: NDArray[np.float32]) -> float:
    """The part of the cells that hold both paper (bright, without colour) and some ink."""
    light = pixels.max(axis=2)
    colourless = light - pixels.min(axis=2) < 40
    bright = np.quantile(light, 0.9)
    if bright < 120:
        return 0.0
    paper = colourless & (light > 0.88 * bright)
    ink = light < 0.82 * bright
    rows, columns = light.shape[0] // CELL, light.shape[1] // CELL
    if not rows or not columns:
        return 0.0

    def share(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        cells = mask[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
        return np.asarray(cells.mean(axis=(1, 3)), np.float64)

    return float(((share(paper) > 0.25) & (share(ink) > 0.02)).mean())


def _border_spread(pixels: NDArray[np.float32]) -> float:
    """How much the outermost pixels differ, levels: the mean over channels of their middle 80 %."""
    border = np.concatenate([pixels[:4].reshape(-1, 3), pixels[:, :4].reshape(-1, 3), pixels[:, -4:].reshape(-1, 3)])
    low, high = np.quantile(border, [0.1, 0.9], axis=0)
    return float((high - low).mean())
