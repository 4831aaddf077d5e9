"""The folders that an assistant may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigamatte.assistant.folders import Folders
from gigamatte.errors import MissingInput, UsageError


def test_the_home_of_nobody_is_told(tmp_path: Path) -> None:
    """It was a traceback."""
    with pytest.raises(UsageError, match="there is no folder ~no-such-user/photos"):
        Folders(["~no-such-user/photos"])
    with pytest.raises(MissingInput, match=r"there is no file ~no-such-user/a\.jpg"):
        Folders([tmp_path]).existing("~no-such-user/a.jpg")
