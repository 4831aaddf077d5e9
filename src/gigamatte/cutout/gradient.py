"""Gradients as CSS writes them: linear(to right, red, blue), radial(white, #ddd 60%, grey)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from gigamatte.cutout.css_colour import Colour, parse_colour
from gigamatte.errors import UsageError
from gigamatte.types import FloatArray, Size

_GRADIENT = re.compile(r"(linear|radial)(?:-gradient)?\((.*)\)", re.IGNORECASE | re.DOTALL)
_BEGUN = re.compile(r"(?:linear|radial)(?:-gradient)?\(", re.IGNORECASE)
#: of so many digits that no number is infinite
_NUMBER = r"\d{1,6}(?:\.\d{1,12})?"
_ANGLE = re.compile(rf"([+-]?{_NUMBER})(?:deg)?")
_PLACE = re.compile(rf"(?:circle\s+)?at\s+({_NUMBER})%\s+({_NUMBER})%")
_STOP = re.compile(rf"(.+?)(?:\s+(-?{_NUMBER})%)?", re.DOTALL)
_ADVICE = "write linear(to right, red, blue), linear(45deg, #fff, #ddd 60%, grey) or radial(at 50% 40%, white, grey)"
_SIDES = {"top": (0, -1), "bottom": (0, 1), "left": (-1, 0), "right": (1, 0)}


@dataclass(frozen=True, slots=True)
class Gradient:
    """``angle`` in degrees, 0 upwards and 90 to the right, or (across, down) of ``corner``; radial without either.

    ``places`` of the stops, 0…1 along it, and their ``colours``; ``centre``: parts of width and height.
    """

    colours: tuple[Colour, ...]
    places: tuple[float, ...]
    angle: float | None = None
    corner: tuple[int, int] | None = None
    centre: tuple[float, float] = (0.5, 0.5)

    def along(self, size: Size, first: int, count: int) -> FloatArray:
        """How far along the gradient each pixel lies, 0…1 between its ends: float32 (row, column)."""
        x = np.arange(size.width, dtype=np.float64)[None] + 0.5
        y = np.arange(first, first + count, dtype=np.float64)[:, None] + 0.5
        if self.angle is None and self.corner is None:
            middle = self.centre[0] * size.width, self.centre[1] * size.height
            # its last colour is reached in the farthest corner
            far = math.hypot(max(middle[0], size.width - middle[0]), max(middle[1], size.height - middle[1]))
            return (np.hypot(x - middle[0], y - middle[1]) / far).astype(np.float32)
        across, down = 0.0, 0.0
        if self.corner is not None and 0 not in self.corner:
            # the corners beside it get the colour of the middle
            across, down = self.corner[0] * size.height, self.corner[1] * size.width
        elif self.corner is not None:
            across, down = self.corner
        else:
            turn = math.radians(self.angle or 0.0)
            across, down = math.sin(turn), -math.cos(turn)
        norm = math.hypot(across, down)
        across, down = across / norm, down / norm
        length = abs(across) * size.width + abs(down) * size.height
        away = (x - size.width / 2) * across + (y - size.height / 2) * down
        return (away / length + 0.5).astype(np.float32)


def parse_gradient(text: str) -> Gradient | None:
    """None where the text is no gradient. Raises UsageError for one that cannot be read."""
    found = _GRADIENT.fullmatch(text.strip())
    if found is None:
        if _BEGUN.match(text.strip()):
            raise UsageError(f"--background: the gradient {text!r} has no bracket at its end", _ADVICE)
        return None
    parts = _divided(found[2])
    angle: float | None = 180.0 if found[1].lower() == "linear" else None
    corner: tuple[int, int] | None = None
    centre = (0.5, 0.5)
    head = parts[0].lower() if parts else ""
    if angle is not None and head.startswith("to ") and set(head[3:].split()) <= _SIDES.keys():
        corner = _summed(head[3:].split())
        parts = parts[1:]
    elif angle is not None and (turn := _ANGLE.fullmatch(head)):
        angle, parts = float(turn[1]), parts[1:]
    elif angle is None and (place := _PLACE.fullmatch(head)):
        centre, parts = (min(float(place[1]), 100) / 100, min(float(place[2]), 100) / 100), parts[1:]
    elif angle is None and head == "circle":
        parts = parts[1:]
    stops = [_STOP.fullmatch(part) for part in parts]
    colours = [parse_colour(stop[1]) if stop else None for stop in stops]
    if None in colours:
        part = parts[colours.index(None)]
        raise UsageError(f"--background: {part!r} in the gradient {text!r} is no colour", _ADVICE)
    if not 2 <= len(parts) <= 64:
        raise UsageError(f"--background: a gradient has 2…64 colours; {text!r} has {len(parts)}", _ADVICE)
    if corner == (0, 0):
        raise UsageError(f"--background: the gradient {text!r} cannot be read", _ADVICE)
    places = _placed([None if stop is None or stop[2] is None else float(stop[2]) / 100 for stop in stops])
    known = tuple(colour for colour in colours if colour is not None)
    return Gradient(known, places, None if corner else angle, corner, centre)


def _summed(sides: list[str]) -> tuple[int, int]:
    return sum(_SIDES[side][0] for side in sides), sum(_SIDES[side][1] for side in sides)


def _divided(text: str) -> list[str]:
    """Divided at commas outside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _placed(given: list[float | None]) -> tuple[float, ...]:
    """The stops' places: the ends lie at 0 and 1, those between evenly, and none before the one before it."""
    places = [0.0 if given[0] is None else given[0], *given[1:-1], 1.0 if given[-1] is None else given[-1]]
    known = [number for number, place in enumerate(places) if place is not None]
    filled = np.interp(range(len(places)), known, [places[number] or 0.0 for number in known])
    return tuple(float(place) for place in np.maximum.accumulate(filled))
