"""The subject's bounding box, and the edges of the photo that cut the subject off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigamatte.types import BACKGROUND, Box, Matte

#: Fainter than this is not the subject: part of full opacity.
FAINTEST = 0.05
#: As opaque as this at the photo's edge, the subject goes on beyond it.
CUT = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """The box of a subject, and the sides of the photo that cut it off: left, top, right, bottom."""

    box: Box
    cut: frozenset[str] = frozenset()


def subject_of(matte: Matte) -> Subject | None:
    """Where the subject is, and where it goes on beyond the photo; None when there is none."""
    box = subject_box(matte)
    if box is None:
        return None
    width, height = matte.size.width, matte.size.height
    borders = {
        "left": Box(0, box.top, 1, box.height) if box.left == 0 else None,
        "top": Box(box.left, 0, box.width, 1) if box.top == 0 else None,
        "right": Box(width - 1, box.top, 1, box.height) if box.right == width else None,
        "bottom": Box(box.left, height - 1, box.width, 1) if box.bottom == height else None,
    }
    limit = CUT * matte.depth.full
    cut = (side for side, line in borders.items() if line is not None and matte.read(line).max() > limit)
    return Subject(box, frozenset(cut))


def subject_box(matte: Matte) -> Box | None:
    """The smallest box of all pixels that are at least faintly subject; None when there are none."""
    left, top, right, bottom = matte.size.width, matte.size.height, 0, 0
    for home in _outer_first(matte):
        if left <= home.left and top <= home.top and home.right <= right and home.bottom <= bottom:
            continue  # nothing in it can make the box larger
        seen = matte.read(home) > FAINTEST * matte.depth.full
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if rows.size:
            left, right = min(left, home.left + int(columns[0])), max(right, home.left + int(columns[-1]) + 1)
            top, bottom = min(top, home.top + int(rows[0])), max(bottom, home.top + int(rows[-1]) + 1)
    return Box(left, top, right - left, bottom - top) if right > left else None


def _outer_first(matte: Matte) -> list[Box]:
    """The tiles that hold anything, those next to the border of all of them first."""
    places = np.argwhere(matte.decided != BACKGROUND)
    if not len(places):
        return []
    depth = np.minimum(places - places.min(axis=0), places.max(axis=0) - places).min(axis=1)
    inwards = places[np.argsort(depth, kind="stable")]
    return [matte.grid.home((int(row), int(column))) for row, column in inwards]
