"""Parses the options of shadow, outline and the fit of a background picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from gigamatte.errors import UsageError

ShadowKind = Literal["keep", "contact", "drop"]
_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_PART = re.compile(rf"\s*([a-z]+)\s*=\s*(-?{_NUMBER})\s*(%|deg)?\s*")
_OUTLINE = re.compile(rf"\s*({_NUMBER})\s*(px|%)?\s*(?:,\s*(.+?))?\s*", re.DOTALL)
#: for each number of a shadow: the lowest and highest value
_RANGES = {"direction": (-360.0, 360.0), "length": (0.0, 200.0), "softness": (0.0, 50.0), "strength": (0.0, 100.0)}
#: what each kind is when nothing more is said: direction, length, softness, strength
_USUAL = {
    "keep": (0.0, 0.0, 0.0, 100.0),
    "contact": (90.0, 8.0, 5.0, 55.0),
    "drop": (55.0, 6.0, 2.5, 40.0),
}
WIDEST_OUTLINE = 500


@dataclass(frozen=True, slots=True)
class ShadowWish:
    """``direction``: where the shadow falls, degrees clockwise from the right (90 is down). ``length``: how far, and
    ``softness``, a standard deviation: percent of the subject's longer side. ``strength``: percent, 100 is black;
    of a kept shadow, the part of it that stays.
    """

    kind: ShadowKind
    direction: float
    length: float
    softness: float
    strength: float


@dataclass(frozen=True, slots=True)
class OutlineWish:
    """``width`` in pixels of the result, or percent of its longer side if ``relative``; ``colour`` as it was typed."""

    width: float
    relative: bool = False
    colour: str = field(default="white")

    def pixels(self, longer: int) -> float:
        """The width in pixels of a result whose longer side has so many."""
        return min(self.width * longer / 100 if self.relative else self.width, float(WIDEST_OUTLINE))


def shadow_of(text: str) -> ShadowWish:
    """``keep``, ``contact`` or ``drop``, and numbers: ``drop:direction=120,length=8,softness=3,strength=50``.

    Raises UsageError.
    """
    kind, _, rest = text.strip().lower().partition(":")
    if kind not in _USUAL:
        raise UsageError(
            f"--shadow is keep, contact or drop; found {text!r}",
            "more is said behind a colon: drop:direction=120,length=8,softness=3,strength=50",
        )
    values = dict(zip(_RANGES, _USUAL[kind], strict=True))
    for part in filter(str.strip, rest.split(",")):
        found = _PART.fullmatch(part)
        name = found[1] if found else ""
        allowed = ("strength",) if kind == "keep" else tuple(_RANGES)
        if found is None or name not in allowed:
            raise UsageError(f"--shadow {kind} takes {', '.join(allowed)}, each as name=number; found {part.strip()!r}")
        low, high = _RANGES[name]
        if not low <= float(found[2]) <= high:
            raise UsageError(f"--shadow: {name} lies in {low:g}…{high:g}; found {found[2]}")
        values[name] = float(found[2])
    return ShadowWish(kind, **values)  # type: ignore[arg-type]


def outline_of(text: str) -> OutlineWish:
    """``12px,white``, ``2%,#ff0`` or a width alone, which is white. Raises UsageError."""
    found = _OUTLINE.fullmatch(text)
    if found is None or not 0 < float(found[1]) <= (100 if found[2] == "%" else WIDEST_OUTLINE):
        raise UsageError(
            f"--outline is a width up to {WIDEST_OUTLINE}px and a colour, such as 12px,white; found {text!r}"
        )
    return OutlineWish(float(found[1]), found[2] == "%", found[3] or "white")


def fit_of(text: str) -> tuple[str, str | None]:
    """(cover, contain or tile; the colour around ``contain:white``, None is clear). Raises UsageError."""
    word, _, colour = text.strip().partition(":")
    if word not in ("cover", "contain", "tile") or (colour and word != "contain"):
        raise UsageError(f"--background-fit is cover, contain, contain:COLOUR or tile; found {text!r}")
    return word, colour or None
