"""The commands of docs/batch-team.md (and its Chinese twin) run and print what the page says."""

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from console import commands, matches

from gigamatte.cli.app import run
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "batch-team.md", DOCS / "zh" / "batch-team.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_commands_run_and_say_so(page, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GIGAMATTE_LANG", "en")
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        photo = made_photo(Size(96, 72), strands=5, seed=seed).photo
        cv2.imwrite(str(tmp_path / "photos" / f"{seed}.jpg"), np.ascontiguousarray(photo[..., ::-1]))
    mask = np.zeros((72, 96), np.uint8)
    cv2.circle(mask, (48, 36), 24, 255, -1)
    cv2.imwrite(str(tmp_path / "mask.png"), cv2.GaussianBlur(mask, (0, 0), 2))
    monkeypatch.chdir(tmp_path)
    found = commands(page)
    assert len(found) == 8
    for command in found:
        cuts = command.words[1] == "batch" and command.words[2] not in ("status", "merge", "export")
        # a mask, because drawn photos are none that the network has to know
        more = ["--mask", "mask.png", "--memory", "3G"] if cuts else []
        assert run([*command.words[1:], *more]) == 0, capsys.readouterr().err
        said = capsys.readouterr().out
        assert matches(command.expected, said), f"{command.words}: {said}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_options_that_are_only_named_exist(page):
    from typer.main import get_command

    from gigamatte.cli.app import app

    root = get_command(app)
    known = {
        word for name, one in root.commands.items() if name.startswith("batch") for o in one.params for word in o.opts
    }
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page.read_text("utf-8")))
    assert used <= known
    for line in re.findall(r"^gigamatte (.*)$", page.read_text("utf-8"), re.MULTILINE):
        assert shlex.split(line)[0] in ("batch", "review")
