"""From linear light to a photo: exposure, a film-like shoulder, sensor noise, sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sRGB curve (IEC 61966-2-1), linear light in [0, 1] to [0, 1]."""
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)


def shoulder(linear: NDArray[np.float32], knee: float = 0.55) -> NDArray[np.float32]:
    """Leave the tones below the knee alone and bend the highlights smoothly towards 1. Any shape, linear light."""
    over = np.maximum(linear - knee, 0)
    room = 1 - knee
    return np.where(linear > knee, knee + room * over / (over + room), linear).astype(np.float32)


def rolled(light: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Bend highlights, half by the brightest channel, which keeps the hue, half channel by channel, as film does.

    ``light`` is linear RGB (…, 3), at least 0; the result has the same shape, in [0, 1].
    """
    brightest = np.maximum(light.max(-1, keepdims=True), 1e-6)
    kept = light * (shoulder(brightest) / brightest)
    return np.asarray(0.5 * kept + 0.5 * shoulder(light), np.float32)


def developed(
    linear: NDArray[np.floating[Any]], rng: np.random.Generator, *, exposure: float = 1.0, noise: float = 0.006
) -> NDArray[np.uint8]:
    """Develop linear RGB (row, column, 3) into sRGB uint8, strip by strip to keep the memory low.

    ``exposure`` multiplies the light; the sensor's noise has a standard deviation of ``noise`` · √(light / 2 + .004).
    """
    out = np.empty(linear.shape, np.uint8)
    for top in range(0, len(linear), 256):
        light: NDArray[np.floating[Any]] = np.maximum(np.asarray(linear[top : top + 256], np.float32), 0) * exposure
        # Photon noise grows with the root of the light; a floor stands for the sensor's own.
        light = light + rng.normal(size=light.shape).astype(np.float32) * noise * np.sqrt(light * 0.5 + 0.004)
        out[top : top + 256] = np.round(srgb(np.clip(rolled(light), 0, 1)) * 255).astype(np.uint8)
    return out
