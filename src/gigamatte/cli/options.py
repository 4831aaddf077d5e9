"""The options of a cut, defined once for every command that cuts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

import typer

from gigamatte.cli.values import parse_box, parse_count
from gigamatte.knobs import Knob
from gigamatte.options import KNOBS, Options


def _bytes(text: str | None) -> int:
    return 0 if text is None else parse_count(text, "--memory")


#: option → function that makes the field's value of the typed text; it raises UsageError
PARSED: dict[str, Callable[[Any], Any]] = {
    "box": parse_box,
    "max_pixels": parse_count,
    "memory": _bytes,
    "device_memory": lambda text: None if text is None else parse_count(text, "--device-memory"),
    "cache_size": lambda text: parse_count(text, "--cache-size"),
    "max_bytes": lambda text: None if text is None else parse_count(text, "--max-bytes"),
}


def _annotation(name: str, knob: Knob) -> Any:
    """What Typer reads: the type of what is typed, and the option."""
    default = knob.typed
    # a switch is named here, because Typer would add its opposite, --no-…
    names = (f"--{name.replace('_', '-')}",) if isinstance(default, bool) else ()
    whole = default is None and knob.low is not None and name not in PARSED
    kind: Any = int | None if whole else str | None if default is None else type(default)
    return Annotated[kind, typer.Option(*names, metavar=knob.metavar, help=knob.help)]


def takes_options(
    *, without: Collection[str] = (), instead: Mapping[str, object] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options in the place of its parameter ``options``, a ``Callable[[], Options]``.

    The command calls it where it can report an error: it raises UsageError. ``without`` names options that the
    command does not take, or takes with another meaning; ``instead`` has other help texts for some of them.
    """
    shared = {name: knob for name, knob in KNOBS.items() if name not in without}
    described = instead or {}

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        def run(**said: Any) -> None:
            typed = {name: said.pop(name) for name in shared}
            command(**said, options=lambda: Options(**{name: _parsed(name, value) for name, value in typed.items()}))

        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command, eval_str=True).parameters.values():
            if own.name == "options":
                parameters += (
                    _parameter(name, one.typed, described.get(name) or _annotation(name, one))
                    for name, one in shared.items()
                )
            else:
                parameters.append(own.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
        # what the command line library reads, in its older and its newer versions
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return wrap


def _parsed(name: str, value: Any) -> Any:
    return PARSED[name](value) if name in PARSED else value


def _parameter(name: str, default: object, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
