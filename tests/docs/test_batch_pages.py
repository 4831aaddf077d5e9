"""The commands of docs/batch.md (and its Chinese twin) run; those for clusters are checked as words."""

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from console import commands

from gigamatte.cli.app import run
from gigamatte.cli.batch import batch
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "batch.md", DOCS / "zh" / "batch.md"]


def test_the_commands_run(tmp_path, monkeypatch, capsys):
    """The Chinese page has the same commands (``test_chinese_pages.py``)."""
    (tmp_path / "photos").mkdir()
    for seed, name in enumerate(("portrait.jpg", "product.jpg", "document.jpg")):
        photo = made_photo(Size(96, 72), strands=5, seed=seed).photo
        cv2.imwrite(str(tmp_path / "photos" / name), np.ascontiguousarray(photo[..., ::-1]))
    mask = np.zeros((72, 96), np.uint8)
    cv2.circle(mask, (48, 36), 24, 255, -1)
    cv2.imwrite(str(tmp_path / "mask.png"), cv2.GaussianBlur(mask, (0, 0), 2))
    monkeypatch.chdir(tmp_path)
    found = commands(PAGES[0])
    assert len(found) == 4
    counts = []
    for command in found:
        # a mask, because drawn photos are none that the network has to know
        assert run([*command.words[1:], "--mask", "mask.png", "--memory", "3G"]) == 0, capsys.readouterr().err
        counts.append(len(capsys.readouterr().out.splitlines()))
    assert counts == [3, 0, 2, 0]
    assert sorted(path.name for path in (tmp_path / "renamed").glob("*")) == [
        ".gigamatte", "rmbg_portrait.png", "rmbg_product.png"
    ]  # fmt: skip
    assert len(list((tmp_path / "shop").glob("*.jpg"))) == 3
    assert (tmp_path / "report.html").stat().st_size > 5000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_commands_for_clusters_have_options_that_exist(page):
    app = typer.Typer()
    app.command()(batch)
    known = {word for option in typer.main.get_command(app).params for word in option.opts}
    lines = re.findall(r"gigamatte batch [^\n`'\]]*(?:'[^']*'[^\n`'\]]*)*", page.read_text("utf-8"))
    used = {word for line in lines for word in shlex.split(line.replace("'", "")) if word.startswith("--")}
    assert used >= {"--shard", "--engine", "--device", "--memory"}
    assert used <= known
