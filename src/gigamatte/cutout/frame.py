"""Which part of the photo the result shows: all of it, or the subject's box and a margin."""

from __future__ import annotations

import numpy as np

from gigamatte.options import margin_of
from gigamatte.types import BACKGROUND, Box, Matte, Size

#: Fainter than this is not the subject: part of full opacity.
FAINTEST = 0.05


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


def framed(size: Size, subject: Box | None, margin: float, margins: tuple[str, str, str, str] | None = None) -> Box:
    """The photo's whole frame where there is no ``subject``, else its box grown by a margin, inside the photo.

    ``margin``: percent of the box's longer side. ``margins``: of each side, top, right, bottom, left, in its place.
    """
    if subject is None:
        return size.box
    if margins is None:
        return subject.grown(round(max(subject.width, subject.height) * margin / 100)).within(size)
    wholes = (subject.height, subject.width, subject.height, subject.width)
    top, right, bottom, left = (margin_of(text, whole) for text, whole in zip(margins, wholes, strict=True))
    grown = Box(subject.left - left, subject.top - top, subject.width + left + right, subject.height + top + bottom)
    return grown.within(size)
