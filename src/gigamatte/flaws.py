"""What is wrong with a value, in one line with what was expected and found, from what pydantic says of it.

pydantic checks the queries of the service, and for newer typer the values of the command line. Its own words leave out
what was found, show patterns, and are English alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: kinds of values by pydantic's names for what is none of them
_KINDS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
}
#: bounds by pydantic's names for them
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def flaw_of(name: str, flaw: Mapping[str, Any]) -> str | None:
    """One line about the value of ``name``; None for a flaw of another kind.

    ``flaw`` is one of pydantic's ``ValidationError.errors()``.
    """
    found, bounds = str(flaw["input"])[:80], flaw.get("ctx", {})
    if flaw["type"] in _KINDS:
        return f"{name} is {_KINDS[flaw['type']]}; found {found!r}"
    if flaw["type"] == "literal_error":
        choices = ", ".join(re.findall("'([^']*)'", bounds["expected"]))
        return f"{name} is one of {choices}; found {found!r}"
    if flaw["type"] == "string_too_long":
        return f"{name} has at most {bounds['max_length']} letters; found {len(str(flaw['input']))}"
    for sign, words in _BOUNDS.items():
        if sign in bounds:
            return f"{name} is {words} {bounds[sign]:.15g}; found {found}"
    return None


def unknown_name(name: str, names: Iterable[str], *, otherwise: Mapping[str, str] | None = None) -> str:
    """One line about an option that is none of ``names``. ``otherwise``: what is called otherwise here."""
    near = difflib.get_close_matches(name.lower(), list(names), 1)
    meant = (otherwise or {}).get(name) or next(iter(near), None)
    there = f"there is no option {name[:80]}"
    return there if meant is None else f"{there}; was {meant} meant?"
