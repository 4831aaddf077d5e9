"""What `inspect` says of photos that a network sees enlarged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gigamatte.cli.app import run


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((1500, 600), "sees it shrunk 1.46× across, enlarged 1.71× down"),
        ((1, 2), "sees it enlarged 1024.00× across, enlarged 512.00× down"),
        ((2048, 1024), "sees it shrunk 2.00× across and 1.00× down"),
    ],
)
def test_sides_that_are_enlarged(
    size: tuple[int, int],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.fromarray(np.zeros((size[1], size[0], 3), np.uint8)).save(tmp_path / "a.png")
    assert run(["inspect", str(tmp_path / "a.png")]) == 0
    assert said in capsys.readouterr().out
    monkeypatch.setenv("GIGAMATTE_LANG", "zh")
    assert run(["inspect", str(tmp_path / "a.png")]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "1024×1024" in line]
    assert not {"shrunk", "enlarged", "across"} & set(line.replace("×", " ").split())
