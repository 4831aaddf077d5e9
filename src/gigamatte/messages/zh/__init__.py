"""The Chinese catalogue: English → Chinese, a file per area.

``{}`` stands for a value, ``{0}``, ``{1}`` where their order changes.
"""

from gigamatte.messages.zh.commands import COMMANDS
from gigamatte.messages.zh.help import HELP
from gigamatte.messages.zh.networks import NETWORKS
from gigamatte.messages.zh.page import PAGE
from gigamatte.messages.zh.pictures import PICTURES
from gigamatte.messages.zh.services import SERVICES

#: errors, hints, warnings, help and what the commands print
TEXTS: dict[str, str] = {**COMMANDS, **HELP, **NETWORKS, **PICTURES, **SERVICES}

__all__ = ["PAGE", "TEXTS"]
