"""Colours, printed labels and surfaces for the made-up things."""

from __future__ import annotations

import cv2
import numpy as np

from .data import Pixels, Pool
from .solids import Floats, Material, Rng, Solid

Parts = list[Solid]
WORDS = (
    "PURE",
    "coffee",
    "No. 5",
    "TEA",
    "Soap",
    "fresh",
    "2.0 L",
    "ORGANIC",
    "Salt",
    "JUICE",
    "100%",
    "milk",
    "A4",
    "Oil",
)


def vec(x: float, y: float, z: float) -> Floats:
    return np.array([x, y, z], np.float64)


def hue(rng: Rng) -> Floats:
    """A colour: often muted, sometimes vivid, sometimes near white or black."""
    kind = rng.random()
    grey = rng.uniform(10, 250)
    if kind < 0.3:
        return np.asarray(np.clip(grey + rng.normal(0, 8, 3), 0, 255))
    return np.asarray(np.clip(grey + rng.normal(0, 25 if kind < 0.6 else 80, 3), 0, 255))


def earth(rng: Rng) -> Floats:
    """A coat's colour: brown, cream, black, grey, white, fox."""
    coats = np.array(
        [[120, 80, 50], [200, 170, 130], [35, 30, 28], [130, 128, 125], [235, 230, 220], [190, 110, 50], [85, 60, 45]]
    )
    return np.asarray(np.clip(coats[rng.integers(len(coats))] * rng.uniform(0.7, 1.25) + rng.normal(0, 8, 3), 0, 255))


def label(rng: Rng) -> Pixels:
    """A printed label: bands, discs and words."""
    picture = np.empty((128, 384, 3), np.uint8)
    picture[:] = hue(rng).astype(np.uint8)
    for _ in range(int(rng.integers(1, 6))):
        tone = [int(c) for c in hue(rng)]
        x, y = int(rng.integers(384)), int(rng.integers(128))
        kind = rng.random()
        if kind < 0.3:
            cv2.rectangle(picture, (0, y), (383, y + int(rng.integers(4, 40))), tone, -1)
        elif kind < 0.5:
            cv2.circle(picture, (x, y), int(rng.integers(5, 40)), tone, -1)
        else:
            word, scale = str(rng.choice(WORDS)), rng.uniform(0.6, 2.2)
            cv2.putText(
                picture, word, (x - 60, y), cv2.FONT_HERSHEY_DUPLEX, scale, tone, int(rng.integers(1, 5)), cv2.LINE_AA
            )
    return picture


def stuff(rng: Rng, photos: Pool | None, coat: bool = False) -> Material:
    """A random material; `coat` for animals."""
    pick = earth if coat and rng.random() < 0.85 else hue
    base, other = pick(rng), pick(rng)
    gloss, shine = (0.0, 1.0) if coat or rng.random() < 0.4 else (rng.uniform(0.1, 0.9), rng.choice([8.0, 30.0, 120.0]))
    kind = rng.random()
    if kind < 0.2 and photos is not None:
        picture = photos.draw(rng)
        h, w = (int(n * rng.uniform(0.1, 0.5)) for n in picture.shape[:2])
        top, left = int(rng.integers(picture.shape[0] - h)), int(rng.integers(picture.shape[1] - w))
        return Material(
            base, other, picture=np.ascontiguousarray(picture[top : top + h, left : left + w]), gloss=gloss, shine=shine
        )
    if kind < 0.6 or (coat and kind < 0.85):
        count = int(rng.integers(1, 9))
        waves = np.concatenate([rng.normal(0, rng.uniform(2, 14), (count, 3)), rng.uniform(0, 7, (count, 1))], axis=1)
        return Material(base, other, waves, rng.uniform(0.5, 8), gloss=gloss, shine=shine)
    return Material(base, other, gloss=gloss, shine=shine)


def arc(radius: float, start: float, end: float, count: int = 12) -> Floats:
    """Points of a circular arc in the x-y plane, (n, 3)."""
    angle = np.linspace(start, end, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(count)], axis=1)
