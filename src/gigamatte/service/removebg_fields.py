"""The fields of remove.bg's requests → Options. What would change the result and is not offered is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.options import Options
from gigamatte.service.settings import Settings
from gigamatte.service_errors import BadRequest
from gigamatte.types import Box

#: values that clients send for "none"
BLANK = ("", "undefined", "null", "None")
SIZES = ("auto", "preview", "small", "regular", "medium", "hd", "full", "4k", "50mp")
FORMATS = ("auto", "png", "jpg", "jpeg", "webp", "zip")
#: fields that are read, or known to change nothing here
KNOWN = frozenset({
    "image_file", "image_file_b64", "image_url", "size", "type", "type_level", "format", "roi", "crop", "crop_margin",
    "scale", "position", "channels", "add_shadow", "shadow_type", "shadow_opacity", "semitransparency", "bg_color",
    "bg_image_url", "bg_image_file", "shadow_method",
})  # fmt: skip
#: what is drawn for each type of shadow: car and 3D are those of something that stands on the ground
_SHADOWS = {"none": None, "drop": "drop", "3d": "contact", "car": "contact", "auto": "contact"}
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def filled_in(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that are not empty."""
    return {name: text.strip() for name, text in fields.items() if text.strip() not in BLANK}


def to_options(fields: Mapping[str, str], settings: Settings, backdrop: Path | None) -> tuple[str, Options, list[str]]:
    """(png, jpeg, webp or zip; options; what is not as remove.bg has it). Raises BadRequest.

    ``backdrop``: the picture that came as bg_image_file or bg_image_url.
    """
    notes = []
    if unknown := sorted(fields.keys() - KNOWN):
        notes.append(f"fields that are not known were not used: {', '.join(unknown)[:200]}")
    if fields.get("size", "auto").lower() not in SIZES:
        raise BadRequest(f"size is one of {', '.join(SIZES)}; found {fields['size'][:40]!r}").because("invalid_size")
    if not _flag(fields, "semitransparency", True):
        notes.append("semitransparency=false changes nothing here: what is seen through stays as the photo has it")
    channels = fields.get("channels", "rgba").lower()
    if channels not in ("rgba", "alpha"):
        raise BadRequest(f"channels is rgba or alpha; found {channels[:40]!r}").because("invalid_channels")
    if backdrop is not None and "bg_color" in fields:
        error = BadRequest("bg_color and a background picture exclude each other", "leave one of them out")
        raise error.because("multiple_bg_sources")
    background = str(backdrop) if backdrop is not None else _colour(fields.get("bg_color"))
    form = _format(fields, background, channels)
    if form == "jpeg" and background is None and channels == "rgba":
        background = "white"  # what remove.bg does
    if form == "zip" and (background is not None or channels == "alpha"):
        raise BadRequest("a zip holds color.jpg and alpha.png: it goes with neither a background nor channels=alpha")
    shadow = _shadow(fields)
    if shadow is not None and (form == "zip" or channels == "alpha"):
        notes.append("a shadow is drawn in a picture alone: none in a zip, nor with channels=alpha")
        shadow = None
    crop = _flag(fields, "crop", False)
    placed = _placed(fields)
    if crop and placed:
        notes.append("scale and position change nothing here with crop=true: the result is as large as the subject")
    return (
        form,
        Options(
            model=settings.model,
            only="alpha" if channels == "alpha" else "cutout",
            background=background if channels == "rgba" else None,
            shadow=shadow,
            format="png" if form == "zip" else form,  # type: ignore[arg-type]
            crop=crop,
            margins=_margins(fields.get("crop_margin")) if crop else None,
            **({} if crop else placed),
            **_region(fields.get("roi")),
            device=settings.device,
            threads=settings.threads,
            max_pixels=settings.max_pixels,
        ),
        notes,
    )


def _shadow(fields: Mapping[str, str]) -> str | None:
    """The shadow that is asked for: the kind of shadow_type, else, by add_shadow, the one for things that stand."""
    kind = fields.get("shadow_type", "auto" if _flag(fields, "add_shadow", False) else "none").lower()
    if kind not in _SHADOWS:
        raise BadRequest(f"shadow_type is none, auto, car, 3D or drop; found {fields['shadow_type'][:40]!r}")
    opacity = fields.get("shadow_opacity", "50")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", opacity) or float(opacity) > 100:
        raise BadRequest(f"shadow_opacity lies in 0…100; found {opacity[:40]!r}")
    drawn = _SHADOWS[kind]
    return None if drawn is None or float(opacity) == 0 else f"{drawn}:strength={opacity}"


def _flag(fields: Mapping[str, str], name: str, usual: bool) -> bool:
    text = fields.get(name, str(usual)).lower()
    if text not in (*_TRUE, *_FALSE):
        error = BadRequest(f"{name} is true or false; found {text[:40]!r}")
        raise error.because("invalid_semitransparency") if name == "semitransparency" else error
    return text in _TRUE


def _format(fields: Mapping[str, str], background: str | None, channels: str) -> str:
    form = fields.get("format", "auto").lower()
    if form not in FORMATS:
        raise BadRequest(f"format is one of {', '.join(FORMATS)}; found {form[:40]!r}").because("invalid_format")
    if form == "auto":  # as remove.bg: a picture without transparency is a JPEG
        colour = None if background is None else parse_colour(background)
        clear = background is None or (colour is not None and colour[3] < 255)
        return "png" if clear or channels == "alpha" else "jpeg"
    return "jpeg" if form == "jpg" else form


def _colour(text: str | None) -> str | None:
    if text is None:
        return None
    # remove.bg writes hexadecimal colours without #
    digits = re.fullmatch("[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}", text)
    colour = f"#{text}" if digits else text
    if parse_colour(colour) is None:
        error = BadRequest(f"bg_color is a colour such as 81d4fa, 81d4fa77 or white; found {text[:40]!r}")
        raise error.because("invalid_bg_color")
    return colour


def _margins(text: str | None) -> tuple[str, str, str, str] | None:
    """Margins for all sides, for top/bottom and left/right, or for top, right, bottom and left, as in CSS."""
    if text is None:
        return None
    sides = text.replace(",", " ").split()
    sides = [f"{side}px" if re.fullmatch(r"0+", side) else side for side in sides]
    fits = all(re.fullmatch(r"\d{1,3}(\.\d{1,6})?(px|%)", side) for side in sides)
    most = [side for side in sides if fits and float(side.rstrip("px%")) > (500 if side.endswith("px") else 50)]
    if not fits or most or len(sides) not in (1, 2, 4):
        error = BadRequest(
            "crop_margin is one margin, two (top and bottom, left and right) or four (top, right, bottom, left), each "
            f"0…500px or 0…50%; found {text[:60]!r}"
        )
        raise error.because("invalid_crop_margin")
    top, right, bottom, left = {1: sides * 4, 2: sides * 2, 4: sides}[len(sides)]
    return top, right, bottom, left


def _placed(fields: Mapping[str, str]) -> dict[Literal["canvas", "fill", "align"], Any]:
    """``scale`` and ``position``: the subject moved and resized within a picture as large as the photo."""
    scale, position = fields.get("scale", "original").lower(), fields.get("position")
    share = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", scale)
    if scale != "original" and (share is None or not 10 <= float(share[1]) <= 100):
        error = BadRequest(f"scale is original, or 10%…100% of the picture; found {scale[:40]!r}")
        raise error.because("invalid_scale")
    # as remove.bg: what is scaled is centred, unless something else is said
    align = ("center" if share else "original") if position is None else position.lower()
    part = r"\d{1,3}(?:\.\d{1,6})?%"
    if align not in ("original", "center"):
        sides = re.fullmatch(rf"({part})(?:\s*,\s*|\s+)?({part})?", align)
        if sides is None or any(float(side.rstrip("%")) > 100 for side in sides.groups() if side):
            error = BadRequest(f"position is original, center, or one or two of 0%…100%; found {align[:40]!r}")
            raise error.because("invalid_position")
    if share is None and align == "original":
        return {}
    return {"canvas": "photo", "fill": share[1] if share else "original", "align": align}


def _region(text: str | None) -> dict[Literal["box", "box_share"], Any]:
    if text is None:
        return {}
    found = re.fullmatch(r"(?:\d{1,7}(?:\.\d{1,6})?(?:px|%)(?:\s+|\s*,\s*|$)){4}", text)
    sides = re.split(r"\s*,\s*|\s+", text)
    units = {side.lstrip("0123456789.") for side in sides}
    if found is None or len(units) != 1:
        raise BadRequest(f"roi is x1 y1 x2 y2, all in px or all in %; found {text[:60]!r}").because("invalid_roi")
    left, top, right, bottom = (float(side.rstrip("px%")) for side in sides)
    if right <= left or bottom <= top:
        raise BadRequest(f"roi has x1 < x2 and y1 < y2; found {text[:60]!r}").because("roi_region_empty")
    if units == {"%"} and max(right, bottom) > 100:
        raise BadRequest(f"roi ends at 100%; found {text[:60]!r}").because("roi_exceeds_bounds")
    if units == {"px"}:
        corner = int(left), int(top)
        return {"box": Box(*corner, max(1, int(right) - corner[0]), max(1, int(bottom) - corner[1]))}
    whole = (left, top, right, bottom) == (0, 0, 100, 100)
    return {} if whole else {"box_share": (left / 100, top / 100, right / 100, bottom / 100)}
