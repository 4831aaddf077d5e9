"""Made-up photos whose alpha is known exactly: a body with fine strands, before a textured background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray, Size

#: strands are drawn this many times larger and averaged down, which makes their alpha exact to 1/64
_FINER = 8


@dataclass(frozen=True)
class MadePhoto:
    """A composite and what it was made of; colours are (row, column, RGB) in [0, 1], sRGB, mixed as stored."""

    #: uint8 (row, column, RGB)
    photo: NDArray[np.uint8]
    #: float32 (row, column) in [0, 1]
    alpha: FloatArray
    #: float32 (row, column, RGB)
    foreground: FloatArray
    #: float32 (row, column, RGB)
    background: FloatArray


def made_photo(size: Size, *, strands: int = 60, seed: int = 0) -> MadePhoto:
    """A body in the middle with ``strands`` hairs of 0.5 to 3 pixels around it. The same seed gives the same photo."""
    chance = np.random.default_rng(seed)
    alpha = _alpha(size, strands, chance)
    foreground = _texture(size, (0.55, 0.35, 0.2), 0.25, chance)
    background = _texture(size, (0.35, 0.5, 0.65), 0.3, chance)
    mixed = alpha[..., None] * foreground + (1 - alpha[..., None]) * background
    return MadePhoto(np.rint(mixed * 255).astype(np.uint8), alpha, foreground, background)


def coarse(alpha: FloatArray, factor: int) -> FloatArray:
    """An alpha as a network would answer it: its mean over ``factor``×``factor`` pixels, blurred; float32 in [0, 1]."""
    rows, columns = alpha.shape
    small = cv2.resize(alpha, (max(1, columns // factor), max(1, rows // factor)), interpolation=cv2.INTER_AREA)
    blurred: FloatArray = np.clip(cv2.GaussianBlur(small, (0, 0), 0.8), 0, 1)
    return blurred


def _alpha(size: Size, strands: int, chance: np.random.Generator) -> FloatArray:
    large = np.zeros((size.height * _FINER, size.width * _FINER), np.uint8)
    middle = np.array([size.width / 2, size.height / 2])
    radius = min(size.width, size.height) / 4
    cv2.ellipse(large, _point(middle), _point([radius, radius * 1.2]), 0, 0, 360, 255, -1)
    for angle in chance.uniform(0, 2 * np.pi, strands):
        reach, curl = radius * chance.uniform(1.3, 1.8), chance.uniform(-0.4, 0.4)
        steps = np.linspace(0, 1, 24)
        distance, bearing = radius * 0.9 + steps * (reach - radius * 0.9), angle + curl * steps**2
        path = middle + np.stack([np.cos(bearing) * distance, np.sin(bearing) * distance], axis=1)
        width = max(1, round(chance.uniform(0.5, 3) * _FINER))
        cv2.polylines(large, [np.rint(path * _FINER).astype(np.int32)], False, 255, width)
    exact: FloatArray = large.reshape(size.height, _FINER, size.width, _FINER).mean((1, 3), dtype=np.float32) / 255
    return exact


def _texture(size: Size, mean: tuple[float, float, float], contrast: float, chance: np.random.Generator) -> FloatArray:
    total = np.zeros((*size.shape, 3), np.float32)
    for cells in (3, 9, 27):
        noise = chance.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(noise, (size.width, size.height), interpolation=cv2.INTER_CUBIC) / cells**0.5
    return np.clip(np.array(mean, np.float32) + contrast * total, 0, 1).astype(np.float32)


def _point(where: object) -> tuple[int, int]:
    x, y = np.rint(np.asarray(where, np.float64) * _FINER).astype(int)
    return int(x), int(y)
