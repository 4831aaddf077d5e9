"""The user's folders, and one digest of files for all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gigamatte.folders import cache_folder, config_folder, state_folder


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="folders of the XDG specification")
@pytest.mark.parametrize(
    ("folder", "variable", "otherwise"),
    [
        (cache_folder, "XDG_CACHE_HOME", ".cache"),
        (config_folder, "XDG_CONFIG_HOME", ".config"),
        (state_folder, "XDG_STATE_HOME", ".local/state"),
    ],
)
def test_folders_follow_the_specification(
    folder: Callable[..., Path], variable: str, otherwise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIGAMATTE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, str(tmp_path / "chosen"))
    assert folder("one", "two") == tmp_path / "chosen" / "gigamatte" / "one" / "two"
    for ignored in ("", "relative"):
        monkeypatch.setenv(variable, ignored)
        assert folder() == tmp_path / otherwise / "gigamatte"
