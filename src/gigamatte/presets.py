"""Presets: named sets of options for the pictures that shops ask for, and the rules a finished picture is checked by.

Data in ``presets.toml``; a user's own lie beside the model cards, in files of the same form.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigamatte.errors import UsageError
from gigamatte.folders import cards_place

#: the options of a cut that a preset may fill in
FILLED = (
    "canvas", "aspect", "fill", "align", "no_enlarge", "margin", "background", "shadow", "outline", "format", "quality",
    "palette", "max_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of options, with where its rules come from and when they were read there.

    ``formats``, ``bytes`` and so on are what `gigamatte presets --check` looks at; None or empty: anything goes.
    """

    name: str
    about: str
    source: str
    date: str
    about_zh: str = ""
    #: said with every result
    note: str = ""
    canvas: str | None = None
    aspect: str | None = None
    fill: str | None = None
    align: str | None = None
    no_enlarge: bool | None = None
    margin: float | None = None
    background: str | None = None
    shadow: str | None = None
    outline: str | None = None
    format: str | None = None
    quality: int | None = None
    palette: bool | None = None
    #: bytes that the result is fitted into
    max_bytes: int | None = None
    #: a colour, or transparent: what lies around the subject
    ground: str | None = None
    formats: tuple[str, ...] = ()
    bytes: int | None = None
    #: pixels of the longer side, where they are not those of the canvas
    least: int | None = None
    most: int | None = None
    #: percent of the side that the subject fills more
    fill_least: float | None = None
    fill_most: float | None = None
    #: edges that the subject may touch
    touch: tuple[str, ...] = ()
    #: the file that it is from
    file: str = ""

    def options(self) -> dict[str, Any]:
        """The options that it fills in."""
        return {name: getattr(self, name) for name in FILLED if getattr(self, name) is not None}


_FIELDS = {field.name: field for field in dataclasses.fields(Preset) if field.name != "file"}
_REQUIRED = ("name", "about", "source", "date")
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "margin": (int, float), "fill_least": (int, float), "fill_most": (int, float), "max_bytes": int, "bytes": int,
    "least": int, "most": int, "quality": int, "no_enlarge": bool, "palette": bool, "formats": list, "touch": list,
}  # fmt: skip


def presets() -> dict[str, Preset]:
    """Name → preset: the built-in ones, then the user's own, which may replace them. Raises UsageError."""
    place = cards_place()
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place] if place.is_file() else []
    found = dict(_built_in())
    for file in files:
        found |= _read(file, found)
    return found


def find_preset(name: str) -> Preset:
    """The preset of this name. Raises UsageError."""
    found = presets()
    if name not in found:
        near = difflib.get_close_matches(name.lower(), found, 1)
        meant = f"there is no preset {name!r}; was {near[0]} meant?" if near else f"there is no preset {name!r}"
        raise UsageError(meant, f"there are {', '.join(found)}")
    return found[name]


@functools.cache
def _built_in() -> Mapping[str, Preset]:
    return _read(Path(__file__).with_suffix(".toml"), {})


def _read(file: Path, known: Mapping[str, Preset]) -> dict[str, Preset]:
    import tomllib

    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("preset", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} is not a readable TOML file: {error}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{file}: presets are tables named [[preset]]")
    found: dict[str, Preset] = {}
    for table in tables:
        preset = _preset(file, table, {**known, **found})
        found[preset.name] = preset
    return found


def _preset(file: Path, table: Mapping[str, Any], known: Mapping[str, Preset]) -> Preset:
    name = table.get("name", "without a name")
    values = dict(table)
    if (model := values.pop("like", None)) is not None:
        if model not in known:
            raise UsageError(f"{file}: preset {name}: there is no preset {model!r} that it could be like")
        values = {field: getattr(known[model], field) for field in _FIELDS} | values
    if unknown := sorted(set(values) - set(_FIELDS)):
        raise UsageError(f"{file}: preset {name}: there is no field {unknown[0]!r}", f"fields: {', '.join(_FIELDS)}")
    if missing := [field for field in _REQUIRED if field not in values]:
        raise UsageError(f"{file}: preset {name}: {', '.join(missing)} is missing")
    for field in set(table) - {"like"}:
        value, kind = values[field], _KINDS.get(field, str)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{file}: preset {name}: {field} has the wrong type: {value!r}")
        if isinstance(value, list):
            values[field] = tuple(map(str, value))
    picture = values.get("background")
    if isinstance(picture, str) and (beside := file.parent / picture).is_file():
        values["background"] = str(beside)
    return Preset(**values, file=str(file))
