"""The band: the pixels whose alpha is still to be decided. All other pixels are 0 or 1 and are not computed again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import extremes, grown, part_chosen
from gigamatte.types import BACKGROUND, SUBJECT, UNDECIDED, FloatArray

#: Below the first an alpha counts as background, above the second as subject.
BACKGROUND_BELOW, SUBJECT_ABOVE = 0.01, 0.99

#: How far beyond the undecided pixels the band reaches, in pixels of the coarser level …
REACH = 4
#: … and where the alpha is soft or in small pieces (hair that the network blurred), because strands end outside it.
SOFT_REACH = 10
#: Half the window in which softness is judged, and the part of it that is undecided where a mask is soft.
#: A clean edge that was blurred by one pixel fills about a quarter of the window, hair far more.
SOFT_WINDOW, SOFT_PART = 10, 0.45

#: How far a pixel's membership depends on its surroundings.
SUPPORT = SOFT_REACH + SOFT_WINDOW + 1


def band(alpha: FloatArray, reach: int = REACH, soft_reach: int = SOFT_REACH) -> NDArray[np.bool_]:
    """Which pixels to resolve again at the next finer level.

    ``alpha`` float32 (row, column) in [0, 1]. A pixel belongs to the band when within ``reach`` pixels of it the mask
    is neither all background nor all subject: this also finds the border of a mask that has no soft pixel at all.
    Around soft or fragmented parts the band is ``soft_reach`` wide.
    """
    undecided = _mixed(alpha, 1)
    wide = grown(undecided, reach)
    if soft_reach <= reach:
        return wide
    soft = undecided & (part_chosen(undecided, SOFT_WINDOW) > SOFT_PART)
    return wide | grown(soft, soft_reach) if soft.any() else wide


def _mixed(alpha: FloatArray, reach: int) -> NDArray[np.bool_]:
    """Where the pixels within ``reach`` are neither all background nor all subject."""
    highest, lowest = extremes(alpha, reach)
    mixed: NDArray[np.bool_] = (highest > BACKGROUND_BELOW) & (lowest < SUBJECT_ABOVE)
    return mixed


def decided(alpha: FloatArray, exact: bool = False) -> int:
    """BACKGROUND or SUBJECT when every pixel of a patch is that (``exact``: is 0 or 1), else UNDECIDED.

    ``alpha`` float32 (row, column) in [0, 1].
    """
    background, subject = (0.0, 1.0) if exact else (BACKGROUND_BELOW, SUBJECT_ABOVE)
    if float(alpha.max()) <= background:
        return BACKGROUND
    return SUBJECT if float(alpha.min()) >= subject else UNDECIDED
