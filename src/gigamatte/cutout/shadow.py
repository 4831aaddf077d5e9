"""The shadow beneath a cutout: the photo's own or a drawn one, black with alpha."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.sampled import Sampled
from gigamatte.cutout.shadow_drawn import contact_shadow, drop_shadow
from gigamatte.cutout.shadow_kept import lift_shadow
from gigamatte.cutout.visible import visible
from gigamatte.effects import shadow_of
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import Box, FloatArray, Matte

#: what is fainter is not to be seen
FAINTEST = 0.01


@dataclass(frozen=True)
class Shadow:
    """The alpha of a shadow over the photo and beyond."""

    sampled: Sampled

    def rows(self, canvas: Canvas, first: int, count: int) -> FloatArray:
        """Its alpha in rows of the result: float32 (row, column) in [0, 1]."""
        return self.sampled.rows(canvas, first, count)

    @property
    def box(self) -> Box:
        """Where it can be seen, in photo pixels; may reach beyond the photo."""
        one = self.sampled
        rows, columns = (np.flatnonzero((one.values > FAINTEST).any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return Box(0, 0, 0, 0)
        left, top = round(one.left + columns[0] * one.step), round(one.top + rows[0] * one.step)
        right, bottom = round(one.left + (columns[-1] + 1) * one.step), round(one.top + (rows[-1] + 1) * one.step)
        return Box(left, top, right - left, bottom - top)


def shadow_for(
    text: str, levels: PhotoLevels, matte: Matte, subject: Box | None
) -> tuple[Shadow | None, tuple[str, ...]]:
    """The shadow that ``--shadow`` asks for, and what has to be said; None where there is none. Raises UsageError."""
    wish = shadow_of(text)
    if subject is None:
        return None, ()
    if wish.kind != "keep":
        draw = drop_shadow if wish.kind == "drop" else contact_shadow
        return Shadow(draw(visible(matte, levels), subject, wish)), ()
    lifted = lift_shadow(levels, matte)
    if lifted.alpha is None:
        return None, (f"--shadow keep: {lifted.reason}, so no shadow was kept",)
    sampled = Sampled(lifted.alpha * np.float32(wish.strength / 100), float(2**lifted.level))
    shadow = Shadow(sampled)
    if shadow.box.empty:
        return shadow, ("--shadow keep: the photo shows no shadow on its ground",)
    return shadow, ()
