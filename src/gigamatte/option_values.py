"""Turns the values that Python callers give for options into plain data: a path object into a text, a tuple into a
colour or a Box."""

from __future__ import annotations

import dataclasses
import math
import numbers
import operator
import os
from collections.abc import Callable, Sequence
from typing import Any

from gigamatte.errors import UsageError
from gigamatte.types import Box

#: what else people call formats
_ALSO_CALLED = {"jpg": "jpeg", "tif": "tiff", "psb": "psd"}


def convert_fields(options: Any) -> None:
    """Convert the fields of a frozen dataclass by their declared types, in place; called when it is made.

    Raises UsageError, which names the field, for a value that cannot be converted.
    """
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        kinds = str(field.type).split(" | ")
        convert = _OF_TYPE.get(kinds[0])
        if convert is None or (value is None and "None" in kinds):
            continue
        object.__setattr__(options, field.name, convert(_called(field.name), value))


def _called(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if name == "--background" and isinstance(value, Sequence) and not isinstance(value, bytes):
        return _colour(name, value)
    raise UsageError(f"{name} takes a text or a path, found {type(value).__name__}")


def _colour(name: str, value: Sequence[Any]) -> str:
    """#rrggbb or #rrggbbaa of three or four whole numbers in 0…255."""
    try:
        levels = [operator.index(level) for level in value]
    except TypeError:
        levels = []
    if len(levels) not in (3, 4) or not all(0 <= level <= 255 for level in levels):
        raise UsageError(f"{name} takes a colour of 3 or 4 whole numbers in 0…255, found {value!r}")
    return "#" + "".join(f"{level:02x}" for level in levels)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, bool) and isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    raise UsageError(f"{name} is a number, found {value!r}")


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise UsageError(f"{name} is a whole number, found {value!r}")


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # NumPy's own
        return bool(value)
    raise UsageError(f"{name} is True or False, found {value!r}")


def _box(name: str, value: Any) -> Box:
    if isinstance(value, Box):
        return value
    try:
        left, top, width, height = (operator.index(side) for side in value)
    except (TypeError, ValueError):
        raise UsageError(f"{name} takes left, top, width and height in photo pixels; found {value!r}") from None
    return Box(left, top, width, height)


_OF_TYPE: dict[str, Callable[[str, Any], Any]] = {
    "str": _text,
    "float": _number,
    "int": _whole,
    "bool": _switch,
    "Box": _box,
}


def format_name(value: Any) -> Any:
    """What a format is called here: jpg and .JPG mean jpeg, TIF tiff; anything that is no text stays as it is."""
    if not isinstance(value, str):
        return value
    name = value.lower().removeprefix(".")
    return _ALSO_CALLED.get(name, name)
