"""Every command of docs/workflow.md, evaluate.md and shop.md (and their Chinese twins) runs and answers as promised."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from console import commands, matches
from scenes import make_scenes

from gigamatte.cli.app import run

#: not run again for the Chinese pages: they show the same commands, and these take long or need their results
LONG = ("cut", "smooth", "preview", "compare product.jpg", "presets amazon --check")

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """What the pages assume to be there."""
    folder = tmp_path_factory.mktemp("pages")
    make_scenes(folder)
    strokes = np.zeros((200, 300), np.uint8)
    cv2.line(strokes, (20, 180), (60, 180), 255, 5)
    cv2.imwrite(str(folder / "drop.png"), strokes)
    (folder / "photos").mkdir()
    for name in ("portrait.jpg", "product.jpg", "document.jpg"):
        os.link(folder / name, folder / "photos" / name)
    case = folder / "cases" / "disc"
    case.mkdir(parents=True)
    y, x = np.mgrid[:300, :400]
    alpha = np.clip(100.5 - np.hypot(x - 200, y - 150) + 8 * np.cos(np.arctan2(y - 150, x - 200) * 20), 0, 1)
    photo = alpha[..., None] * (30, 60, 200) + (1 - alpha[..., None]) * (150, 170, 120)
    mask = cv2.GaussianBlur(cv2.resize(alpha, (67, 50), interpolation=cv2.INTER_AREA), (0, 0), 1)
    for name, picture in (("photo", photo), ("alpha", alpha * 255), ("coarse", mask * 255)):
        cv2.imwrite(str(case / f"{name}.png"), picture.round().astype(np.uint8))
    for source, name in (("photo", "photo"), ("alpha", "alpha"), ("coarse", "mask")):
        shutil.copy(case / f"{source}.png", folder / f"{name}.png")
    return folder


def pages():
    return sorted(path for name in ("workflow.md", "evaluate.md", "shop.md") for path in DOCS.rglob(name))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(DOCS)))
def test_the_page_does_what_it_says(page, pictures, tmp_path, monkeypatch, capsys):
    chinese = page.parent.name == "zh"
    monkeypatch.setenv("GIGAMATTE_LANG", "zh" if chinese else "en")
    for item in pictures.iterdir():
        (tmp_path / item.name).symlink_to(item)
    monkeypatch.chdir(tmp_path)
    found = commands(page)
    assert found
    for command in found:
        assert command.words[0] == "gigamatte"
        if chinese and " ".join(command.words[1:]).startswith(LONG):
            continue
        code = run(command.words[1:])
        answer = capsys.readouterr()
        assert code == 0, f"{command.words}: {answer.err}"
        if command.expected.strip():
            assert matches(command.expected, answer.out), f"{command.words}\n{answer.out}"


def test_the_two_languages_show_the_same_commands():
    for english in (DOCS / "workflow.md", DOCS / "evaluate.md", DOCS / "shop.md"):
        chinese = DOCS / "zh" / english.name
        if chinese.exists():
            assert [c.words for c in commands(chinese)] == [c.words for c in commands(english)]


@pytest.mark.parametrize(
    ("expected", "found", "fits"),
    [
        ("a  b", "a b", True),
        ("a …\nc", "a b d\nc", True),
        ("…\nlast", "one\ntwo\nlast", True),
        ("first\n…", "first\nx\ny", True),
        ("a", "a\nb", False),
        ("a …", "b a", False),
    ],
)
def test_the_checker_itself(expected, found, fits):
    assert matches(expected, found) == fits
