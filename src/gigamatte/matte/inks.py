"""The inks of flat art, found one after another on a copy of the picture.

Each is the colour that the ones before explain least, as vertices are found in spectral un-mixing (successive
projection: Araújo et al., 2001); then the colours of plates, which mixtures would explain as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean, grown, highest, lowest
from gigamatte.matte.ground import DRAWN, ground_of, most_frequent
from gigamatte.matte.palette import ANOTHER, BRIGHTNESS, WEAK, WITHIN, Ink, Palette, change, level, spread_over
from gigamatte.types import FloatArray, Size

#: an ink that is weak has to fill areas of so many pixels at least: noise and compression do not
FEW = 9
#: JPEG spreads the colour of what is drawn over blocks of so many pixels, and keeps its brightness: within a block of
#: what is twice as far from the ground, a weak colour that is as bright as the ground, to so much, is no ink
BLOCK, AS_BRIGHT = 16, 0.06
#: inks at most, and as many plates
INKS = 8
#: part of what is drawn that a plate between other inks takes at least, and part of the picture that a pale one takes
SHARE, PALE_SHARE = 0.01, 1e-3
#: a pale plate differs by so much from the ground, and by so many times its noise
PALE, ABOVE_NOISE = 0.02, 4
#: … and differs within itself by this part of it at most
EVEN = 0.4
#: alpha that noise and compression leave on the ground, at least
FLOOR = 0.03


def palette_in(small: FloatArray, fine: FloatArray) -> Palette | None:
    """The ground and the inks of flat art, None where nothing is drawn on a plain ground; from two copies of it,
    float32 (row, column, RGB) in [0, 1]: a small one, and one that shows the ink."""
    ground, known = ground_of(small)
    size = Size.of(fine)
    away = fine - spread_over(ground, size.box, size)
    distance = np.abs(away).max(2)
    plain = distance < DRAWN
    if plain.mean() < 0.05 or Size.of(small).long < 4:
        return None
    means = box_mean(fine, 1)
    bare = spread_over(known.astype(np.float32), size.box, size) > 0.5
    pale = _pale_plates(means, means - (fine - away), bare & plain, distance)
    shown = [np.abs(means - colour).max(2) < WITHIN * contrast for colour, contrast in pale]
    for near in shown:  # what shows a pale plate is neither the ground nor another ink
        plain &= ~grown(near, 2)
    noise = float(np.sqrt((away[plain] ** 2).mean(axis=0).max()))
    drawn = distance > max(DRAWN, 5 * noise)
    flat = level(fine, noise) & drawn
    for near in shown:
        area = highest(lowest(near.view(np.uint8)), 2) > 0
        drawn, flat = drawn & ~area, flat & ~area
    inks = _inks(fine, away, drawn, flat, noise)
    plates = [colour for colour, _ in pale]
    plates += _grey_plates(fine, away, [*inks, *plates], flat, drawn)
    if not inks and not plates:
        return None
    spread, bottom = float(np.sqrt((away[plain] ** 2).sum(1).mean())), ground.reshape(-1, 3).mean(0)

    def ink(colour: FloatArray) -> Ink:
        far = colour - bottom
        floor = min(0.25, max(FLOOR, 2 * spread / max(float(np.linalg.norm(far)), 1e-3)))
        return Ink(colour, float(np.abs(far).max()), floor)

    return Palette(ground, tuple(map(ink, inks)), tuple(map(ink, plates)), noise)


def _pale_plates(
    means: FloatArray, away: FloatArray, bare: NDArray[np.bool_], distance: FloatArray
) -> list[tuple[FloatArray, float]]:
    """(colour, contrast) of areas that are little different from the ground, behind a step; most frequent first.

    ``means`` of nine pixels, and how far they are ``away`` from the ground; ``distance``: that of each pixel.
    """
    if not bare.any():
        return []
    # σ by the median: letters and ringing do not count
    noise = 1.5 * float(np.median(np.abs(away[bare]), axis=0).max())
    contrast = np.abs(away).max(2)
    even = (contrast > max(PALE, ABOVE_NOISE * noise)) & (contrast < WEAK) & ~bare & (change(means) < EVEN * contrast)
    even = lowest(even.view(np.uint8)) > 0  # wider than a line
    least, found = max(64, int(PALE_SHARE * even.size)), list[tuple[FloatArray, float]]()
    while len(found) < INKS and even.sum() >= least:
        centre = most_frequent(means[even], 32)
        near = even & (np.abs(means - centre).max(2) < WITHIN * float(np.median(contrast[even])))
        even &= ~near
        if near.sum() >= least:
            high = float(np.median(contrast[near]))
            alone = near & (highest((distance > max(2 * high, DRAWN)).view(np.uint8), BLOCK) == 0)
            if alone.sum() >= least:
                found.append((np.median(means[alone], axis=0).astype(np.float32), high))
    return found


def _inks(
    pixels: FloatArray, away: FloatArray, drawn: NDArray[np.bool_], level: NDArray[np.bool_], noise: float
) -> list[FloatArray]:
    """The inks' colours, (ink, RGB): each of what the ground and the inks before explain least."""
    # the darkest or most different of each neighbourhood: what lies between is mixed
    distance = np.abs(away).max(2)
    peak = drawn & (distance >= highest(distance) - 1e-4) | level
    colours, offsets, inside = pixels[peak], away[peak], level[peak]
    least = max(1, len(colours) // 1000)
    inks: list[FloatArray] = []
    left = np.linalg.norm(offsets, axis=1)
    while len(inks) < INKS and left.max(initial=0) > max(ANOTHER, 6 * noise):
        # not the one pixel that is farthest, which may be noise: those that are like it
        far = left >= 0.9 * left.max()
        centre = np.median(offsets[far], axis=0)
        like = np.linalg.norm(offsets - centre, axis=1) < ANOTHER / 2
        chosen = like if like.any() else far
        left[far | chosen] = 0
        if np.abs(centre).max() < 8 * noise:
            continue
        weak = np.abs(centre).max() < WEAK
        filled = chosen & inside
        if weak and abs(float(centre @ BRIGHTNESS)) < AS_BRIGHT:
            filled &= highest((distance > 2 * np.abs(centre).max()).view(np.uint8), BLOCK)[peak] == 0
        if filled.sum() >= (max(least, FEW) if weak else least):
            chosen = filled
            offset = np.median(offsets[chosen], axis=0)
        elif chosen.sum() < least or np.abs(centre).max() < WEAK:
            continue
        else:  # thin lines show their ink where they cover a pixel most
            strength = offsets[chosen] @ (centre / np.linalg.norm(centre))
            chosen[chosen] = strength >= max(np.quantile(strength, 0.9), strength.max() - 6 * noise)
            offset = offsets[chosen].mean(0)
        inks.append((offset + (colours[chosen] - offsets[chosen]).mean(0)).astype(np.float32))
        along = np.clip(offsets @ offset / max(float(offset @ offset), 1e-6), 0, 1)
        left = np.minimum(left, np.linalg.norm(offsets - along[:, None] * offset, axis=1))
    return inks


def _grey_plates(
    pixels: FloatArray, away: FloatArray, inks: list[FloatArray], level: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> list[FloatArray]:
    """Colours of whole areas, (ink, RGB), that are mixtures of the ground and an ink as well; most frequent first."""
    colours, offsets = pixels[level], away[level]
    least, found = max(30, int(SHARE * drawn.sum())), list[FloatArray]()
    rest = np.ones(len(colours), np.bool_)
    for ink in inks:
        apart = np.abs(colours - ink).max(1)
        line = ink - (colours - offsets)
        along = (offsets * line).sum(1) / np.maximum((line * line).sum(1), 1e-6)
        # a tone of this ink, as pencil has them, is no plate; the next colour of a gradient is one
        tone = np.linalg.norm(offsets - along[:, None] * line, axis=1) < ANOTHER / 4
        rest &= (apart > ANOTHER) | (apart > ANOTHER / 2) & ~tone
    while len(found) < INKS and rest.sum() >= least:
        centre = most_frequent(colours[rest], 16)
        near = rest & (np.abs(colours - centre).max(1) < ANOTHER / 2)
        if near.sum() >= least and np.abs(np.median(offsets[near], axis=0)).max() > 2 * DRAWN:
            found.append(np.median(colours[near], axis=0).astype(np.float32))
        rest &= ~near
    return found
