"""Causes of a failure besides the photo and the options of its result: limits, versions, installed packages.

When one of these has changed, the photo is tried again."""

from __future__ import annotations

import importlib.metadata
import json

from gigamatte import __version__, system
from gigamatte.batch.limits import Limits
from gigamatte.options import Options

#: packages that decide which files can be read
_READERS = ("pyvips", "pyvips-binary", "pillow-heif", "psd-tools", "av")


def circumstances(options: Options, limits: Limits) -> str:
    """One line of JSON: the limits that were asked for, this version, and the installed packages that read photos.

    Where no limit of memory was given, all the machine's memory is noted, because the free part changes all the time.
    """
    facts = {
        "version": __version__,
        "readers": {name: version for name in _READERS if (version := _installed(name))},
        "max_pixels": options.max_pixels,
        "memory": limits.memory or f"of {round((system.total_memory() or 0) / 1e9)} GB",
        "seconds": limits.seconds,
        "inflight": limits.inflight,
        "device": options.device,
    }
    return json.dumps(facts, sort_keys=True)


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
