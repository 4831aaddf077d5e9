"""The input of the learned refiner: the photo, the alpha so far, and the results of two classical methods.

Everything is packed at the coarser level: a fine map becomes four coarse ones (space to depth), so that the network's
convolutions run on a quarter of the pixels. Training uses this very function, so that both see the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gigamatte.filters import box_mean, extremes
from gigamatte.matte.refiners.base import LevelPatch
from gigamatte.matte.refiners.guided import enlarged, guided
from gigamatte.types import FloatArray

#: The constants below and those of the guided refiner are part of the trained network: other values need another
#: training, and another number in neural.EVIDENCE.
CHANNELS = 29
#: Half the windows in which decided colours are averaged, and how much each counts: smaller windows count more.
NEAR = ((2, 1.0), (6, 0.05), (16, 0.005))
#: How much the guided alpha counts where foreground and background look alike, in squared units of colour.
TRUST = 0.01
#: Half the window in which an alpha has to vary before the network may change it, and by how much.
REACH, LEAST = 12, 0.02


@dataclass(frozen=True, slots=True)
class Evidence:
    """``stack`` float32 (CHANNELS, row, column), coarser level: what the network sees.

    ``prior`` float32 (row, column) in [0, 1], finer level: the alpha that it corrects. ``free`` float32 (row, column)
    in [0, 1], finer level: how far it may.
    """

    stack: FloatArray
    prior: FloatArray
    free: FloatArray


def evidence(patch: LevelPatch) -> Evidence:
    """The network's input for one patch."""
    rows, columns = patch.alpha.shape
    prior = guided(patch)
    foreground, background = sure_colours(patch.coarse, patch.alpha)
    stack = np.empty((CHANNELS, rows, columns), np.float32)
    stack[:12] = to_depth(patch.fine)
    stack[:12] -= 0.5
    stack[12:16] = to_depth(prior[..., None])
    stack[16:20] = to_depth(unmixed(patch.fine, prior, foreground, background)[..., None])
    stack[20] = patch.alpha
    square: FloatArray = np.zeros((rows, columns), np.float32)
    for channel, (front, back) in enumerate(zip(foreground, background, strict=True)):
        np.subtract(front, 0.5, out=stack[21 + channel])
        np.subtract(back, 0.5, out=stack[24 + channel])
        difference = front - back
        square += difference * difference
    np.sqrt(square, out=stack[27])
    stack[28] = patch.blur
    free = undecided(patch.alpha).repeat(2, axis=0).repeat(2, axis=1)
    plain = cv2.resize(patch.alpha, patch.fine.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return Evidence(stack, plain + free * (prior - plain), free)


#: the three channels of a colour, float32 (row, column) each: filters and sums run over unbroken rows
Planes = tuple[FloatArray, FloatArray, FloatArray]


def sure_colours(colour: FloatArray, alpha: FloatArray) -> tuple[Planes, Planes]:
    """Foreground and background colour around each pixel: means of the pixels that are decided.

    Where no decided pixel is near, farther ones count; where there is none, undecided ones do, weighted by their alpha.
    """
    channels = cv2.split(colour)
    sure_f = np.clip(alpha * 10 - 9, 0, 1) + np.float32(1e-4) * alpha + np.float32(1e-7)
    sure_b = np.clip(1 - alpha * 10, 0, 1) + np.float32(1e-4) * (1 - alpha) + np.float32(1e-7)
    return _weighted(channels, sure_f), _weighted(channels, sure_b)


def _weighted(channels: Sequence[FloatArray], weight: FloatArray) -> Planes:
    """The channels' means around each pixel, pixels counting by ``weight``."""
    total = _gathered(weight)
    red, green, blue = (_gathered(channel * weight) / total for channel in channels)
    return red, green, blue


def _gathered(plane: FloatArray) -> FloatArray:
    """Box means of several sizes, near ones counting most."""
    (radius, share), *others = NEAR
    total: FloatArray = np.float32(share) * box_mean(plane, radius)
    for radius, share in others:
        cv2.scaleAdd(box_mean(plane, radius), share, total, total)
    return total


def unmixed(fine: FloatArray, prior: FloatArray, foreground: Planes, background: Planes) -> FloatArray:
    """Where each fine pixel lies between the two colours: float32 (row, column) in [0, 1].

    α = ((I − B)·(F − B) + λ·prior) / (|F − B|² + λ), the projection on the line from B to F.
    """
    rows, columns = prior.shape
    above: FloatArray = np.float32(TRUST) * prior
    square: FloatArray = np.full(prior.shape, TRUST, np.float32)
    for channel in range(3):
        back = enlarged(background[channel], rows, columns)
        line = enlarged(foreground[channel], rows, columns) - back
        above += (fine[..., channel] - back) * line
        square += line * line
    above /= square
    return np.clip(above, 0, 1, out=above)


def undecided(alpha: FloatArray) -> FloatArray:
    """1 near pixels whose alpha differs, 0 where all are the same, float32 (row, column)."""
    highest, lowest = extremes(alpha, REACH)
    free: FloatArray = np.minimum((highest - lowest) * np.float32(1 / LEAST), np.float32(1))
    return free


def to_depth(fine: FloatArray) -> FloatArray:
    """(2·row, 2·column, channel) → (4·channel, row, column): sub-pixel first, then channel."""
    rows, columns, channels = fine.shape
    blocks = fine.reshape(rows // 2, 2, columns // 2, 2, channels)
    return np.ascontiguousarray(blocks.transpose(1, 3, 4, 0, 2)).reshape(4 * channels, rows // 2, columns // 2)


def to_space(depth: FloatArray) -> FloatArray:
    """(4, row, column) → (2·row, 2·column): the way back for one channel."""
    _, rows, columns = depth.shape
    return depth.reshape(2, 2, rows, columns).transpose(2, 0, 3, 1).reshape(2 * rows, 2 * columns)
