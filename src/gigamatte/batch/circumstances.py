"""What a failure may be due to beyond the photo and the options that shape its result: when one of these has changed,
the photo is tried again."""

from __future__ import annotations

import importlib.metadata
import json

from gigamatte import __version__, system
from gigamatte.batch.limits import Limits
from gigamatte.options import Options

#: packages that decide which files can be read
_READERS = ("pyvips", "pyvips-binary", "pillow-heif", "psd-tools")


def circumstances(options: Options, limits: Limits) -> str:
    """One line of JSON: the limits that were asked for, this version, and what is installed to read photos with.

    Memory that was left to the machine counts as all that the machine has: what is free of it changes by the minute.
    """
    told = {
        "version": __version__,
        "readers": {name: version for name in _READERS if (version := _installed(name))},
        "max_pixels": options.max_pixels,
        "memory": limits.memory or f"of {round((system.total_memory() or 0) / 1e9)} GB",
        "seconds": limits.seconds,
        "inflight": limits.inflight,
        "device": options.device,
    }
    return json.dumps(told, sort_keys=True)


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
