"""Backgrounds without a subject: photos, photos emptied of their subject, studio sweeps, plain patterns.

Every function returns float32 (S, S, RGB) in [0, 255].
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .data import Pixels, Pool

#: float32 (row, column, RGB) in [0, 255]; alphas (row, column, 1) in [0, 1]
Image = NDArray[np.float32]
Rng = np.random.Generator


def blur(image: Image, sigma: float) -> Image:
    """Gaussian blur; a wide one is done on a smaller copy, for speed."""
    if sigma < 0.3:
        return image
    shrink = max(1, int(sigma / 3))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(2, width // shrink), max(2, height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def random_crop(rng: Rng, picture: Pixels, size: int, smallest: float) -> Image:
    """A random window of `picture`, sides at least `smallest` of its own, squashed to size x size."""
    height, width = picture.shape[:2]
    h = int(height * rng.uniform(smallest, 1))
    w = int(np.clip(h * np.exp(rng.uniform(-0.55, 0.55)) * width / height, width * smallest * 0.7, width))
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    window = picture[top : top + h, left : left + w, :3]
    shrinking = h > size and w > size
    resized = cv2.resize(window, (size, size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        resized = resized[:, ::-1]
    return np.ascontiguousarray(resized, np.float32)


def colour(rng: Rng, low: float = 20, high: float = 245, spread: float = 60) -> Image:
    """A random colour, often near grey."""
    tint = rng.normal(0, spread * rng.random() ** 2, 3)
    return np.clip(rng.uniform(low, high) + tint, 0, 255).astype(np.float32)


def gradient(rng: Rng, size: int) -> Image:
    """A smooth field in [0, 1], linear or radial, (S, S, 1)."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        field = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5
    else:
        cx, cy = rng.uniform(0, 1, 2)
        field = np.hypot(x - cx, y - cy) / rng.uniform(0.5, 1.3)
    return np.asarray(np.clip(field, 0, 1)[..., None], np.float32)


def studio(rng: Rng, size: int) -> Image:
    """A studio sweep: white, grey or coloured paper, a vignette, sometimes a floor line or a table edge."""
    kind = rng.random()
    if kind < 0.35:
        base = np.full(3, rng.uniform(225, 255), np.float32) + rng.normal(0, 3, 3).astype(np.float32)
    elif kind < 0.45:
        base = np.full(3, rng.uniform(0, 40), np.float32)
    else:
        base = colour(rng, spread=90)
    other = base * rng.uniform(0.45, 1.0) if rng.random() < 0.7 else colour(rng)
    image = base + (other - base) * gradient(rng, size) * rng.uniform(0, 1)
    if rng.random() < 0.35:
        horizon, soft = rng.uniform(0.3, 0.85) * size, rng.choice([1.0, size / 20, size / 7])
        rows = np.arange(size, dtype=np.float32)[:, None, None] + rng.uniform(-0.15, 0.15) * np.arange(size)[:, None]
        floor = 1 / (1 + np.exp(np.clip((horizon - rows) / soft, -30, 30)))
        image = image + floor * (colour(rng) - image) * rng.uniform(0.15, 1)
    return np.asarray(np.clip(image, 0, 255), np.float32)


def noise_field(rng: Rng, size: int) -> Image:
    """Smooth noise of several octaves, zero mean, about unit spread, (S, S, 1)."""
    field = np.zeros((size, size), np.float32)
    cells = int(rng.integers(2, 9))
    weight = 1.0
    while cells < size:
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        field += weight * cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * rng.uniform(0.35, 0.8)
    return np.asarray((field / (field.std() + 1e-6))[..., None], np.float32)


def pattern(rng: Rng, size: int) -> Image:
    """Cloth, stone, tiles, planks: two colours mixed by noise, stripes or squares."""
    first, second = colour(rng), colour(rng)
    kind = rng.random()
    if kind < 0.5:
        field = 1 / (1 + np.exp(-noise_field(rng, size) * rng.uniform(0.5, 5)))
    else:
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        angle, period = rng.uniform(0, np.pi), size / rng.uniform(3, 40)
        u = (x * np.cos(angle) + y * np.sin(angle)) / period
        v = (y * np.cos(angle) - x * np.sin(angle)) / period * rng.uniform(0.3, 1)
        wave = np.sin(2 * np.pi * u) * (np.sin(2 * np.pi * v) if kind > 0.75 else 1)
        field = np.clip(wave * rng.uniform(0.5, 6) + 0.5, 0, 1)[..., None]
    image = first + (second - first) * field * rng.uniform(0.2, 1)
    image = image + noise_field(rng, size) * rng.uniform(0, 12)
    return np.asarray(np.clip(image, 0, 255), np.float32)


def any_background(rng: Rng, size: int, photos: Pool, emptied: list[Pool]) -> tuple[Image, bool]:
    """A background of a random kind, and whether it is a studio's (things throw shadows there)."""
    kind = rng.random()
    if kind < 0.27:
        return studio(rng, size), True
    if kind < 0.35:
        image = pattern(rng, size)
        return blur(image, rng.uniform(0, 4)), rng.random() < 0.5
    if kind < 0.60 or not emptied:
        image = random_crop(rng, photos.draw(rng), size, 0.2)
    else:
        image = random_crop(rng, emptied[int(rng.integers(len(emptied)))].draw(rng), size, 0.35)
    if rng.random() < 0.6:
        image = blur(image, size / 320 * rng.choice([1.0, 2.0, 4.0, 7.0, 12.0]) * rng.uniform(0.7, 1.3))
    return image, rng.random() < 0.15
