"""A second look, closer: a network that sees few pixels draws a subject better when it fills what it is shown."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np

from gigamatte.types import Box, CoarseMatte, FloatArray


def surroundings(first: CoarseMatte, margin: float) -> Box | None:
    """The part of the photo that is looked at again: the subject and ``margin`` of its longer side around it.

    Upright photo pixels. None where there is nothing to gain: no subject, or one that fills what was seen already.
    """
    region = first.fit.region
    down, across = (np.flatnonzero((first.alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    if not down.size:
        return None
    height, width = first.alpha.shape
    tall, wide = region.height / height, region.width / width
    left, top = region.left + math.floor(across[0] * wide), region.top + math.floor(down[0] * tall)
    right, bottom = region.left + math.ceil((across[-1] + 1) * wide), region.top + math.ceil((down[-1] + 1) * tall)
    subject = Box(left, top, right - left, bottom - top)
    box = subject.grown(round(margin * max(subject.width, subject.height))).within(region)
    return None if box == region or min(box.width, box.height) < 8 else box


def both(first: CoarseMatte, second: CoarseMatte) -> CoarseMatte:
    """The mean of the two, in the frame of the ``second``, which saw a part of what the ``first`` saw.

    The first alone where the subject would now reach a border that the photo does not have: it would be cut straight.
    """
    alpha = (second.alpha + _seen_from(first, second)) * np.float32(0.5)
    if _cut_off(alpha, second.fit.region, first.fit.region):
        return first
    return dataclasses.replace(second, alpha=alpha)


def _seen_from(first: CoarseMatte, second: CoarseMatte) -> FloatArray:
    """The first alpha, resampled to the pixels of the second."""
    wide, narrow = first.fit.region, second.fit.region
    rows, columns = second.alpha.shape
    across, down = first.alpha.shape[1] / wide.width, first.alpha.shape[0] / wide.height
    step_x, step_y = narrow.width / columns, narrow.height / rows
    # centre of the second's pixel v in photo pixels: left + (v + ½)·step; of the first's pixel u: left + (u + ½)/across
    to_first = np.array(
        [
            [step_x * across, 0, (step_x / 2 + narrow.left - wide.left) * across - 0.5],
            [0, step_y * down, (step_y / 2 + narrow.top - wide.top) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen: FloatArray = cv2.warpAffine(
        first.alpha, to_first, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return seen


def _cut_off(alpha: FloatArray, box: Box, region: Box) -> bool:
    """Whether the subject reaches a side of ``box`` that is not one of ``region``, which it lies in."""
    sides = (
        (box.left > region.left, alpha[:, 0]),
        (box.right < region.right, alpha[:, -1]),
        (box.top > region.top, alpha[0]),
        (box.bottom < region.bottom, alpha[-1]),
    )
    return any(inner and bool((rim > 0.5).any()) for inner, rim in sides)
