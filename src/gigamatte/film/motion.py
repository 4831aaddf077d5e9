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
#: the subject's motion is spread, the nearer one first; what only the last one reaches is believed less.
DEEP, SPREADS = 4, (8, 32, 128)
#: A motion that differs from the subject's by less than this is kept: it was seen there; by twice as much, not at all.
DIFFERS = 0.25
#: where less than this is known of the subject's motion, nothing is
NONE = np.float32(0.05)
#: how much more than the mean difference of the ground beside it is taken for the ground that shows through
THROUGH = 1.5
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
    ``through`` float32 (row, column): by how many levels a pixel may differ because of the ground that it shows.
    ``further`` float32 (row, column) in [0, 1]: as ``believed``, but what is beside the subject moves as it does
    however far that is: enough to move an alpha along, not to average two of the network's answers.
    """

    back: FloatArray
    believed: FloatArray
    still: FloatArray
    cut: bool = False
    same: bool = False
    pictures: tuple[Reduced, Reduced] | None = None
    through: FloatArray | None = None
    further: FloatArray | None = None

    @property
    def likely(self) -> FloatArray:
        """``further`` where it is known, else ``believed``."""
        return self.believed if self.further is None else self.further


@dataclass(frozen=True, eq=False)
class Way:
    """The motion of several frames together: ``back`` and ``believed`` as in ``Motion``, from the last to the first."""

    back: FloatArray
    believed: FloatArray

    def then(self, moved: Motion) -> Way:
        """With that of one more frame."""
        known = followed(np.dstack([self.back, self.believed]), moved.back)
        return Way(moved.back + known[..., :2], np.minimum(moved.likely, known[..., 2]))


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
    # the noise of small frames was not averaged: the finest level would follow it
    flow.setFinestScale(1 if max(height, width) >= REDUCED else 2)
    back, forth = flow.calc(other, one, None), flow.calc(one, other, None)
    there = followed(forth, back)
    missed = _length(back + there)
    believed = np.clip(2 - missed / np.float32(AGREE), 0, 1).astype(np.float32)
    warped = followed(before, back)
    left = _left(warped, now)
    believed *= _alike(left)
    strange = float(left.mean()) > CUT_DIFFERENCE and float(believed.mean()) < CUT_BELIEVED
    cut = strange and _likeness(warped, now) < CUT_LIKENESS
    moved = _length(back)
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
    back, have, near, trust = _spread(moved.back, known, inside)
    other = np.clip(_length(back - moved.back) / np.float32(DIFFERS) - 1, 0, 1)
    other = np.where(have < NONE, np.float32(1), other) * between
    back = np.where(have[..., np.newaxis] < NONE, moved.back, back)
    through = None
    if moved.pictures is not None:
        before, now = moved.pictures
        left = _left(followed(before, back), now)
        through = _shown_through(left, alpha) * between
        alike = _alike(left, through)
        near, trust = near * alike, trust * alike
        # where only the flow that was found there shows the same, the answer's contour lies beside the true one
        other = other * np.maximum(alike, 1 - moved.believed)
    back = (moved.back + other[..., np.newaxis] * (back - moved.back)).astype(np.float32)
    believed, further = (
        (moved.believed + other * (np.maximum(one, moved.still) - moved.believed)).astype(np.float32)
        for one in (near, trust)
    )
    return dataclasses.replace(moved, back=back, believed=believed, further=further, through=through)


def _spread(back: FloatArray, known: FloatArray, inside: NDArray[np.bool_]) -> tuple[FloatArray, ...]:
    """The subject's motion around it: (motion, how much of it is known, … but for the last of SPREADS, its trust).

    ``known`` float32 (row, column) in [0, 1]: how well its motion ``back`` is known ``inside`` of it. The motion,
    float32 (row, column, (x, y)), is that of the nearest first; trust, as the others float32 (row, column) in [0, 1],
    is that of the subject around a place, however little of it there is. Worked out for every second pixel.
    """
    rows, columns = known.shape
    x, y = cv2.split(back)
    all_known = cv2.merge((x * known, y * known, known, inside.astype(np.float32)))
    size = max(1, columns // 2), max(1, rows // 2)
    seeds = cv2.resize(all_known, size, interpolation=cv2.INTER_AREA)
    x, y, have, _ = cv2.split(seeds)
    close = trust = have
    for radius in SPREADS:
        near_x, near_y, near, seen = cv2.split(box_mean(seeds, radius // 2))
        share = np.minimum(4 * near, 1) * (1 - have)
        each = share / np.maximum(near, np.float32(1e-6))
        x, y, have = x + near_x * each, y + near_y * each, have + share
        trust = near / np.maximum(seen, np.float32(1e-6))
        close = close if radius == SPREADS[-1] else have
    most = np.maximum(have, NONE)
    smooth = cv2.merge((x / most, y / most, have, close, trust))
    x, y, have, close, trust = cv2.split(cv2.resize(smooth, (columns, rows)))
    spread, have = np.dstack([x, y]), np.asarray(have, np.float32)
    return spread, have, close, np.where(have < NONE, have, trust)


def _textured(picture: Reduced) -> FloatArray:
    """Whether a place shows enough for its motion to be known: float32 (row, column) in [0, 1]."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = box_mean(grey, 4, beyond="mirrored")
    spread = np.sqrt(np.maximum(box_mean(grey * grey, 4, beyond="mirrored") - mean * mean, 0))
    textured: FloatArray = np.clip(spread / np.float32(FLAT) - 1, 0, 1)
    return textured


def _left(warped: Reduced, now: Reduced) -> FloatArray:
    """By how many levels the earlier picture, moved, differs at a pixel: float32 (row, column)."""
    left: FloatArray = cv2.transform(cv2.absdiff(warped, now).astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    return left


def _length(vectors: FloatArray) -> FloatArray:
    """Of vectors, float32 (row, column, (x, y)): float32 (row, column)."""
    x, y = cv2.split(vectors)
    length: FloatArray = cv2.magnitude(x, y)
    return length


def _shown_through(left: FloatArray, alpha: FloatArray) -> FloatArray:
    """By how many levels a pixel may differ more than one of the subject, because of the ground that it shows.

    ``left``: by how much the picture differs that is moved as the subject is. That of the ground beside it tells how
    much another part of the ground differs; a pixel of alpha α shows 1 - α of it.
    """
    ground = (alpha <= GROUND).astype(np.float32)
    differs, seen = cv2.split(box_mean(cv2.merge((left * ground, ground)), SPREADS[-1]))
    differs /= np.maximum(seen, np.float32(1e-4))
    through: FloatArray = (1 - alpha) * differs * np.float32(THROUGH)
    return through


def _alike(left: FloatArray, more: FloatArray | None = None) -> FloatArray:
    """How much the earlier picture, moved, shows the same, where it differs so: float32 (row, column) in [0, 1].

    It may differ by 3 · NOISE, and by ``more`` of it.
    """
    most = np.float32(3 * NOISE) if more is None else np.float32(3 * NOISE) + more
    alike: FloatArray = np.clip(2 - box_mean(left, 2, beyond="mirrored") / most, 0, 1)
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
