"""Extracts a photo's own shadow on a plain background, as black with alpha: how much darker than unshaded it is.

Composed as programs do it, a shadow multiplies the stored colours of the ground B by 1 − s. B is not seen where the
shadow lies, so it is fitted (``ground_fit``), and what this leaves uneven by averages of what is surely unshaded. Per
pixel s is the least-squares solution of I = (1 − s)·B over the three channels. Fine noise is smoothed away (bilateral
filter: Tomasi and Manduchi, 1998), and what does not rise above it is no shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.alpha_levels import alpha_at
from gigamatte.cutout.fill_unknown import filled
from gigamatte.cutout.foreground import solve
from gigamatte.cutout.ground_fit import fitted_ground
from gigamatte.filters import COARSE, bilateral, distances, gaussian, grown, pieces
from gigamatte.matte.cascade.reading import Levels, photo_in
from gigamatte.photo.levels import level_sizes
from gigamatte.types import FloatArray, Matte, Size

#: pixels of the level on which the shadow is lifted, at most, and what that takes (measured)
MAP_PIXELS, BYTES_PER_PIXEL = 1_600_000, 90
#: what is not ground alone: alpha from here on, and so many pixels around it, where an alpha may be a little off
SUBJECT_ALPHA, MARGIN = 0.004, 1
#: what is mixed up to here still tells of the ground behind it
MOSTLY = 0.8
#: the ground is plain when nine tenths of it, smoothed, lie this near to the fit; part of its brightness
PLAIN = 0.06
#: on darker grounds a shadow cannot be distinguished from noise; less of it cannot be fitted
DARKEST, LEAST_GROUND = 0.08, 0.08
#: no shade is darker than this, and no ground brighter than the fit by this part, or as far off its colour; what is
#: so, is something else, together with so many pixels around it
BLACK, BRIGHT, TINTED, BESIDE = 0.88, 0.15, 0.12, 2
#: … a ground of which more than this part is something else is not plain
MOST_OTHER = 0.15
#: noise of less than this, part of the ground's brightness, is left as it is
QUIET = 0.002
#: shade on more than this part of the photo's border, as far as that shows ground, is another ground
MOST_BORDER = 0.4
#: shade farther from the subject than this part of the subject's longer side is not its shadow
FARTHEST = 0.35


@dataclass(frozen=True)
class Lifted:
    """The shadow's alpha on the pixels of one level, float32 (row, column) in [0, 1], or why there is none."""

    alpha: FloatArray | None
    level: int = 0
    reason: str = ""


def lift_shadow(levels: Levels, matte: Matte) -> Lifted:
    """The photo's own shadow on its plain background; under the subject it is continued from the pixels around."""
    level = _map_level([levels.size(level) for level in range(levels.levels)])
    box = levels.size(level).box
    colour, alpha = photo_in(levels, level, box), alpha_at(matte, box, level)
    subject = alpha > SUBJECT_ALPHA
    seen = (~grown(subject, MARGIN)).astype(np.float32)
    if float(seen.mean()) < LEAST_GROUND:
        return Lifted(None, reason="too little of the ground is to be seen")
    ground = fitted_ground(colour, seen)
    if float(np.median(ground[seen > 0])) < DARKEST:
        return Lifted(None, reason="the ground is too dark to hold one")
    # print and props beside the subject are no shade, however dark
    other = _otherwise(colour, ground) & (seen > 0)
    if float(other.mean()) > MOST_OTHER * float(seen.mean()):
        return Lifted(None, reason="the ground is not plain")
    seen = np.where(grown(other, BESIDE), np.float32(0), seen)
    ground = _evened(colour, ground, seen)
    shade = _shade(colour, ground)
    behind = _behind(colour, alpha, ground)
    known = np.where(
        seen > 0, np.float32(1), (alpha > SUBJECT_ALPHA) * np.clip(1 - alpha / np.float32(MOSTLY), 0, 1) ** 2
    ).astype(np.float32)
    lit, noise = _smooth(np.where(alpha > SUBJECT_ALPHA, behind, shade), seen, known)
    gate = _gate(lit, known, noise)
    near = _beside(gate, subject)
    rest = (seen > 0) & ~grown(near, max(1, max(alpha.shape) // 100))
    sure = near & (seen > 0) & (gate > 0.5)
    if not _plain(lit, rest) or _across(sure) or _along(sure, seen > 0):
        return Lifted(None, reason="the ground is not plain")
    # under the subject, the gate is continued from the background around it
    gate = filled((gate * _soft(near)).astype(np.float32), np.minimum(known * 8, 1))
    kept = filled((lit * gate).astype(np.float32), known)
    return Lifted(np.clip(kept, 0, 1).astype(np.float32), level)


def shadow_memory(photo: Size) -> int:
    """Bytes that lifting the shadow of a photo of this size takes at its worst."""
    sizes = level_sizes(photo)
    return BYTES_PER_PIXEL * sizes[_map_level(sizes)].pixels


def _map_level(sizes: Sequence[Size]) -> int:
    """The level on which the shadow is lifted, of a photo's levels of these sizes."""
    return next((level for level, size in enumerate(sizes) if size.pixels <= MAP_PIXELS), len(sizes) - 1)


def _shade(colour: FloatArray, ground: FloatArray) -> FloatArray:
    shade: FloatArray = 1 - (colour * ground).sum(axis=2) / (ground * ground).sum(axis=2)
    return shade


def _otherwise(colour: FloatArray, ground: FloatArray) -> NDArray[np.bool_]:
    """What is neither the ground nor its shade: as dark as print, brighter than the ground, or of another colour."""
    shade = _shade(colour, ground)
    rest = np.linalg.norm(colour - (1 - shade[..., None]) * ground, axis=2) / np.linalg.norm(ground, axis=2)
    tint = gaussian(rest.astype(np.float32), 1.5, beyond="mirrored")
    other: NDArray[np.bool_] = (np.abs(shade - (BLACK - BRIGHT) / 2) > (BLACK + BRIGHT) / 2) | (tint > TINTED)
    return other


def _evened(colour: FloatArray, ground: FloatArray, seen: FloatArray) -> FloatArray:
    """The ground once more, by averages of what lies near the fit, a tenth of the picture wide."""
    shade = _shade(colour, ground)
    width = 0.02 * max(seen.shape)
    broad = _blurred(shade * seen, width) / np.maximum(_blurred(seen, width), np.float32(1e-3))
    sure = (seen * (np.abs(broad) < 0.015)).astype(np.float32)
    far = 0.08 * max(seen.shape)
    # half of a pixel's surroundings unknown: the fit counts as much as what is known
    off = _blurred(sure * shade, far) / (_blurred(sure, far) + np.float32(0.25))
    evened: FloatArray = ground * (1 - off[..., None])
    return evened


def _behind(colour: FloatArray, alpha: FloatArray, ground: FloatArray) -> FloatArray:
    """The shade behind what is mixed, the subject's own colour taken out."""
    both = np.moveaxis(solve(np.stack(cv2.split(colour)), alpha), 0, 2)
    share = alpha[..., None]
    behind = (colour - share * both[..., :3]) / np.maximum(1 - share, np.float32(1 - MOSTLY))
    bounded: FloatArray = np.clip(_shade(behind.astype(np.float32), ground), -0.05, 1)
    return bounded


def _smooth(shade: FloatArray, seen: FloatArray, known: FloatArray) -> tuple[FloatArray, float]:
    """Shade without fine noise, and the deviation of the noise that was there."""
    whole = filled(shade, known)
    detail = whole - gaussian(whole, 1.5, beyond="mirrored")
    ground = detail[seen > 0]
    # the median of a normal distribution's absolute values, and what the narrow blur took along
    noise = 1.1 * 1.4826 * float(np.median(np.abs(ground)))
    if noise < QUIET:
        return whole, noise
    return bilateral(whole, 9, max(0.01, 4 * noise), 3.0), noise


def _gate(lit: FloatArray, known: FloatArray, noise: float) -> FloatArray:
    """1 where shade is surely more than noise, 0 where it is not."""
    gate = np.zeros_like(lit)
    for width, part in ((2.0, 0.5), (0.01 * max(lit.shape), 0.2)):
        weight = np.maximum(_blurred(known, width), np.float32(1e-3))
        mean = (_blurred(lit * known, width) / weight).astype(np.float32)
        low = max(0.005, part * noise)
        gate = np.maximum(gate, _step(mean, low, 2.5 * low)).astype(np.float32)
    return gate


def _beside(gate: FloatArray, subject: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pieces of shade that lie near the subject."""
    count, names = pieces((gate > 0) | subject)
    ys, xs = np.nonzero(subject)
    if not len(ys):
        return np.zeros(subject.shape, bool)
    reach = FARTHEST * max(int(np.ptp(ys)), int(np.ptp(xs)), 1)
    away = distances(~subject, COARSE)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, names.ravel(), away.ravel())
    belongs = nearest <= reach
    belongs[0] = False
    beside: NDArray[np.bool_] = belongs[names]
    return beside


def _plain(lit: FloatArray, rest: NDArray[np.bool_]) -> bool:
    return not rest.any() or float(np.quantile(np.abs(lit[rest]), 0.9)) <= PLAIN


def _across(shade: NDArray[np.bool_]) -> bool:
    """Whether shade reaches from the photo's left side to its right: a wall behind a floor, no shadow."""
    _, names = pieces(shade)
    return bool((np.intersect1d(names[:, 0], names[:, -1]) > 0).any())


def _along(shade: NDArray[np.bool_], seen: NDArray[np.bool_]) -> bool:
    """Whether shade takes much of the photo's border: houses under a sky, two walls of a corner; no shadow."""
    shaded, ground = (sum(np.count_nonzero(line) for line in (a[0], a[-1], a[:, 0], a[:, -1])) for a in (shade, seen))
    return bool(shaded > MOST_BORDER * ground)


def _soft(chosen: NDArray[np.bool_]) -> FloatArray:
    return gaussian(chosen.astype(np.float32), 1.5, beyond="mirrored")


def _step(values: FloatArray, low: float, high: float) -> FloatArray:
    part = np.clip((values - low) / (high - low), 0, 1)
    step: FloatArray = (part * part * (3 - 2 * part)).astype(np.float32)
    return step


def _blurred(values: FloatArray, width: float) -> FloatArray:
    """Gaussian of that deviation in pixels; a wide one on a smaller picture."""
    rows, columns = values.shape[:2]
    shrink = max(1, int(width / 4))
    small = values
    if shrink > 1:
        small = cv2.resize(values, (max(1, columns // shrink), max(1, rows // shrink)), interpolation=cv2.INTER_AREA)
    soft = gaussian(small, width / shrink, beyond="mirrored")
    return soft if shrink == 1 else cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_LINEAR)
