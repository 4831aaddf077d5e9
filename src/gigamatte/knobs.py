"""Describes each option once, in its field's metadata, for the command line, the service and the checks.

The longer explanation is in the docstring of `Options`, where `help()` and editors look for it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gigamatte.errors import UsageError

_KEY = "knob"


@dataclass(frozen=True)
class Knob:
    """One option of a cut.

    ``metavar``: what stands for its value, None: its choices. ``help``: one line, with other options as they are typed.
    ``low`` and ``high``: its range, both included. ``typed``: the default as it would be typed.
    ``optional``: None is allowed.
    """

    metavar: str | None
    help: str
    low: float | None = None
    high: float | None = None
    typed: Any = None
    choices: tuple[str, ...] = ()
    optional: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raises UsageError when ``value`` is none of the choices, or out of range."""
        if value is None and self.optional:
            return
        flag = name.replace("_", "-")
        if self.choices and value not in self.choices:
            raise UsageError(f"--{flag} is one of {', '.join(self.choices)}; found {value!r}")
        if self.low is not None and self.high is not None and not self.low <= value <= self.high:
            raise UsageError(f"--{flag} lies in {self.low}…{self.high}; found {value}")


_AS_IS = object()


def knob(
    default: Any, metavar: str | None, help: str, *, low: float | None = None, high: float | None = None,
    typed: Any = _AS_IS,
) -> Any:  # fmt: skip
    """A field of a dataclass that is an option, see `Knob`."""
    described = Knob(metavar, help, low, high, default if typed is _AS_IS else typed)
    return dataclasses.field(default=default, metadata={_KEY: described})


def knobs_of(options: type[Any]) -> dict[str, Knob]:
    """Name → knob of a dataclass, in its own order; fields of a `Literal` type get their choices from it."""
    types = get_type_hints(options)
    found = {}
    for field in dataclasses.fields(options):
        if _KEY in field.metadata:
            choices = _choices(types[field.name])
            metavar = field.metadata[_KEY].metavar or ("|".join(choices) or None)
            found[field.name] = dataclasses.replace(
                field.metadata[_KEY], choices=choices, metavar=metavar, optional=field.default is None
            )
    return found


def _choices(kind: Any) -> tuple[str, ...]:
    literals = [part for part in (kind, *get_args(kind)) if get_origin(part) is Literal]
    return get_args(literals[0]) if literals else ()
