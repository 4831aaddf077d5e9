"""The commands' help in the person's language."""

from __future__ import annotations

from typing import Any

from gigamatte.messages import language
from gigamatte.messages.translate import translate_help


def localised(command: Any) -> Any:
    """The click command, its options and its subcommands with their help translated in place."""
    if language() == "en":
        return command
    for holder in (command, *command.params):
        if getattr(holder, "help", None):
            holder.help = translate_help(holder.help)
    for child in getattr(command, "commands", {}).values():
        localised(child)
    return command
