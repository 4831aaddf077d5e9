"""Motion between two frames: optical flow of reduced frames, its reliability, and cuts between scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import Pixels, box_mean, lowest, remapped
from gigamatte.types import FloatArray, Size

#: longer side of a reduced frame, in pixels
REDUCED = 288
#: pixels of the reduced frame that a point may miss its place by, when it follows the flow there and back
AGREE = 0.75
#: pixels of the reduced frame that a place may move and still count as not moved
STILL = 0.2
#: levels (of 255) by which the pixels of a place may differ, the mean of 3×3, when it has not changed
NOISE = 4.0
#: A new scene begins where following the flow leaves such a mean difference, in levels, …
CUT_DIFFERENCE = 6.0
#: … the two are correlated less than this, and the flow can be believed in less than this part of the frame
CUT_LIKENESS, CUT_BELIEVED = 0.6, 0.6

Reduced = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Motion:
    """From a frame back to the one before it.

    ``back`` float32 (row, column, (x, y)): where each pixel of the reduced frame was, relative to it, in its pixels; 0
    where it has not moved. ``believed`` float32 (row, column) in [0, 1]: whether forward and backward flow agree.
    ``still`` float32 (row, column) in [0, 1]: whether the place shows the same as before. ``cut``: a new scene begins.
    ``same``: nothing at all has changed.
    """

    back: FloatArray
    believed: FloatArray
    still: FloatArray
    cut: bool = False
    same: bool = False


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
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)  # type: ignore[attr-defined]
    back, forth = flow.calc(other, one, None), flow.calc(one, other, None)
    there = followed(forth, back)
    missed = np.linalg.norm(back + there, axis=2)
    believed = np.clip(2 - missed / np.float32(AGREE), 0, 1).astype(np.float32)
    warped = followed(before, back)
    left = np.abs(warped.astype(np.float32) - now).mean(axis=2)
    believed *= np.clip(2 - box_mean(left, 2, beyond="mirrored") / np.float32(3 * NOISE), 0, 1)
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
    return Motion(back.astype(np.float32), np.maximum(believed, still), still, cut, bool(change.max() <= NOISE / 2))


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
