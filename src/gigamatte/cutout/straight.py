"""A strip of the cutout, straight RGBA: the photo where a tile is subject, F where it is mixed, else nothing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.pixels import where, with_alpha
from gigamatte.cutout.trimap import SOLID
from gigamatte.matte.cover import covering
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import BACKGROUND, UNDECIDED, Box, Matte, PixelArray

#: What the colours of a rectangle cost beyond its border, in pixels, all scales together, and besides: the calls.
MARGIN, OVERHEAD = 8, 8192


def straight(
    levels: PhotoLevels,
    matte: Matte,
    solved: Matte,
    foreground: Foreground,
    box: Box,
    alpha_in: Callable[[Box], PixelArray],
    nothing: int | None,
    strip: PixelArray,
) -> None:
    """Fills ``strip``, (row, column, RGBA), uint8 or uint16 like the photo, which shows ``box``.

    ``solved`` is the matte that ``foreground`` was solved with; ``alpha_in`` gives the alpha of a box, (row, column).
    Under alpha 0 every channel is ``nothing``; None: the photo's colours stay there.
    """
    if nothing is not None:  # each pixel as one number: a fifth of the time
        pixel = np.array([nothing, nothing, nothing, 0], strip.dtype)
        strip.view(f"u{4 * strip.itemsize}")[:] = pixel.view(f"u{4 * strip.itemsize}")
    for place in matte.grid.places(box):
        home, decided = matte.grid.home(place).within(box), matte.decided[place]
        if decided == BACKGROUND and nothing is not None:
            continue
        part, colour = strip[home.relative_to(box).slices()], levels.read(0, home)
        if decided == UNDECIDED or levels.photo.has_alpha:
            alpha, colour = alpha_in(home), colour.copy()
            if decided == UNDECIDED:
                _draw(colour, home, alpha, solved, foreground)
            if nothing is not None:
                colour = where(alpha > 0, colour, np.full_like(colour, nothing))
            part[:] = with_alpha(colour, alpha)
        else:
            part[:] = cv2.cvtColor(colour, cv2.COLOR_RGB2RGBA)
            if decided == BACKGROUND:
                part[..., 3] = 0


def _draw(colour: PixelArray, home: Box, alpha: PixelArray, solved: Matte, foreground: Foreground) -> None:
    """Write F into a tile's colours, (row, column, RGB), where it is mixed."""
    mixed = solved.read(home) < SOLID * solved.depth.full
    mixed &= alpha > 0
    for spot in covering(mixed, MARGIN, overhead=OVERHEAD):
        part = Box(home.left + spot.left, home.top + spot.top, spot.width, spot.height).within(home)
        here = part.relative_to(home).slices()
        target = colour[here]
        target[:] = where(mixed[here], foreground.read(part), target.copy())
