"""The commands' help in the person's language."""

from __future__ import annotations

from typing import Any

from gigamatte.messages import language
from gigamatte.messages.translate import Language, translate_help


def localised(command: Any, lang: Language | None = None) -> Any:
    """The click command, its options and its subcommands with their help translated in place to ``lang``."""
    lang = lang or language()
    if lang == "en":
        return command
    for holder in (command, *command.params):
        if getattr(holder, "help", None):
            holder.help = translate_help(holder.help, lang)
    for child in getattr(command, "commands", {}).values():
        localised(child, lang)
    return command
