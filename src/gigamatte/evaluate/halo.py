"""Measures how much of the old background's colour is left in a cutout's colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError
from gigamatte.evaluate.metrics import Region, unit_alpha
from gigamatte.types import Depth, FloatArray

#: the background's colour is only computed where it covers at least this part of the pixel
VISIBLE = 0.1


def halo_leak(
    colour: NDArray[Any],
    alpha: NDArray[Any],
    photo: NDArray[Any],
    foreground: NDArray[Any],
    truth: NDArray[Any],
    region: Region,
) -> float:
    """The part of the old background in the cutout's colours: 0 is clean, 1 is the background itself.

    The slope of (colour − F*) on (B − F*) through the origin, in ``region``, each pixel weighted by the opacity with
    which it shows. ``colour`` is the cutout's straight colour, ``foreground`` the true one F*, each (row, column, 3) of
    one dtype with ``photo``; B is worked out of photo = α*·F* + (1 − α*)·B where the background covers a tenth of the
    pixel or more. NaN where ``region`` holds no such pixel.
    """
    _same_kind(colour, photo, foreground)
    alpha, truth = unit_alpha(alpha), unit_alpha(truth)
    used = region & (truth < 1 - VISIBLE) & (truth > 0.01) & (alpha > 0)
    weight, opacity = alpha[used][:, None].astype(np.float64), truth[used][:, None].astype(np.float64)
    ours, seen, pure = (array[used].astype(np.float64) for array in (colour, photo, foreground))
    away = (seen - opacity * pure) / (1 - opacity) - pure
    energy = float((weight * away * away).sum())
    return float((weight * (ours - pure) * away).sum() / energy) if energy > 0 else float("nan")


def colour_error(
    colour: NDArray[Any], alpha: NDArray[Any], foreground: NDArray[Any], truth: NDArray[Any], region: Region
) -> float:
    """Mean of |α·colour − α*·F*| over the channels in ``region``, in levels of 255; 0 where the region is empty.

    This is what differs when the cutout is laid over black; both alphas' errors and the colours' show.
    """
    _same_kind(colour, foreground)
    if not region.any():
        return 0.0
    scale = 255 / float(Depth.of(colour).full)
    alpha, truth = unit_alpha(alpha), unit_alpha(truth)
    ours: FloatArray = colour[region].astype(np.float32) * alpha[region][:, None]
    theirs: FloatArray = foreground[region].astype(np.float32) * truth[region][:, None]
    return float(np.abs(ours - theirs).mean(dtype=np.float64) * scale)


def _same_kind(*pictures: NDArray[Any]) -> None:
    kinds = {(picture.shape, picture.dtype.str) for picture in pictures}
    if len(kinds) != 1 or pictures[0].dtype.kind != "u" or pictures[0].shape[2:] != (3,):
        found = ", ".join(f"{picture.dtype} {picture.shape}" for picture in pictures)
        raise UsageError(f"colours are compared as uint8 or uint16 (row, column, 3) of one shape, found {found}")
