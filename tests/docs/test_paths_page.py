"""The commands and the code of docs/paths.md run, and write what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from PIL import Image

from gigamatte.cli.app import run
from gigamatte.photo.paths.find import own_paths
from gigamatte.types import Size

PAGES = Path(__file__).parents[2]


def test_it_does_what_it_says(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """The Chinese page has the same code (``test_chinese_pages.py``)."""
    monkeypatch.chdir(tmp_path)
    with Image.open(PAGES / "examples" / "photo.jpg") as photo:
        size = Size(photo.width // 4, photo.height // 4)
        photo.resize((size.width, size.height)).save("photo.jpg")
    text = (PAGES / "docs/paths.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```bash\n(.*?)```", text, re.S)
    for line in commands.splitlines():
        assert run(shlex.split(line, comments=True)[1:]) == 0
    assert "Path 1 (" in capsys.readouterr().out
    assert own_paths(Path("shop.jpg"), size, 1).clipping == "Path 1"
    assert "<svg" in Path("path.svg").read_text()
    assert "POLYLINE" in Path("sticker.dxf").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    exec(compile(code, "docs/paths.md", "exec"), {})
    knots, middle = capsys.readouterr().out.split()
    assert int(knots) >= 4
    assert float(middle) <= 0.5
