"""Motion between two frames: optical flow of reduced frames, its reliability, and cuts between scenes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import Pixels, box_mean, highest, lowest, remapped
from gigamatte.types import FloatArray, Size

#: longer side of a reduced frame, in pixels: with half of it contours are drawn after the ground behind them
REDUCED = 576
#: pixels of the reduced frame that a point may miss its place by, when it follows the flow there and back
AGREE = 0.75
#: pixels of the reduced frame that a place may move and still count as not moved
STILL = 0.4
#: levels (of 255) by which the pixels of a place may differ, the mean of 3×3, when it has not changed
NOISE = 4.0
#: A new scene begins where following the flow leaves such a mean difference, in levels, …
CUT_DIFFERENCE = 6.0
#: … the two are correlated less than this, and the flow can be believed in less than this part of the frame
CUT_LIKENESS, CUT_BELIEVED = 0.6, 0.6
#: alpha from which on a pixel is surely of the subject, and below which it surely is not
SUBJECT, GROUND = 0.98, 0.02
#: Pixels of the reduced frame: so deep inside the subject flow is not bent towards the ground's, and so far around it
#: the subject's motion is spread, the nearer one first.
DEEP, SPREADS = 4, (8, 40)
#: A motion that differs from the subject's by less than this is kept: it was seen there; by twice as much, not at all.
DIFFERS = 0.25
#: where less than this is known of the subject's motion, nothing is
NONE = np.float32(0.05)
#: levels (of 255), the spread of 9×9 pixels, up to which a place shows too little for its motion to be known
FLAT = 1.5

Reduced = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Motion:
    """From a frame back to the one before it.

    ``back`` float32 (row, column, (x, y)): where each pixel of the reduced frame was, relative to it, in its pixels; 0
    where it has not moved. ``believed`` float32 (row, column) in [0, 1]: whether forward and backward flow agree.
    ``still`` float32 (row, column) in [0, 1]: whether the place shows the same as before. ``cut``: a new scene begins.
    ``same``: nothing at all has changed. ``pictures``: the two reduced frames, the earlier one first.
    """

    back: FloatArray
    believed: FloatArray
    still: FloatArray
    cut: bool = False
    same: bool = False
    pictures: tuple[Reduced, Reduced] | None = None


def reduced(pixels: NDArray[np.uint8]) -> Reduced:
    """A frame, uint8 (row, column, RGB), as it is compared with the next one: uint8 (row, column, RGB), small."""
    size = Size.of(pixels)
    scale = REDUCED / size.long
    if scale >= 1:
        return pixels
    width, height = max(16, round(size.width * scale)), max(16, round(size.height * scale))
    small: Reduced = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return small


def motion(before: Reduced, now: Reduced) -> Motion:
    """What moved. Dense inverse search (Kroeger et al., 2016), there and back (Sundaram et al., 2010)."""
    change = box_mean(cv2.absdiff(before, now).max(axis=2), 1, beyond="mirrored")
    height, width = change.shape
    if int(change.max()) == 0:
        nothing = np.zeros((height, width, 2), np.float32)
        everywhere = np.ones((height, width), np.float32)
        return Motion(nothing, everywhere, everywhere, same=True)
    one, other = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, now))
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    # the noise of small frames was not averaged: the finest level would follow it
    flow.setFinestScale(1 if max(height, width) >= REDUCED else 2)
    back, forth = flow.calc(other, one, None), flow.calc(one, other, None)
    there = followed(forth, back)
    missed = np.linalg.norm(back + there, axis=2)
    believed = np.clip(2 - missed / np.float32(AGREE), 0, 1).astype(np.float32)
    warped = followed(before, back)
    left = _left(warped, now)
    believed *= _alike(left)
    strange = float(left.mean()) > CUT_DIFFERENCE and float(believed.mean()) < CUT_BELIEVED
    cut = strange and _likeness(warped, now) < CUT_LIKENESS
    moved = np.linalg.norm(back, axis=2)
    # a flat ground that has not changed has not moved, whatever the flow says of it
    unchanged = np.clip(2 - change.astype(np.float32) / np.float32(NOISE), 0, 1)
    still = (unchanged * np.clip(2 - moved / np.float32(STILL), 0, 1)).astype(np.float32)
    still = np.maximum(still, (change <= NOISE / 2).astype(np.float32))
    # one place that moves makes its surroundings doubtful
    still = lowest(still, 2)
    back = back * (still < 1)[..., np.newaxis]
    same = bool(change.max() <= NOISE / 2)
    return Motion(back.astype(np.float32), np.maximum(believed, still), still, cut, same, (before, now))


def along(moved: Motion, alpha: FloatArray) -> Motion:
    """The same, but what lies between subject and ground moves as the subject beside it.

    ``alpha`` float32 (row, column) in [0, 1], of the later frame, at the size of the reduced one. Flow that is sought
    where hair or a contour lies before a moving ground is often the ground's. Pixels that are surely of the subject
    give their motion to those around them (normalised convolution: Knutsson and Westin, 1993), the nearest first.
    """
    inside = np.asarray(lowest(alpha, DEEP) > SUBJECT)
    between = highest((alpha > GROUND).astype(np.uint8), 2).view(np.bool_) & ~inside & (moved.still < 1)
    if moved.same or not inside.any() or not between.any():
        return moved
    known = moved.believed * inside
    if moved.pictures is not None:
        known = known * _textured(moved.pictures[1])
    have, back = known, moved.back * known[..., np.newaxis]
    given = back
    for radius in SPREADS:
        near = box_mean(known, radius)
        share = np.minimum(4 * near, 1) * (1 - have)
        spread = box_mean(given, radius) / np.maximum(near, np.float32(1e-6))[..., np.newaxis]
        back, have = back + spread * share[..., np.newaxis], have + share
    back = np.where(have[..., np.newaxis] < NONE, moved.back, back / np.maximum(have, NONE)[..., np.newaxis])
    other = np.clip(np.linalg.norm(back - moved.back, axis=2) / np.float32(DIFFERS) - 1, 0, 1)
    other = np.where(have < NONE, np.float32(1), other) * between
    back = (moved.back + other[..., np.newaxis] * (back - moved.back)).astype(np.float32)
    if moved.pictures is not None:
        before, now = moved.pictures
        have = have * _alike(_left(followed(before, back), now))
    have = np.maximum(have, moved.still)
    believed = (moved.believed + other * (have - moved.believed)).astype(np.float32)
    return dataclasses.replace(moved, back=back, believed=believed)


def _textured(picture: Reduced) -> FloatArray:
    """Whether a place shows enough for its motion to be known: float32 (row, column) in [0, 1]."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = box_mean(grey, 4, beyond="mirrored")
    spread = np.sqrt(np.maximum(box_mean(grey * grey, 4, beyond="mirrored") - mean * mean, 0))
    textured: FloatArray = np.clip(spread / np.float32(FLAT) - 1, 0, 1)
    return textured


def _left(warped: Reduced, now: Reduced) -> FloatArray:
    """By how many levels the earlier picture, moved, differs at a pixel: float32 (row, column)."""
    left: FloatArray = np.abs(warped.astype(np.float32) - now).mean(axis=2)
    return left


def _alike(left: FloatArray) -> FloatArray:
    """How much the earlier picture, moved, shows the same, where it differs so: float32 (row, column) in [0, 1]."""
    alike: FloatArray = np.clip(2 - box_mean(left, 2, beyond="mirrored") / np.float32(3 * NOISE), 0, 1)
    return alike


def _likeness(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The correlation of two frames, -1…1, which does not depend on brightness; 0 where one of them is uniform."""
    a, b = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in (one, other))
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).mean() * (b * b).mean()))
    return float((a * b).mean()) / spread if spread > 1 else 0.0


def followed(picture: Pixels, back: FloatArray) -> Pixels:
    """The picture of the frame before, moved to where it is now: (row, column[, channel]), its own dtype."""
    height, width = back.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return remapped(picture, x + back[..., 0], y + back[..., 1])
