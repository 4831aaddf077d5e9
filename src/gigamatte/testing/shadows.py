"""Made-up product photos whose shadow is known exactly: a subject on a plain, slightly uneven ground with noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray, Size


@dataclass(frozen=True)
class ShadowedPhoto:
    """A photo, mixed as stored: alpha · subject + (1 − alpha) · ground · (1 − shadow), with noise."""

    #: uint8 (row, column, RGB)
    photo: NDArray[np.uint8]
    #: float32 (row, column) in [0, 1]
    alpha: FloatArray
    #: the shadow's alpha, float32 (row, column) in [0, 1]
    shadow: FloatArray


def shadowed_photo(
    size: Size, *, kind: str = "floor", noise: float = 2.0, seed: int = 0, cove: float = 0.0
) -> ShadowedPhoto:
    """``kind``: floor (to one side of it, softer with distance), wall (beside the whole of it), pool (around its foot).

    ``noise``: standard deviation in levels of 255. ``cove``: how much darker the ground is where it bends up behind the
    subject, part of 1. The same seed gives the same photo.
    """
    chance = np.random.default_rng(seed)
    rows, columns = size.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    scale = min(rows, columns)
    alpha = _subject(size, chance)
    shadow = _SHADOWS[kind](alpha, scale, chance)
    colour = chance.uniform(0.1, 0.9, 3)
    front = np.clip(colour + 0.15 * np.sin(x / scale * 17 + 1)[..., None] * chance.uniform(-1, 1, 3), 0, 1)
    u, v = x / columns - 0.5, y / rows - 0.5
    light = (
        1
        + chance.uniform(-0.06, 0.06) * u
        + chance.uniform(-0.06, 0.06) * v
        - chance.uniform(0, 0.12) * (u * u + v * v)
    )
    if cove:
        bend, width = chance.uniform(-0.1, 0.15), chance.uniform(0.04, 0.12)
        light = light - cove / (1 + np.exp((v - bend) / width))
    ground = chance.uniform(0.62, 0.93) * light[..., None] * (1 + chance.uniform(-0.04, 0.04, 3))
    mixed = alpha[..., None] * front + (1 - alpha[..., None]) * ground * (1 - shadow[..., None])
    noisy = mixed * 255 + chance.normal(0, noise, mixed.shape)
    return ShadowedPhoto(np.rint(np.clip(noisy, 0, 255)).astype(np.uint8), alpha, shadow)


def _subject(size: Size, chance: np.random.Generator) -> FloatArray:
    rows, columns = size.shape
    scale = min(rows, columns)
    drawn = np.zeros((rows, columns), np.uint8)
    middle, foot = int(columns * chance.uniform(0.4, 0.6)), int(rows * 0.72)
    wide, high = int(scale * chance.uniform(0.12, 0.2)), int(scale * chance.uniform(0.3, 0.45))
    cv2.rectangle(drawn, (middle - wide, foot - high), (middle + wide, foot), 255, -1)
    cv2.circle(drawn, (middle, foot - high), wide, 255, -1)
    for _ in range(12):  # strands
        angle = chance.uniform(-2.6, -0.5)
        reach = wide * chance.uniform(1.2, 1.6)
        end = (int(middle + np.cos(angle) * reach), int(foot - high + np.sin(angle) * reach))
        cv2.line(drawn, (middle, foot - high), end, 255, max(1, scale // 400), cv2.LINE_AA)
    soft: FloatArray = cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), max(0.7, scale / 900))
    return soft


def _floor(alpha: FloatArray, scale: int, chance: np.random.Generator) -> FloatArray:
    """Several shears of the subject about its foot, the farther the softer."""
    rows = alpha.shape[0]
    foot = float(np.flatnonzero(alpha.max(axis=1) > 0.5)[-1])
    lean, squash, strength = chance.uniform(-1.2, 1.2), chance.uniform(0.25, 0.45), chance.uniform(0.3, 0.6)
    # the floor's point (x, foot + d) is shaded by the subject's (x − lean·d/squash, foot − d/squash)
    place = np.array([[1, -lean, lean * foot], [0, -1 / squash, foot + foot / squash]], np.float32)
    cast = cv2.warpAffine(alpha, place, alpha.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    near, far = (cv2.GaussianBlur(cast, (0, 0), scale * part) for part in (0.006, 0.03))
    share = np.clip((np.arange(rows) - foot) / (0.15 * scale), 0, 1)[:, None].astype(np.float32)
    shaded: FloatArray = (strength * ((1 - share) * near + share * far)).astype(np.float32)
    return shaded


def _wall(alpha: FloatArray, scale: int, chance: np.random.Generator) -> FloatArray:
    shift = chance.uniform(0.04, 0.09, 2) * scale * chance.choice([-1, 1], 2)
    moved = cv2.warpAffine(alpha, np.array([[1, 0, shift[0]], [0, 1, abs(shift[1])]]), alpha.shape[::-1])
    soft: FloatArray = cv2.GaussianBlur(moved, (0, 0), scale * chance.uniform(0.012, 0.03))
    return (chance.uniform(0.25, 0.5) * soft).astype(np.float32)


def _pool(alpha: FloatArray, scale: int, chance: np.random.Generator) -> FloatArray:
    lowest = np.flatnonzero(alpha.max(axis=1) > 0.5)[-1]
    across = np.flatnonzero(alpha[lowest - 2] > 0.5)
    pool = np.zeros(alpha.shape, np.float32)
    middle = (int(across.mean()), int(lowest))
    cv2.ellipse(pool, middle, (int(len(across) * 0.6), int(scale * 0.05)), 0, 0, 360, 1, -1)
    tight, wide = (cv2.GaussianBlur(pool, (0, 0), scale * part) for part in (0.008, 0.04))
    both: FloatArray = (chance.uniform(0.3, 0.5) * tight + chance.uniform(0.1, 0.25) * wide).astype(np.float32)
    return both


_SHADOWS = {"floor": _floor, "wall": _wall, "pool": _pool}
