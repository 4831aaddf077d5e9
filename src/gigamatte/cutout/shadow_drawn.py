"""Shadows that are drawn from the alpha: of a subject that floats before a wall, and of one that stands on a floor."""

from __future__ import annotations

import math

import cv2
import numpy as np

from gigamatte.cutout.alpha_levels import alpha_at
from gigamatte.cutout.sampled import Sampled
from gigamatte.effects import ShadowWish
from gigamatte.filters import gaussian, moved
from gigamatte.types import Box, FloatArray, Matte, Size

#: longer side of the subject in the small picture in which a shadow is drawn, about
SIDE = 700
#: standard deviation of a blur in it, pixels: a softer shadow is drawn in a smaller one, which shows the same
SOFTEST = 40.0
#: a floor is looked at from above: what is round on it is seen this flat
FLATNESS = 0.4
#: slices of a standing subject, from its lowest line upwards, whose shadows are softer one by one
SLICES = 10
#: part of the subject's height that casts a shadow, at least
LOWEST = 0.06
#: how soft the first of them is, part of what the last is: the foot touches the ground
TOUCHING = 0.12


def drop_shadow(matte: Matte, subject: Box, wish: ShadowWish) -> Sampled:
    """The subject's shape, moved and blurred."""
    angle = math.radians(wish.direction)
    small, step = _drawn_small(matte, subject, wish, (math.cos(angle), math.sin(angle)), (0.0, 0.0))
    side = max(subject.width, subject.height) / step
    far = side * wish.length / 100
    shape = moved(small.values, far * math.cos(angle), far * math.sin(angle))
    soft = _blurred(shape, side * wish.softness / 100, side * wish.softness / 100)
    return Sampled(soft * np.float32(wish.strength / 100), step, small.left, small.top)


def contact_shadow(matte: Matte, subject: Box, wish: ShadowWish) -> Sampled:
    """The shadow of a subject that stands on its lowest line.

    The subject is cut into slices by their height above the lowest line of their column. Each falls on the floor as far
    from its foot as it is high, and is the softer and fainter the higher it was.
    """
    angle = math.radians(wish.direction)
    # a slice falls flat, and lies down by up to nine tenths of its height: of the shadow's length, or of LOWEST
    falls = math.cos(angle), math.sin(angle) * FLATNESS
    small, step = _drawn_small(matte, subject, wish, falls, (0.0, 0.9))
    side = max(subject.width, subject.height) / step
    far = side * wish.length / 100
    solid = small.values
    rows = np.arange(solid.shape[0], dtype=np.float32)[:, None]
    lowest = np.where((solid > 0.5).any(axis=0), solid.shape[0] - 1 - np.argmax((solid > 0.5)[::-1], axis=0), -1)
    foot = float(lowest.max())
    if foot < 0:
        return Sampled(np.zeros_like(solid), step, small.left, small.top)
    height = subject.height / step
    # a column that ends high above the floor casts nothing near it
    lifted = np.clip((foot - lowest) / (0.25 * height), 0, 1)
    standing = np.where(lowest >= 0, (1 - lifted) ** 2, 0).astype(np.float32)
    reach = max(2.0, far, LOWEST * height)
    clear = np.ones_like(solid)
    for number in range(SLICES):
        share = (number + 1) / SLICES
        low, high = number / SLICES * reach, share * reach
        above = lowest[None] - rows
        part = solid * ((above >= low - 1) & (above <= high)) * standing
        down = part * 1.0
        offset = share * far
        # laid down on the floor: a slice keeps a part of its height
        down = moved(down, offset * falls[0], offset * falls[1] + 0.5 * (low + high) * 0.9)
        width = side * wish.softness / 100 * (TOUCHING + (1 - TOUCHING) * share**1.5) * 1.6
        soft = _blurred(down, width, width * FLATNESS)
        clear *= 1 - np.clip(soft * np.float32(1.35 * (1 - 0.75 * share)), 0, 1)
    dark = (1 - clear) * np.float32(wish.strength / 100)
    return Sampled(dark.astype(np.float32), step, small.left, small.top)


def _drawn_small(
    matte: Matte, subject: Box, wish: ShadowWish, falls: tuple[float, float], lies: tuple[float, float]
) -> tuple[Sampled, float]:
    """The subject's alpha with room around it for the shadow, and the photo pixels that a pixel of it is wide.

    ``falls``: where the shadow's end lies, (across, down) in parts of its length; ``lies``: how much farther it may go.
    """
    longer = max(subject.width, subject.height)
    level = max(0, math.ceil(math.log2(longer / SIDE)) if longer > SIDE else 0)
    while (longer >> level) * wish.softness / 100 > SOFTEST:
        level += 1
    step = 1 << level
    far = longer / step * max(wish.length / 100, LOWEST)
    soft = longer / step * 6.5 * wish.softness / 100  # four standard deviations of the softest slice
    across, down = falls
    left, right, above, below = (
        math.ceil(soft + far * max(0.0, way)) + 4
        for way in (-across, across + lies[0], -down, max(down, 0.0) + lies[1])
    )
    home = Box(subject.left // step, subject.top // step, -(-subject.width // step) + 1, -(-subject.height // step) + 1)
    whole = Size(max(1, matte.size.width >> level), max(1, matte.size.height >> level))
    inside = home.within(whole)
    alpha = alpha_at(matte, inside, level)
    padded: FloatArray = cv2.copyMakeBorder(alpha, above, below, left, right, cv2.BORDER_CONSTANT, value=0)
    return Sampled(padded, float(step), (inside.left - left) * step, (inside.top - above) * step), float(step)


def _blurred(values: FloatArray, across: float, down: float) -> FloatArray:
    if max(across, down) < 0.3:
        return values
    return gaussian(values, max(across, 0.3), down=max(down, 0.3), beyond="zero")
