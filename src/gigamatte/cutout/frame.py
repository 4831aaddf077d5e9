"""Which part of the photo the result shows: all of it, or the subject's box and a margin."""

from __future__ import annotations

import numpy as np

from gigamatte.types import BACKGROUND, Box, Matte

#: Fainter than this is not the subject: part of full opacity.
FAINTEST = 0.05


def subject_box(matte: Matte) -> Box | None:
    """The smallest box of all pixels that are at least faintly subject; None when there are none."""
    left, top, right, bottom = matte.size.width, matte.size.height, 0, 0
    for row, column in np.argwhere(matte.decided != BACKGROUND):
        home = matte.grid.home((int(row), int(column)))
        seen = matte.read(home) > FAINTEST * matte.depth.full
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if rows.size:
            left, right = min(left, home.left + int(columns[0])), max(right, home.left + int(columns[-1]) + 1)
            top, bottom = min(top, home.top + int(rows[0])), max(bottom, home.top + int(rows[-1]) + 1)
    return Box(left, top, right - left, bottom - top) if right > left else None


def framed(matte: Matte, crop: bool, margin: float) -> Box:
    """The photo's whole frame, or with ``crop`` the subject's box grown by ``margin`` percent of its longer side."""
    subject = subject_box(matte) if crop else None
    if subject is None:
        return matte.size.box
    return subject.grown(round(max(subject.width, subject.height) * margin / 100)).within(matte.size)
