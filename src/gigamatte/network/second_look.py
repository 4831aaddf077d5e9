"""A second look: a network with a small input draws a subject better when the subject fills that input."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from gigamatte.filters import warped
from gigamatte.types import Box, CoarseMatte, Fit, FloatArray


def twice(look: Callable[[Box], CoarseMatte], region: Box, margin: float) -> CoarseMatte:
    """The answer of ``look`` for ``region``; with a ``margin`` above 0 it runs again on the subject's surroundings."""
    first = look(region)
    box = surroundings(first, margin) if margin else None
    return first if box is None else both(first, look(box))


def surroundings(first: CoarseMatte, margin: float) -> Box | None:
    """The part of the photo that is looked at again: the subject and ``margin`` of its longer side around it.

    Upright photo pixels. None where a second look gains nothing: no subject, or one that fills the first region.
    """
    region, subject = first.fit.region, subject_box(first)
    if subject is None:
        return None
    box = subject.grown(round(margin * max(subject.width, subject.height))).within(region)
    return None if box == region or min(box.width, box.height) < 8 else box


def subject_box(coarse: CoarseMatte) -> Box | None:
    """Where the subject is, in upright photo pixels; None where there is none."""
    region = coarse.fit.region
    down, across = (np.flatnonzero((coarse.alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    if not down.size:
        return None
    height, width = coarse.alpha.shape
    tall, wide = region.height / height, region.width / width
    left, top = region.left + math.floor(across[0] * wide), region.top + math.floor(down[0] * tall)
    right, bottom = region.left + math.ceil((across[-1] + 1) * wide), region.top + math.ceil((down[-1] + 1) * tall)
    return Box(left, top, right - left, bottom - top).within(region)


def both(first: CoarseMatte, second: CoarseMatte) -> CoarseMatte:
    """The mean of the two, in the frame of the ``second``, which saw a part of what the ``first`` saw.

    The first alone where the subject would now reach a border that the photo does not have: it would be cut straight.
    """
    alpha = (second.alpha + seen_from(first, second.fit)) * np.float32(0.5)
    if _cut_off(alpha, second.fit.region, first.fit.region):
        return first
    # its finer grid draws the contour no nearer to its true place: what looks wrong there, looks wrong in both
    return dataclasses.replace(second, alpha=alpha, stray=first.stray)


def seen_from(first: CoarseMatte, other: Fit) -> FloatArray:
    """Its alpha, resampled to the pixels that ``other`` has, float32 (row, column) in [0, 1]."""
    part, grid = other.region, other.network
    step = (part.width / grid.width, part.height / grid.height)
    to_first = first.fit.to_mask((part.left, part.top), step, first.fit.network)
    return warped(first.alpha, to_first, grid)


def _cut_off(alpha: FloatArray, box: Box, region: Box) -> bool:
    """Whether the subject reaches a side of ``box`` that is not one of ``region``, which it lies in."""
    sides = (
        (box.left > region.left, alpha[:, 0]),
        (box.right < region.right, alpha[:, -1]),
        (box.top > region.top, alpha[0]),
        (box.bottom < region.bottom, alpha[-1]),
    )
    return any(inner and bool((rim > 0.5).any()) for inner, rim in sides)
