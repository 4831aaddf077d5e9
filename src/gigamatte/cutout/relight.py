"""Adapts the subject's colours to a new background: one factor for each channel."""

from __future__ import annotations

import numpy as np

from gigamatte.cutout.alpha_levels import alpha_at
from gigamatte.cutout.backdrop_picture import Backdrop
from gigamatte.matte.cascade.reading import Levels, photo_in
from gigamatte.types import Depth, FloatArray, Matte, Size

#: how much of the ground's tint, and of its brightness against that of the old one, is taken over at most
TINT, BRIGHTNESS = 0.5, 0.25
#: no channel changes by more than this factor
MOST = 1.5
#: rows and columns that are looked at
LOOKS = 64


def gain_for(backdrop: Backdrop, size: Size, old: FloatArray, amount: float, bits: int) -> FloatArray:
    """Factors (RGB) for the subject's colours. ``old``: mean colour of the photo's own ground, (RGB) in [0, 1].

    ``amount`` 0…1. Gains as a coloured light gives them (J. von Kries, 1902), in the stored values.
    """
    full = float(Depth(bits).full)
    rows = np.unique(np.linspace(0, size.height - 1, min(LOOKS, size.height)).round().astype(int))
    columns = np.unique(np.linspace(0, size.width - 1, min(LOOKS, size.width)).round().astype(int))
    seen = np.concatenate([np.asarray(backdrop.rows(int(row), 1))[0, columns] for row in rows]).astype(np.float64)
    weight = seen[:, 3] if seen.shape[1] == 4 else np.full(len(seen), full)
    if weight.sum() <= 0:
        return np.ones(3, np.float32)
    new = np.maximum((seen[:, :3] * weight[:, None]).sum(axis=0) / weight.sum() / full, 0.02)
    grey, before = float(new.mean()), max(0.02, float(np.mean(old)))
    gain = (new / grey) ** (TINT * amount) * (grey / before) ** (BRIGHTNESS * amount)
    return np.clip(gain, 1 / MOST, MOST).astype(np.float32)  # type: ignore[no-any-return]


def mean_ground(levels: Levels, matte: Matte) -> FloatArray:
    """Mean colour of what is not the subject, (RGB) float32 in [0, 1], measured on the smallest level."""
    level = levels.levels - 1
    box = levels.size(level).box
    colour = photo_in(levels, level, box)
    weight = 1 - alpha_at(matte, box, level)
    total = float(weight.sum())
    if total < 1e-3:
        return colour.mean(axis=(0, 1))  # type: ignore[no-any-return]
    return ((colour * weight[..., None]).sum(axis=(0, 1)) / total).astype(np.float32)  # type: ignore[no-any-return]
