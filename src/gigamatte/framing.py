"""Parses the options that frame a result: canvas, aspect, fill, alignment, margin."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gigamatte.errors import UsageError
from gigamatte.geometry import Size

_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_CANVAS = re.compile(
    rf"({_NUMBER})(?:\s*[x×*]\s*({_NUMBER}))?\s*(px|cm|mm|in)?(?:@({_NUMBER})(?:dpi)?)?", re.IGNORECASE
)
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "in": 25.4}
#: pixels per inch of a canvas that is given in lengths without @DPI
PRINTED = 300.0
#: percent of the canvas that the subject takes by default
USUAL_FILL = 85.0
#: name of an alignment → parts of the free room left of, and above, the subject
ALIGNMENTS = {
    "center": (0.5, 0.5), "centre": (0.5, 0.5), "top": (0.5, 0.0), "bottom": (0.5, 1.0),
    "left": (0.0, 0.5), "right": (1.0, 0.5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CanvasSize:
    """The size of a canvas; ``resolution`` in pixels per millimetre where it was given in lengths or as @DPI, or 0."""

    size: Size
    resolution: float = 0.0


@dataclass(frozen=True, slots=True)
class Fill:
    """The part of the canvas, 0…1, that the subject's box takes of one side; None: of the side that it fills more.

    ``original``: the subject keeps its own pixels instead. ``over``: the other side may go on beyond the canvas.
    """

    part: float
    side: str | None = None
    original: bool = False
    over: bool = False


def canvas_of(text: str, aspect: str | None = None, photo: Size | None = None) -> CanvasSize | None:
    """``2000x2000``, ``10x15cm@300``, or one number for the longer side with ``aspect``, else for both.

    ``photo`` means the size of the photo, and None where that is not given. Raises UsageError.
    """
    if text.strip().lower() == "photo":
        if aspect is not None:
            raise UsageError("--canvas photo has its aspect already", "leave --aspect out")
        return None if photo is None else CanvasSize(photo)
    found = _CANVAS.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"--canvas is a width and a height such as 2000x2000, or lengths such as 10x15cm@300; found {text!r}"
        )
    unit, dots = (found[3] or "px").lower(), found[4]
    per_millimetre = float(dots or PRINTED) / 25.4 if unit != "px" or dots else 0.0
    step = 1.0 if unit == "px" else _MILLIMETRES[unit] * per_millimetre
    first = float(found[1]) * step
    if found[2] is not None:
        sides = first, float(found[2]) * step
        if aspect is not None:
            raise UsageError("--canvas with two sides has its aspect already", "leave --aspect out, or name one side")
    elif aspect is not None:
        ratio = aspect_of(aspect)
        sides = (first, first / ratio) if ratio >= 1 else (first * ratio, first)
    else:
        sides = first, first
    width, height = (round(side) for side in sides)
    if min(width, height) < 1 or max(width, height) > 1_000_000:
        raise UsageError(f"a side of --canvas has 1…1000000 pixels; {text!r} means {width}×{height}")
    return CanvasSize(Size(width, height), per_millimetre)


def aspect_of(text: str) -> float:
    """Width to height of ``4:5``, ``16/9`` or ``0.8``. Raises UsageError."""
    found = re.fullmatch(rf"({_NUMBER})(?:\s*[:/x]\s*({_NUMBER}))?", text.strip())
    ratio = 0.0
    if found is not None and float(found[2] or 1) > 0:
        ratio = float(found[1]) / float(found[2] or 1)
    if not 0.01 <= ratio <= 100:
        raise UsageError(f"--aspect is width:height such as 4:5, at most 100:1; found {text!r}")
    return ratio


def fill_of(text: str) -> Fill:
    """``85`` (percent), of one side ``width:85`` or ``height:85``, or ``original``. Raises UsageError.

    With ``!`` behind it the other side of the subject may go on beyond the canvas.
    """
    if text.strip().lower() == "original":
        return Fill(1.0, original=True)
    found = re.fullmatch(rf"(?:(width|height)\s*[:= ]\s*)?({_NUMBER})\s*%?(!?)", text.strip().lower())
    if found is None or not 1 <= float(found[2]) <= 100:
        raise UsageError(f"--fill is 1…100 percent, such as 85, width:85 or height:85, or original; found {text!r}")
    return Fill(float(found[2]) / 100, found[1], over=bool(found[3]))


def align_of(text: str) -> tuple[float, float] | None:
    """Parts, 0…1, of the free room that lie left of and above the subject; None: as in the photo. Raises UsageError.

    ``center``, a side, two sides (``bottom,left``), ``X%,Y%``, of which one counts for both, or ``original``.
    """
    if text.strip().lower() == "original":
        return None
    words = [word for word in re.split(r"\s*,\s*|\s+", text.strip().lower()) if word]
    shares = [re.fullmatch(rf"({_NUMBER})%", word) for word in words]
    if len(words) in (1, 2) and all(share is not None and float(share[1]) <= 100 for share in shares):
        across, down = ([float(share[1]) / 100 for share in shares if share is not None] * 2)[:2]
        return across, down
    if len(words) == 1 and words[0] in ALIGNMENTS:
        return ALIGNMENTS[words[0]]
    if len(words) == 2 and all(word in ALIGNMENTS for word in words):
        sides = (
            [word for word in words if word in ("left", "right")],
            [word for word in words if word in ("top", "bottom")],
        )
        if max(map(len, sides)) <= 1:
            return (
                ALIGNMENTS[sides[0][0]][0] if sides[0] else 0.5,
                ALIGNMENTS[sides[1][0]][1] if sides[1] else 0.5,
            )
    raise UsageError(
        f"--align is center, top, bottom, left, right, a corner such as bottom,left, X%,Y% or original; found {text!r}"
    )


def sized_by_aspect(box: tuple[float, float], aspect: float) -> Size:
    """The smallest canvas of an aspect that holds ``box`` (width, height)."""
    width = max(box[0], box[1] * aspect)
    return Size(max(1, math.ceil(width - 1e-6)), max(1, math.ceil(width / aspect - 1e-6)))


def margin_of(text: str, whole: int) -> int:
    """Pixels that "30px" or "10%" of ``whole`` pixels mean. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(px|%)", text.strip())
    if found is None:
        raise UsageError(f"a margin is written as 30px or 10%; found {text!r}")
    value = float(found[1])
    return round(value if found[2] == "px" else whole * value / 100)
