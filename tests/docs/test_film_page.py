"""The commands and the Python of docs/film.md (and its Chinese twin) run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from tests.unit.film.films import frames_of, write_film
from tests.unit.film.test_cutting import scene

from gigamatte.cli.app import run
from gigamatte.film.hints import FilmHints

ROOT = Path(__file__).parents[2]
PAGES = ["docs/film.md", "docs/zh/film.md"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    frames = [scene(4 * number)[::2, ::2].copy() for number in range(4)]
    write_film(tmp_path / "film.mp4", frames, range(0, 4 * 768, 768), sound="aac")
    (tmp_path / "shots").mkdir()
    for number, frame in enumerate(frames[:2]):
        Image.fromarray(frame).save(tmp_path / "shots" / f"{number}.png")
    pictures = [Image.fromarray(frame) for frame in frames[:2]]
    pictures[0].save(tmp_path / "animation.gif", save_all=True, append_images=pictures[1:], duration=80)
    return tmp_path


def test_its_commands_run(folder: Path) -> None:
    (block,) = blocks(PAGES[0], "bash")
    for line in block.splitlines():
        assert run(shlex.split(line)[1:]) == 0
    assert len(frames_of(folder / "film.webm")) == 4
    assert len(frames_of(folder / "part.mov")) == 2
    assert len(list(folder.glob("frames_*.png"))) == 2
    assert len(frames_of(folder / "shots.webm")) == 2
    assert (folder / "sticker.webp").stat().st_size <= 200_000


def test_its_python_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks(PAGES[0], "python")
    exec(compile(block, "docs/film.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["0.00 s: 160×120", "0.05 s: 160×120", "2 opus"]
    assert (folder / "python.webm").exists()


@pytest.mark.parametrize("page", PAGES)
def test_its_hints_are_hints(page: str) -> None:
    import json

    (block,) = blocks(page, "json")
    assert len(FilmHints.from_plain(json.loads(block)).as_plain()) == 2
