"""The user's own networks: model cards in TOML files, with the same fields as the built-in ones."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from gigamatte.errors import UsageError
from gigamatte.folders import cards_place
from gigamatte.network.cards.card import ModelCard

_FIELDS = {field.name: field for field in dataclasses.fields(ModelCard)}
_REQUIRED = ("name", "licence", "size", "output")
_TUPLES = ("mean", "std", "sides", "tags")


def user_cards() -> list[ModelCard]:
    """All cards found there; none when there is no such place. Raises UsageError naming file and field."""
    place = cards_place()
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place] if place.is_file() else []
    return [card for file in files for card in read_cards(file)]


def read_cards(file: Path) -> list[ModelCard]:
    """The ``[[model]]`` tables of a TOML file. ``path`` is relative to that file. Raises UsageError."""
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("model", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} is not a readable TOML file: {error}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{file}: networks are tables named [[model]]")
    return [_card(file, table) for table in tables]


def _card(file: Path, table: dict[str, Any]) -> ModelCard:
    name = table.get("name", "without a name")
    if unknown := sorted(set(table) - set(_FIELDS)):
        raise UsageError(f"{file}: model {name}: there is no field {unknown[0]!r}", f"fields: {', '.join(_FIELDS)}")
    if missing := [field for field in _REQUIRED if field not in table]:
        raise UsageError(f"{file}: model {name}: {', '.join(missing)} is missing")
    if not any(table.get(field) for field in ("path", "url", "repo")):
        raise UsageError(f"{file}: model {name}: one of path, url, repo must say where its file is")
    values = {"family": "user", **table}
    for field in _TUPLES:
        if isinstance(values.get(field), list):
            values[field] = tuple(values[field])
    if "path" in values:
        values["path"] = file.parent.joinpath(str(values["path"])).resolve()
    elif not values.get("file"):
        values["file"] = str(values.get("url", "model.onnx")).rsplit("/", 1)[-1]
    try:
        return ModelCard(**values)
    except TypeError as error:  # a text where a number belongs
        raise UsageError(f"{file}: model {name}: a field has the wrong type: {error}") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error.message}") from error
