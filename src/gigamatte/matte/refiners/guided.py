"""The classical refiner: a fast guided filter whose guide is blurred like the mask.

Inside a small window the alpha is modelled as a linear function of the colour, α ≈ a·I + b (the colour-line model of
Levin, Lischinski and Weiss, A Closed-Form Solution to Natural Image Matting, 2008). The guided filter (He, Sun, Tang,
Guided Image Filtering, 2010) fits a and b in closed form; its fast version (He, Sun, Fast Guided Filter, 2015) fits at
the coarse level, where the mask was made, and applies at the fine level, where the photo still has its detail.

What makes it exact here: a network's mask is blurred against the photo at the same level. Fitting a blurred alpha to a
sharp photo flattens a, and the lifted edge stays soft. So the coarse photo is blurred by the mask's own σ first: then
both sides went through the same filter and the fitted line is the one that holds at full sharpness.
(docs/design/matte.md has the measurements.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from gigamatte.filters import box_mean, gaussian
from gigamatte.matte.refiners.base import LevelPatch, Refiner
from gigamatte.matte.refiners.upscale import twice
from gigamatte.types import FloatArray, Size

#: Half the window of the fit, in pixels of the coarser level: small for a network's mask, which is blurred …
FIRST_RADIUS = 2
#: … wider once the alpha follows the photo.
RADIUS = 3
#: Regulariser of the fit, in squared units of a colour in [0, 1]: about one grey level of noise.
EPSILON = 1e-5
#: The alpha that the fit copies from the photo's texture beyond a clean edge, at the first level and later: cut off.
FIRST_HAZE, HAZE = 0.05, 0.03
#: Two box filters of the wider radius and the bilinear lift, in finer pixels.
SHARP_HALO = 16
#: How much the colour lines count for a matte, against the matte enlarged (docs/design/matte.md has the measurements).
GUIDED_PART = 0.6


@dataclass(frozen=True, slots=True)
class GuidedRefiner:
    """Lifts by local colour lines. No state, no network."""

    name: str = "guided"
    #: two box filters of the first radius, the blur's tail and the bilinear lift, twice as many finer pixels
    halo: int = 32
    looks: bool = True

    def at(self, _finer: Size, blur: float = 0.0, /) -> Refiner:
        """Itself: it lifts to every level. Where nothing is blurred it needs a smaller halo."""
        return self if blur else replace(self, halo=SHARP_HALO)

    def keeping(self) -> Refiner:
        """The refiner that takes a part of the colour lines' result and the rest from the enlarged matte."""
        return MatteRefiner()

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level."""
        return [guided(patch) for patch in patches]


@dataclass(frozen=True, slots=True)
class MatteRefiner(GuidedRefiner):
    """Lifts a matte by a mixture of the enlarged matte, whose errors are small everywhere, and the colour lines."""

    def keeping(self) -> Refiner:
        """Itself."""
        return self

    def lift(self, patches: Sequence[LevelPatch]) -> list[FloatArray]:
        """One alpha per patch: float32 (row, column) in [0, 1] at the finer level."""
        lifted = []
        for patch in patches:
            plain = twice(patch.alpha) if patch.plain is None else patch.plain
            lifted.append(plain + np.float32(GUIDED_PART) * (guided(patch) - plain))
        return lifted


def guided(patch: LevelPatch) -> FloatArray:
    """The alpha of one patch at the finer level, float32 (row, column) in [0, 1]."""
    first = patch.blur > 0
    slopes, offset = colour_lines(
        gaussian(patch.coarse, patch.blur), patch.alpha, FIRST_RADIUS if first else RADIUS, EPSILON
    )
    rows, columns = patch.fine.shape[:2]
    alpha = enlarged(offset, rows, columns)
    for channel, slope in enumerate(slopes):
        alpha += enlarged(slope, rows, columns) * patch.fine[..., channel]
    return without_haze(alpha, FIRST_HAZE if first else HAZE)


def without_haze(alpha: FloatArray, haze: float) -> FloatArray:
    """Alphas within ``haze`` of 0 or 1 become exactly that; those further than three times as far stay as they are.

    Between the two the curve is steeper but continuous. Stretching the whole range instead would steepen soft edges
    again at every level, until an out-of-focus border was a hard one. float32 of any range in, [0, 1] out.
    """
    # The curve is odd about ½: with d = |α − ½|, distances up to ½ − 3h stay, those from ½ − h on become ½.
    centred: FloatArray = alpha - np.float32(0.5)
    distance: FloatArray = np.abs(centred)
    steeper = (distance - np.float32(0.5 - 3 * haze)) * np.float32(1.5) + np.float32(0.5 - 3 * haze)
    np.maximum(distance, steeper, out=distance)
    np.minimum(distance, np.float32(0.5), out=distance)
    np.copysign(distance, centred, out=distance)
    distance += np.float32(0.5)
    return distance


def enlarged(plane: FloatArray, rows: int, columns: int) -> FloatArray:
    """One channel at the finer level, float32 (row, column)."""
    out: FloatArray = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return out


def colour_lines(
    colour: FloatArray, alpha: FloatArray, radius: int, epsilon: float
) -> tuple[tuple[FloatArray, ...], FloatArray]:
    """Slopes (one for each channel) and offset of α ≈ Σ slope·colour + offset, fitted in windows and averaged.

    ``colour`` float32 (row, column, RGB) and ``alpha`` float32 (row, column), both in [0, 1]; the results are (row,
    column) planes: filters and sums run over unbroken rows, in half the time. Windows are 2·radius + 1 pixels wide and
    stop at the border (which is repeated).
    """
    return ColourWindows(colour, radius, epsilon).lines(alpha)


class ColourWindows:
    """The part of ``colour_lines`` that depends on the colours alone: several alphas can be fitted to it."""

    def __init__(self, colour: FloatArray, radius: int, epsilon: float) -> None:
        self.radius = radius
        # centred on zero: with smaller numbers fewer digits are lost when squares are subtracted
        self.planes = tuple(plane - np.float32(0.5) for plane in cv2.split(colour))
        self.means = tuple(box_mean(plane, radius) for plane in self.planes)
        r, g, b = zip(self.planes, self.means, strict=True)
        rr, gg, bb = (np.maximum(self._covariance(*one, *one), 0) + np.float32(epsilon) for one in (r, g, b))
        rg, rb, gb = self._covariance(*r, *g), self._covariance(*r, *b), self._covariance(*g, *b)
        # Solve (covariance + ε) slope = covariance with alpha by elimination (L·D·Lᵀ). Cramer's rule would subtract
        # products of three variances and lose all digits on grey photos, where the channels move together.
        lrg, lrb = rg / rr, rb / rr
        gg = np.maximum(gg - lrg * rg, epsilon)
        gb = gb - lrg * rb
        lgb = gb / gg
        bb = np.maximum(bb - lrb * rb - lgb * gb, epsilon)
        self.diagonal, self.lower = (rr, gg, bb), (lrg, lrb, lgb)

    def lines(self, alpha: FloatArray) -> tuple[tuple[FloatArray, ...], FloatArray]:
        """Slopes and offset for this alpha, float32 (row, column) in [0, 1]."""
        (rr, gg, bb), (lrg, lrb, lgb), (mr, mg, mb) = self.diagonal, self.lower, self.means
        mean_alpha = box_mean(alpha, self.radius)
        yr, yg, yb = (
            self._covariance(plane, mean, alpha, mean_alpha)
            for plane, mean in zip(self.planes, self.means, strict=True)
        )
        yg = yg - lrg * yr
        yb = yb - lrb * yr - lgb * yg
        sb = yb / bb
        sg = yg / gg - lgb * sb
        sr = yr / rr - lrg * sg - lrb * sb
        offset = mean_alpha - sr * mr - sg * mg - sb * mb
        sr, sg, sb, offset = (box_mean(plane, self.radius) for plane in (sr, sg, sb, offset))
        return (sr, sg, sb), offset - np.float32(0.5) * (sr + sg + sb)

    def unexplained(self, alpha: FloatArray) -> FloatArray:
        """How far ``alpha`` lies from its lines, cut off at 0 and 1: float32 (row, column)."""
        slopes, offset = self.lines(alpha)
        for slope, plane in zip(slopes, self.planes, strict=True):
            offset = offset + slope * (plane + np.float32(0.5))
        left: FloatArray = np.abs(np.clip(offset, 0, 1) - alpha)
        return left

    def _covariance(self, one: FloatArray, mean: FloatArray, other: FloatArray, other_mean: FloatArray) -> FloatArray:
        found = box_mean(one * other, self.radius)
        found -= mean * other_mean
        return found
