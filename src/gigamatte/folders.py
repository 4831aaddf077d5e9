"""The folders for gigamatte's files of a user: caches, settings, and state that must survive a restart."""

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


def config_folder(*parts: str) -> Path:
    """A folder below what the user configures by hand; not created here.

    ``~/Library/Application Support`` on macOS, ``%APPDATA%`` on Windows, ``${XDG_CONFIG_HOME:-~/.config}`` elsewhere.
    """
    if sys.platform == "win32":
        root = Path(os.environ.get("APPDATA") or home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        root = home() / "Library" / "Application Support"
    else:
        root = _xdg("XDG_CONFIG_HOME", ".config")
    return root.joinpath("gigamatte", *parts)


def cards_place() -> Path:
    """Where a user's cards and presets are: ``$GIGAMATTE_CARDS`` (a file or a folder), else below ``config_folder``."""
    if chosen := os.environ.get("GIGAMATTE_CARDS"):
        return expanded(chosen)
    return config_folder("cards")


def state_folder(*parts: str) -> Path:
    """A folder below what must survive a restart; not created here.

    ``%LOCALAPPDATA%`` on Windows, ``${XDG_STATE_HOME:-~/.local/state}`` elsewhere.
    """
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or home() / "AppData" / "Local")
    else:
        root = _xdg("XDG_STATE_HOME", ".local", "state")
    return root.joinpath("gigamatte", *parts)


def _root() -> Path:
    if chosen := os.environ.get("GIGAMATTE_CACHE"):
        return expanded(chosen)
    if sys.platform == "darwin":
        return home() / "Library" / "Caches" / "gigamatte"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else home() / "AppData" / "Local") / "gigamatte" / "Cache"
    return _xdg("XDG_CACHE_HOME", ".cache") / "gigamatte"


def _xdg(variable: str, *otherwise: str) -> Path:
    """A folder of the XDG base directory specification, which says that a relative path is to be ignored."""
    chosen = os.environ.get(variable, "")
    return Path(chosen) if os.path.isabs(chosen) else home().joinpath(*otherwise)
