"""The Chinese catalogue: English → Chinese, a file per area.

``{}`` stands for a value, ``{0}``, ``{1}`` where their order changes.
"""

from gigamatte.messages.zh.around import AROUND
from gigamatte.messages.zh.batches import BATCH_HELP, BATCHES, REVIEW_PAGE
from gigamatte.messages.zh.carried import CARRIED
from gigamatte.messages.zh.commands import COMMANDS
from gigamatte.messages.zh.films import FILMS
from gigamatte.messages.zh.framing import FRAMING
from gigamatte.messages.zh.headings import HEADINGS
from gigamatte.messages.zh.help import HELP
from gigamatte.messages.zh.help_workflow import WORKFLOW_HELP
from gigamatte.messages.zh.hints import HINTS
from gigamatte.messages.zh.installed import INSTALLED
from gigamatte.messages.zh.networks import NETWORKS
from gigamatte.messages.zh.page import PAGE as VIEWER
from gigamatte.messages.zh.paths import PATHS
from gigamatte.messages.zh.pictures import PICTURES
from gigamatte.messages.zh.services import SERVICES
from gigamatte.messages.zh.web import WEB
from gigamatte.messages.zh.web_page import WEB_PAGE

#: errors, hints, warnings, help and what the commands print
TEXTS: dict[str, str] = {
    **AROUND,
    **BATCHES,
    **BATCH_HELP,
    **CARRIED,
    **COMMANDS,
    **FRAMING,
    **FILMS,
    **HEADINGS,
    **HELP,
    **HINTS,
    **INSTALLED,
    **NETWORKS,
    **PATHS,
    **PICTURES,
    **SERVICES,
    **WEB,
    **WORKFLOW_HELP,
}

#: the viewer and the web page
PAGE: dict[str, str] = {**VIEWER, **WEB_PAGE, **REVIEW_PAGE}

__all__ = ["PAGE", "TEXTS"]
