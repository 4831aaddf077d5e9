"""Colours as people type them: CSS names, #rgb, #rgba, rgb(), hsl(), hwb(), or plain numbers."""

from __future__ import annotations

import colorsys
import re

from PIL import ImageColor

#: red, green, blue and alpha, 0…255
Colour = tuple[int, int, int, int]

_FUNCTION = re.compile(r"(rgb|rgba|hsl|hsla|hwb|hsv|hsb)\(([^()]*)\)")
#: of so many digits that no number is infinite
_NUMBER = re.compile(r"([+-]?(?:\d{1,12}\.?\d{0,24}|\.\d{1,24}))(%|deg|grad|rad|turn)?")
#: what a whole turn is in each unit of an angle
_TURNS = {"": 360.0, "deg": 360.0, "grad": 400.0, "rad": 6.283185307179586, "turn": 1.0}


def parse_colour(text: str) -> Colour | None:
    """(red, green, blue, alpha), 0…255, or None when the text is no colour.

    CSS Color 4, sRGB only: names and ``transparent``, ``#rgb[a]``, ``#rrggbb[aa]``, ``rgb(255, 0, 0)``, ``rgb(255 0 0 /
    50%)``, ``hsl(120deg 100% 50%)``, ``hwb(…)``; besides, ``hsv(…)`` and ``255,0,255[,128]``. Values out of range are
    no colour: an alpha of 128 was meant for half, and would become opaque.
    """
    word = text.strip().lower()
    if word.startswith("#"):
        return _hex(word[1:])
    if word == "transparent":
        return 0, 0, 0, 0
    if word in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(word)[:3]
        return red, green, blue, 255
    if match := _FUNCTION.fullmatch(word):
        return _function(match[1], match[2])
    return _plain(word)


def _hex(digits: str) -> Colour | None:
    if len(digits) in (3, 4):
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in (6, 8) or not re.fullmatch(r"[0-9a-f]+", digits):
        return None
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, alpha


def _plain(word: str) -> Colour | None:
    parts = word.split(",")
    if len(parts) not in (3, 4) or not all(re.fullmatch(r"\s*\d{1,3}\s*", part) for part in parts):
        return None
    red, green, blue, alpha = (int(part) for part in (*parts, "255")[:4])
    return (red, green, blue, alpha) if max(red, green, blue, alpha) <= 255 else None


def _function(name: str, inside: str) -> Colour | None:
    if "," in inside:
        parts = [part.strip() for part in inside.split(",")]
        parts, opacity = parts[:3], parts[3:]
    else:
        before, _, after = inside.partition("/")
        parts, opacity = before.split(), after.split()
        if "/" in inside and not opacity:
            return None
    numbers = [_NUMBER.fullmatch(part) for part in (*parts, *opacity)]
    if len(parts) != 3 or len(opacity) > 1 or not all(numbers):
        return None
    values = [(float(number[1]), number[2] or "") for number in numbers if number is not None]
    alpha = _share(*values[3], whole=1.0) if opacity else 1.0
    colours = _rgb(values[:3]) if name.startswith("rgb") else _hue(name, values[:3])
    if alpha is None or colours is None:
        return None
    red, green, blue = (round(255 * value) for value in colours)
    return red, green, blue, round(255 * alpha)


def _share(value: float, unit: str, *, whole: float) -> float | None:
    """A number of 0…``whole``, or percent, as a part of 1."""
    part = value / 100 if unit == "%" else value / whole if not unit else -1.0
    return part if 0 <= part <= 1 else None


def _rgb(values: list[tuple[float, str]]) -> tuple[float, float, float] | None:
    red, green, blue = (_share(value, unit, whole=255.0) for value, unit in values)
    return None if red is None or green is None or blue is None else (red, green, blue)


def _hue(name: str, values: list[tuple[float, str]]) -> tuple[float, float, float] | None:
    (angle, unit), *others = values
    first, second = (_share(value, unit, whole=100.0) for value, unit in others)
    if unit not in _TURNS or first is None or second is None:
        return None
    hue = angle / _TURNS[unit] % 1.0
    if name.startswith("hsl"):
        return colorsys.hls_to_rgb(hue, second, first)
    if name != "hwb":
        return colorsys.hsv_to_rgb(hue, first, second)
    if first + second >= 1:  # whiteness and blackness: a grey
        return (first / (first + second),) * 3
    red, green, blue = (part * (1 - first - second) + first for part in colorsys.hsv_to_rgb(hue, 1.0, 1.0))
    return red, green, blue
