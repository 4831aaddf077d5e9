"""Decides whether a photo looks like flat art (logos, line art), which `--kind art` cuts better than a network."""

from __future__ import annotations

import numpy as np

from gigamatte.filters import lowest
from gigamatte.matte.cascade.reading import Levels
from gigamatte.matte.ground import DRAWN
from gigamatte.matte.inks import palette_in
from gigamatte.matte.palette import Palette
from gigamatte.types import Depth, FloatArray, Size

#: longest side of the copy that is looked at, pixels
SIDE = 512
#: at least this part of the picture is ground, and at most this part is drawn
GROUND, LEAST = 0.5, 0.002
#: part of the picture that has one colour, of 8 steps in each channel
COMMON = 0.15
#: a colour is explained by the ground and one ink when it is this near to their mixture, in 0…1; so much must be
NEAR, EXPLAINED = 0.06, 0.97
#: inside a drawn part its own ink must show: this part of the pixels there are as near to it
INNER = 0.9
#: inks at most
INKS = 3


def looks_like_art(levels: Levels) -> bool:
    """Whether nearly everything in the photo is a plain ground, one of a few inks, or a mixture of the two.

    Looks at a copy of at most ``SIDE`` pixels. A shaded thing on a plain ground has colours between light and shadow
    inside, where flat art has its ink.
    """
    level = next((k for k in range(levels.levels) if levels.size(k).long <= SIDE), levels.levels - 1)
    pixels = levels.read(level, levels.size(level).box)
    if min(pixels.shape[:2]) < 16:
        return False
    # every second pixel, not means of four: these would mix the colours of thin lines with the ground's
    return flat(np.ascontiguousarray(Depth.of(pixels).unit(pixels)[::2, ::2]))


def flat(pixels: FloatArray) -> bool:
    """The same for a small picture, float32 (row, column, RGB) in [0, 1]."""
    coarse = np.minimum((pixels * 8).astype(np.int32), 7) @ np.array([64, 8, 1])
    if np.bincount(coarse.ravel()).max() < COMMON * coarse.size:
        return False  # most photos end here
    found = palette_in(pixels, pixels)
    if found is None or not 1 <= len(found.inks) + len(found.plates) <= INKS:
        return False
    away = pixels - found.ground_in(Size.of(pixels).box, Size.of(pixels))
    drawn = np.abs(away).max(axis=2) > DRAWN
    if not LEAST <= drawn.mean() <= 1 - GROUND:
        return False
    off, ink = _misfit(pixels, found)
    if (off[drawn] < NEAR).mean() < EXPLAINED:
        return False
    inner = lowest(drawn.view(np.uint8)) > 0
    return inner.sum() < 50 or bool((ink[inner] < NEAR).mean() >= INNER)


def _misfit(pixels: FloatArray, palette: Palette) -> tuple[FloatArray, FloatArray]:
    """How far each pixel is from the nearest mixture of ground and ink, and from the nearest ink: (row, column)."""
    ground = palette.ground_in(Size.of(pixels).box, Size.of(pixels))
    off = ink_off = np.full(pixels.shape[:2], np.inf, np.float32)
    for ink in (*palette.inks, *palette.plates):
        line = ink.colour - ground
        along = ((pixels - ground) * line).sum(axis=2) / np.maximum((line * line).sum(axis=2), 1e-6)
        mixture = ground + np.clip(along, 0, 1)[..., None] * line
        off = np.minimum(off, np.abs(pixels - mixture).max(axis=2))
        ink_off = np.minimum(ink_off, np.abs(pixels - ink.colour).max(axis=2))
    return off, ink_off
