"""Changes a picture as cameras and files do: colour casts, exposure, blur, noise, JPEG.

All functions take and return uint8 (row, column, RGB + alpha [+ numbers]); what follows the colours passes unchanged,
except where geometry changes.
"""

from __future__ import annotations

import cv2
import numpy as np

from .data import Pixels

Rng = np.random.Generator


def recolour(rng: Rng, picture: Pixels, strong: bool) -> Pixels:
    """Changes hue, saturation and brightness of a cut-out: slightly, or (strong) to any hue."""
    if rng.random() < 0.35:
        return picture
    hsv = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2HSV)
    turn = rng.uniform(-90, 90) if strong and rng.random() < 0.6 else rng.normal(0, 4)
    level = np.arange(256, dtype=np.float32)
    saturation = rng.uniform(0.1, 1.4) if strong else rng.uniform(0.6, 1.3)
    brightness = rng.uniform(0.35, 1.25) if strong else rng.uniform(0.7, 1.2)
    table = np.stack([(level + turn) % 180, level * saturation, level * brightness], axis=1)
    hsv = cv2.LUT(hsv, np.clip(table, 0, 255).astype(np.uint8)[None])
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.dstack([rgb, picture[..., 3]])


def _tone_curve(rng: Rng) -> Pixels:
    """A look-up table per channel, (256, 3): gamma, contrast, brightness, colour cast."""
    x = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    gamma = np.exp(rng.normal(0, 0.3))
    contrast = rng.uniform(0.25, 0.7) if rng.random() < 0.1 else rng.uniform(0.75, 1.25)
    cast = np.exp(rng.normal(0, 0.07, 3)).astype(np.float32)
    y = ((x**gamma - 0.5) * contrast + 0.5 + rng.normal(0, 0.07)) * cast
    return np.asarray(np.clip(y * 255, 0, 255), np.uint8)


def _jpeg(rng: Rng, rgb: Pixels) -> Pixels:
    quality = int(rng.integers(25, 95))
    _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _noise(rng: Rng, rgb: Pixels) -> Pixels:
    size = rgb.shape[:2]
    grain = rng.standard_normal((*size, 3 if rng.random() < 0.5 else 1), dtype=np.float32)
    return np.clip(rgb + grain * rng.uniform(1, 14), 0, 255).astype(np.uint8)


def degrade(rng: Rng, picture: Pixels) -> Pixels:
    """Flips at random, then degrades the colours as cameras and files do."""
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    rgb, rest = np.ascontiguousarray(picture[..., :3]), picture[..., 3:]
    size = rgb.shape[0]
    if rng.random() < 0.75:
        rgb = np.asarray(cv2.LUT(rgb, _tone_curve(rng)[None]), np.uint8)
    chance = rng.random()
    if chance < 0.08:
        rgb = np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    elif chance < 0.2:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
        rgb = np.clip(grey + (rgb - grey) * rng.uniform(0.2, 1.6), 0, 255).astype(np.uint8)
    chance = rng.random()
    if chance < 0.12:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), size / 320 * rng.uniform(0.5, 2.2)), np.uint8)
    elif chance < 0.2:
        small = int(size * rng.uniform(0.3, 0.8))
        rgb = cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA)
        rgb = np.asarray(cv2.resize(rgb, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.2:
        rgb = _noise(rng, rgb)
    if rng.random() < 0.35:
        rgb = _jpeg(rng, rgb)
    return np.dstack([rgb, rest])
