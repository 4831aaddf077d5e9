"""The commands of docs/programs.md (and its Chinese twin) run, and write what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gigamatte.cli.app import run
from gigamatte.testing.readers import READERS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["docs/programs.md", "docs/zh/programs.md"])
def test_its_commands_run(page: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with Image.open(ROOT / "examples" / "photo.jpg") as photo:
        photo.resize((photo.width // 8, photo.height // 8)).save("photo.jpg")
    (block,) = re.findall(r"```bash\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)
    for line in block.splitlines():
        assert run(shlex.split(line)[1:]) == 0
    with Image.open("photo.tif") as strips, Image.open("large.tif") as tiles:
        assert 322 not in strips.tag_v2
        assert {322, 330} <= set(tiles.tag_v2)
    assert Path("photo.psd").read_bytes()[:4] == b"8BPS"


def test_both_pages_have_the_same_table() -> None:
    tables = []
    for page in ("docs/programs.md", "docs/zh/programs.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        tables.append(text.partition("<!-- readers -->")[2].partition("<!-- /readers -->")[0])
    assert tables[0] == tables[1]
    rows = tables[0].strip().splitlines()[2:]
    named = [row.split("|")[1].strip().rpartition(" ")[0] for row in rows]
    assert set(named) <= {reader.name for reader in READERS}
    assert {"Pillow", "OpenCV", "ffmpeg (wheel)", "ImageMagick", "Chromium"} <= set(named)
