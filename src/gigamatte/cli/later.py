"""Commands that are imported only when they are called, so that ``gigamatte --help`` loads none of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from gigamatte.cli.localise import localised
from gigamatte.cli.sections import Sectioned
from gigamatte.messages.translate import Language, language, translate_help

#: the variable that a shell sets when it asks for completions
COMPLETE = "_GIGAMATTE_COMPLETE"
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True)
class Later:
    """Where a command is; ``help`` is the first sentence of its own, shown where it has not been imported."""

    module: str
    name: str
    help: str
    #: whether it shows its help when it is called without arguments
    asks: bool = True

    def load(self, lang: Language) -> Any:
        """The click command."""
        found = getattr(import_module(self.module), self.name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)
            alone.command(cls=Sectioned, no_args_is_help=self.asks)(found)
            found = alone
        return localised(_prepared(get_command(found)), lang)


class Loaded(Mapping[str, Any]):
    """Name → command, each imported when it is asked for."""

    def __init__(self, commands: Mapping[str, Later]) -> None:
        self.later, self.lang = commands, language()
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self.later[name].load(self.lang)
            self._loaded[name].name = name
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.later)

    def __len__(self) -> int:
        return len(self.later)


class LaterGroup(TyperGroup):
    """A group of commands, none of which is imported before it is called. ``table`` is set by a subclass."""

    table: Mapping[str, Later] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = Loaded(self.table)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (the library's own)
        """Their names, in the order of the table."""
        return list(self.table)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """The list in the help."""
        lang = self.commands.lang
        with formatter.section("Commands"):
            formatter.write_dl([(name, translate_help(later.help, lang)) for name, later in self.table.items()])


def _prepared(command: Any) -> Any:
    """Let every command call ``harden`` before it runs; showing help needs no libvips."""
    for child in getattr(command, "commands", {}).values():
        _prepared(child)
    run: Callable[..., Any] | None = command.callback
    if run is not None and not getattr(command, "commands", None):

        @functools.wraps(run)
        def hardened(*arguments: Any, **options: Any) -> Any:
            from gigamatte import system
            from gigamatte.photo.read import harden

            system.share_heaps()
            harden()
            return run(*arguments, **options)

        command.callback = hardened
    return command
