"""Measures what people judge in a cutout, without a true alpha: fine hair, texture, clean edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.metrics import Region, unit_alpha
from gigamatte.filters import box_sum, gaussian
from gigamatte.types import FloatArray

#: alpha detail is what a Gaussian of this σ takes away, photo pixels
DETAIL_SIGMA = 2.0
#: limits of the octaves that texture is compared in: 0–1, 1–2, 2–4, 4–8 pixels of Gaussian σ
OCTAVES = (0.0, 1.0, 2.0, 4.0, 8.0)
ROWS = 1024


def hair_clarity(alpha: NDArray[Any], region: Region) -> float:
    """Root mean square of the alpha's fine detail in ``region``, in percent of full opacity.

    Detail is α minus its Gaussian blur of σ = 2 pixels. Blurred hair has nearly none, resolved hair 5–15 %. It measures
    how much fine structure there is, not whether it is right: with a true alpha use Grad. ``alpha`` and ``region``
    (bool) are (row, column).
    """
    alpha = unit_alpha(alpha)
    detail = alpha - gaussian(alpha, DETAIL_SIGMA)
    inside = detail[region]
    return float(100 * np.sqrt(np.mean(np.square(inside), dtype=np.float64))) if inside.size else 0.0


def texture_kept(picture: NDArray[np.uint8], source: NDArray[np.uint8], region: Region) -> tuple[float, ...]:
    """How much of the source's texture the picture still has, finest octave first; 1 = all, as an MTF would say.

    Both uint8 (row, column, RGB) of one size; ``region`` is where the subject is opaque. Per octave (a difference of
    Gaussians of the luminance) the slope of the picture's detail on the source's through the origin. NaN where the
    source has none there.
    """
    octaves = len(OCTAVES) - 1
    both, own = np.zeros(octaves), np.zeros(octaves)
    halo = int(np.ceil(3 * OCTAVES[-1]))
    for rows, inner in _row_strips(region.shape[0], halo):
        inside = region[rows][inner]
        if not inside.any():
            continue
        seen, given = _octaves(picture[rows]), _octaves(source[rows])
        for index in range(octaves):
            ours, theirs = seen[index][inner][inside], given[index][inner][inside]
            both[index] += float(np.dot(ours, theirs))
            own[index] += float(np.dot(theirs, theirs))
    return tuple(float(b / o) if o > 0 else float("nan") for b, o in zip(both, own, strict=True))


def estimated_leak(
    colour: NDArray[np.uint8],
    alpha: NDArray[Any],
    photo: NDArray[np.uint8],
    reference: NDArray[Any],
    reach: int,
) -> float:
    """The part of the background's colour in a cutout's soft pixels, where the true colours are not known.

    Like ``halo.halo_leak``, with F and B estimated as the means of the photo's surely opaque and surely transparent
    pixels (of the ``reference`` alpha) within ``reach`` pixels. ``colour`` and ``photo`` uint8 (row, column, RGB),
    alphas (row, column). Looks where .1 < reference < .9; NaN when F and B are known nowhere.
    """
    alpha, reference = unit_alpha(alpha), unit_alpha(reference)
    both = own = 0.0
    for rows, inner in _row_strips(alpha.shape[0], reach):
        sure = reference[rows]
        soft = (sure > 0.1) & (sure < 0.9)
        soft[: inner.start] = soft[inner.stop :] = False
        if not soft.any():
            continue
        fore, near_fore = _mean_around(photo[rows], sure >= 0.99, reach)
        back, near_back = _mean_around(photo[rows], sure <= 0.01, reach)
        used = soft & near_fore & near_back
        away = back[used] - fore[used]
        weight = alpha[rows][used][:, None]
        both += float((weight * (colour[rows][used] - fore[used]) * away).sum(dtype=np.float64))
        own += float((weight * away * away).sum(dtype=np.float64))
    return both / own if own > 0 else float("nan")


def _octaves(picture: NDArray[np.uint8]) -> list[FloatArray]:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    blurred = [grey, *(gaussian(grey, s) for s in OCTAVES[1:])]
    return [blurred[i] - blurred[i + 1] for i in range(len(blurred) - 1)]


def _mean_around(photo: NDArray[np.uint8], sure: Region, reach: int) -> tuple[FloatArray, Region]:
    """The mean colour of the ``sure`` pixels around each pixel, and where there are any."""
    side = 2 * reach + 1
    weight = box_sum(sure.astype(np.float32), side, beyond="mirrored")
    total = box_sum(photo.astype(np.float32) * sure[..., None], side, beyond="mirrored")
    known = weight > 0.5
    return np.asarray(total / np.maximum(weight, 1)[..., None], np.float32), known


def _row_strips(count: int, halo: int) -> Iterator[tuple[slice, slice]]:
    """(rows with halo, the rows that count within them), from top to bottom."""
    for top in range(0, count, ROWS):
        bottom, first = min(count, top + ROWS), max(0, top - halo)
        yield slice(first, min(count, bottom + halo)), slice(top - first, bottom - first)
