"""gigamatte cuts the background out of photos of any size, at the photo's own resolution.

>>> import gigamatte
>>> gigamatte.cut("photo.jpg").save("photo.cutout.png")        # doctest: +SKIP
"""

import os
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Read by libvips when it starts: its warnings about broken files are not printed, see photo.read.quiet_libvips
if "pyvips" not in sys.modules:
    os.environ.setdefault("VIPS_WARNING", "1")

# Importing gigamatte must stay instant, so each public name is loaded when it is first used.
_HOMES = {
    "cut": "gigamatte.remover",
    "Remover": "gigamatte.remover",
    "Editing": "gigamatte.editing",
    "Hints": "gigamatte.hints",
    "Cutout": "gigamatte.cutout.cutout",
    "Options": "gigamatte.options",
    "Receipt": "gigamatte.types",
    "Box": "gigamatte.types",
    "Size": "gigamatte.types",
    "GigamatteError": "gigamatte.errors",
    "UsageError": "gigamatte.errors",
    "InputError": "gigamatte.errors",
    "MissingInput": "gigamatte.errors",
    "UnsupportedInput": "gigamatte.errors",
    "BudgetExceeded": "gigamatte.errors",
    "NetworkUnavailable": "gigamatte.errors",
    "WeightsRefused": "gigamatte.errors",
    "DownloadFailed": "gigamatte.errors",
    "DeviceUnavailable": "gigamatte.errors",
    "NoSubject": "gigamatte.errors",
    "WriteError": "gigamatte.errors",
    "WorkerDied": "gigamatte.errors",
    "Cancelled": "gigamatte.errors",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from gigamatte.cutout.cutout import Cutout as Cutout
    from gigamatte.editing import Editing as Editing
    from gigamatte.errors import BudgetExceeded as BudgetExceeded
    from gigamatte.errors import Cancelled as Cancelled
    from gigamatte.errors import DeviceUnavailable as DeviceUnavailable
    from gigamatte.errors import DownloadFailed as DownloadFailed
    from gigamatte.errors import GigamatteError as GigamatteError
    from gigamatte.errors import InputError as InputError
    from gigamatte.errors import MissingInput as MissingInput
    from gigamatte.errors import NetworkUnavailable as NetworkUnavailable
    from gigamatte.errors import NoSubject as NoSubject
    from gigamatte.errors import UnsupportedInput as UnsupportedInput
    from gigamatte.errors import UsageError as UsageError
    from gigamatte.errors import WeightsRefused as WeightsRefused
    from gigamatte.errors import WorkerDied as WorkerDied
    from gigamatte.errors import WriteError as WriteError
    from gigamatte.hints import Hints as Hints
    from gigamatte.options import Options as Options
    from gigamatte.remover import Remover as Remover
    from gigamatte.remover import cut as cut
    from gigamatte.types import Box as Box
    from gigamatte.types import Receipt as Receipt
    from gigamatte.types import Size as Size


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gigamatte' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
