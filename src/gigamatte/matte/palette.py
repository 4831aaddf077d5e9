"""The ground and the inks of flat art, and the alpha of pixels that mix them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean, extremes, highest, lowest, warped
from gigamatte.types import Box, FloatArray, Size

#: an ink is at least so far from what the others explain, in any channel of 0…1
ANOTHER = 0.12
#: a colour that is nearer to the ground than this is weak
WEAK = 0.2
#: a colour farther than this from all mixtures is no mixture; how far around a pixel its ink is looked for
UNLIKE, HALO = 0.1, 5
#: a pixel's neighbourhood shows a plate when its mean is within this part of the plate's own difference from the ground
WITHIN = 0.4
#: JPEG keeps colours at half the size, so that alpha is read from brightness more than from colour: Y, and Cb and Cr
#: (ITU-R BT.601) by this part
COLOUR = 0.4
_WEIGHED = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)
_WEIGHED *= np.array([[1], [COLOUR], [COLOUR]], np.float32)
#: how bright a colour (RGB,) is: its Y
BRIGHTNESS = _WEIGHED[0]
#: a quadratic form of colour differences (RGB, RGB)
_SURE = _WEIGHED.T @ _WEIGHED


@dataclass(frozen=True, eq=False)
class Ink:
    """A ``colour``, float32 (RGB,) in [0, 1]; ``contrast`` to the ground, the largest of its channels; ``floor``: the
    alpha that the ground's noise makes of it."""

    colour: FloatArray
    contrast: float
    floor: float


@dataclass(frozen=True, eq=False)
class Palette:
    """The ``ground``, float32 (row, column, RGB) in [0, 1], small; the ``inks``, which are vertices of all mixtures.

    ``plates`` are colours of areas that are also mixtures of the ground and an ink, as grey beside black on white, or
    that are pale: they count where an area shows them. ``noise`` is the ground's, σ of a channel.
    """

    ground: FloatArray
    inks: tuple[Ink, ...]
    plates: tuple[Ink, ...] = ()
    noise: float = 0.0

    def alpha(self, pixels: FloatArray, box: Box, size: Size) -> FloatArray:
        """The alpha of ``pixels`` (row, column, RGB) in [0, 1], which show ``box`` of a level of this ``size``.

        A pixel depends on those within ``HALO`` of it.
        """
        ground = self.ground_in(box, size)
        away = pixels - ground
        alpha, best, which = self._explained(away, ground)
        floor = np.array([ink.floor for ink in self.inks] or [0], np.float32)[which]
        means = box_mean(pixels, 1) if self.plates else pixels
        for plate in self.plates:
            seen = means if plate.contrast < WEAK else pixels  # a pale plate is shown by means of its grain
            shown = np.abs(seen - plate.colour).max(2) < min(ANOTHER / 2, WITHIN * plate.contrast)
            area = lowest(shown.view(np.uint8))
            if area.any():
                along, off = mixture(away, plate.colour - ground)
                along = np.maximum(along, highest(area))
                beside = highest(area, HALO - 2) > 0
                own = beside & (np.sqrt(off) < np.sqrt(best) + self._slack) & (along > alpha)
                alpha, best = np.where(own, along, alpha), np.where(own, np.minimum(off, best), best)
                floor[own] = plate.floor
                # beside the plate and not beside the ground, an ink mixes with the plate
                bare = np.abs(means - ground).max(2) < plate.contrast / 2
                alpha[beside & (highest(bare.view(np.uint8), HALO - 2) == 0)] = 1
        # what no mixture explains is drawn in a colour of its own: a place in a gradient, or between two inks
        area = level(pixels, self.noise) & (np.abs(away).max(2) > WEAK)
        if area.any():
            unlike = np.clip((np.sqrt(best) - self._slack) / self._slack, 0, 1)
            unlike[highest(area.view(np.uint8), HALO - 2) == 0] = 0
            # inside an area, what is nearly an ink is that ink: places of a gradient, and noise
            apart = np.min([((pixels - ink.colour) ** 2).sum(2) for ink in (*self.inks, *self.plates)], axis=0)
            like = np.clip(2 - np.sqrt(apart) * (2 / ANOTHER), 0, 1)
            alpha += (1 - alpha) * np.maximum(unlike, like * area)
        # what is fainter than the ground's noise goes, what is well above it stays as it is
        floor = np.maximum(floor, 1e-3)
        cleaned: FloatArray = (alpha * np.clip((alpha - floor) / (2 * floor), 0, 1)).astype(np.float32)
        return cleaned

    def stroke_colours(self, pixels: FloatArray, alpha: FloatArray, box: Box, size: Size) -> FloatArray:
        """The colours of thin strokes, in which no pixel is all ink: (row, column, RGB) in [0, 1]; of any ``alpha``.

        Those of the ink that explains a pixel, or what is left of the pixel without the ground where none does.
        """
        if not self.inks:
            return pixels
        ground = self.ground_in(box, size)
        _, off, which = self._explained(pixels - ground, ground)
        inks = np.stack([ink.colour for ink in self.inks])[which]
        left = ground + (pixels - ground) / np.maximum(alpha, 0.1)[..., None]
        unlike = np.clip(2 * np.sqrt(off) / self._slack - 1, 0, 1)[..., None]
        # towards the pixel itself where it is nearly all ink
        whole = np.clip(10 * alpha - 9, 0, 1)[..., None]
        colours = inks + unlike * (np.clip(left, 0, 1) - inks)
        return np.asarray(colours + whole * (pixels - colours), np.float32)

    def _explained(self, away: FloatArray, ground: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
        """(alpha, how far off its mixtures a colour is, squared, which ink) of what explains each pixel best."""
        best = np.full(away.shape[:2], np.inf, np.float32)
        alpha: FloatArray = np.zeros(best.shape, np.float32)
        which = np.zeros(best.shape, np.intp)
        for number, ink in enumerate(self.inks):
            along, off = mixture(away, ink.colour - ground)
            nearer = off < best
            np.copyto(alpha, along, where=nearer)
            np.copyto(best, off, where=nearer)
            which[nearer] = number
        return alpha, best, which

    @property
    def _slack(self) -> float:
        """How far noise and compression move a colour off the mixtures that it is one of."""
        return max(UNLIKE, 6 * self.noise)

    def ground_in(self, box: Box, size: Size) -> FloatArray:
        """The ground behind ``box`` of a level of this ``size``: (row, column, RGB)."""
        return spread_over(self.ground, box, size)


def spread_over(small: FloatArray, box: Box, size: Size) -> FloatArray:
    """A ``small`` copy's field as ``box`` of a level of this ``size`` shows it, linear."""
    height, width = small.shape[:2]
    across, down = width / size.width, height / size.height
    places = np.array([[across, 0, (box.left + 0.5) * across - 0.5], [0, down, (box.top + 0.5) * down - 0.5]])
    return warped(small, places, box.size)


def mixture(away: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where colours ``away`` from the ground lie on the way to an ink, 0…1, and how far beside it, squared."""
    sure = line @ _SURE
    along = np.clip((away * sure).sum(2) / np.maximum((line * sure).sum(2), 1e-7), 0, 1)
    return along, ((away - along[..., None] * line) ** 2).sum(2)


def level(pixels: FloatArray, noise: float) -> NDArray[np.bool_]:
    """Where the nine pixels around are alike: the inside of an area of one ink."""
    return change(pixels) < max(0.8 * ANOTHER, 6 * noise)


def change(pixels: FloatArray) -> FloatArray:
    """The largest difference of a channel among the nine pixels around each."""
    high, low = extremes(pixels)
    return np.asarray((high - low).max(2), np.float32)
