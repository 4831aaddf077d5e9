"""Where derived files live: the user's cache folder, or ``GIGAMATTE_CACHE``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gigamatte.system import expanded, home


def cache_folder(*parts: str) -> Path:
    """A folder below gigamatte's cache; not created here.

    ``$GIGAMATTE_CACHE``, else the place each system reserves for caches: ``~/Library/Caches/gigamatte`` on macOS,
    ``%LOCALAPPDATA%\\gigamatte\\Cache`` on Windows, ``${XDG_CACHE_HOME:-~/.cache}/gigamatte`` elsewhere.
    """
    return _root().joinpath(*parts)


def _root() -> Path:
    if chosen := os.environ.get("GIGAMATTE_CACHE"):
        return expanded(chosen)
    if sys.platform == "darwin":
        return home() / "Library" / "Caches" / "gigamatte"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else home() / "AppData" / "Local") / "gigamatte" / "Cache"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # the XDG specification says that a relative path is to be ignored
    return (Path(xdg) if os.path.isabs(xdg) else home() / ".cache") / "gigamatte"
