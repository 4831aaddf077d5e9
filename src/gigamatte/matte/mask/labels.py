"""Masks of segmentation tools: class numbers and coloured maps of labels, where white is meant to be the subject."""

from __future__ import annotations

import numpy as np

from gigamatte.errors import InputError
from gigamatte.options import MaskKind
from gigamatte.photo.mask import Mask, levels_of
from gigamatte.types import Depth, PixelArray

#: A mask whose brightest value is at least this part of the full range uses the full range.
NEARLY_WHITE = 0.9


def settled(mask: Mask, kind: MaskKind) -> tuple[PixelArray, tuple[str, ...]]:
    """The values of a mask, (row, column) uint8 or uint16, stretched where it has labels; and warnings.

    Of two values of which one is 0, the other one means subject, however small it is. With a ``kind`` that was named,
    and where the picture's alpha was taken, values stay unchanged. Raises InputError for a map of several labels.
    """
    values, full = mask.values, Depth.of(mask.values).full
    if kind != "auto" or mask.of_alpha:
        return values, ()
    levels = levels_of(values)
    brightest = int(levels[-1])
    warnings: list[str] = []
    if mask.coloured and (levels.size > 2 or levels[0] > 0):
        raise InputError(
            f"the mask holds at least {levels.size} colours, as a map of labels does; expected white for the subject",
            "give a mask of one label, or take the brightness of its colours with --mask-kind alpha",
        )
    if not 0 < brightest < NEARLY_WHITE * full:
        return values, ()
    if levels.tolist() == [0, brightest]:
        warnings.append(
            f"the mask holds two values, 0 and {brightest} of {full}: taken as no and yes; "
            "--mask-kind alpha takes them as they are"
        )
        return _yes(values, full), tuple(warnings)
    warnings.append(f"the brightest value of the mask is {brightest} of {full}: no pixel of it is wholly subject")
    return values, tuple(warnings)


def settled_strokes(values: PixelArray, name: str) -> tuple[PixelArray, tuple[str, ...]]:
    """The strokes of the picture ``name``, stretched where they are labels; only what is brighter than half counts."""
    full = Depth.of(values).full
    levels = levels_of(values)
    brightest = int(levels[-1])
    warnings: list[str] = []
    if not 0 < brightest <= full // 2:
        return values, ()
    if levels.tolist() == [0, brightest]:
        warnings.append(f"{name} holds two values, 0 and {brightest} of {full}: taken as no and yes")
        return _yes(values, full), tuple(warnings)
    warnings.append(
        f"the brightest value of {name} is {brightest} of {full}: nothing of it counts, which wants more than half"
    )
    return values, tuple(warnings)


def _yes(values: PixelArray, full: int) -> PixelArray:
    meant: PixelArray = np.where(values > 0, values.dtype.type(full), values.dtype.type(0))
    return meant
