"""What README.md and docs/python.md say, runs as printed. (The two ``pip install`` lines are run by .ci/run.)"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.cli.app import run

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/python.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a user's: photo.jpg, mask.png, and the examples where the page expects them."""
    photo = cv2.imread(str(ROOT / "examples" / "photo.jpg"))
    small = cv2.resize(photo, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "photo.jpg"), small)
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.circle(mask, (mask.shape[1] // 2, mask.shape[0] // 2), mask.shape[0] // 4, 255, -1)
    cv2.imwrite(str(tmp_path / "mask.png"), cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA))
    (tmp_path / "examples").mkdir()
    cv2.imwrite(str(tmp_path / "examples" / "photo.jpg"), small)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run_one_after_another(page: str, shop: Path) -> None:
    found = blocks(page, "python")
    assert found
    names: dict[str, object] = {}
    for block in found:
        exec(compile(block, page, "exec"), names)
    assert (shop / "examples" / "photo.cutout.png").exists()


def test_the_commands_of_the_readme_run(shop: Path) -> None:
    commands = [
        line for block in blocks("README.md", "") for line in block.splitlines() if line.startswith("gigamatte ")
    ]
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        assert run([*words, "--overwrite"]) == 0, command
    assert (shop / "photo.cutout.png").exists()
    assert (shop / "shop.jpg").exists()


def test_the_readme_begins_with_a_sentence_a_picture_and_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("**Cuts the background") < text.index("![") < text.index("pip install -e . && gigamatte cut")
    assert re.search(r"^pip install -e \. && gigamatte cut examples/photo\.jpg --overwrite$", text, re.MULTILINE)
    assert re.search(r"^pip install -e '\.\[test\]' && pytest$", text, re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_links_of_the_readme_work_on_pypi(page: str) -> None:
    """They are absolute, and name files that are there."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8"))
    assert len(links) > 10
    for target in links:
        assert target.startswith("https://"), target
        found = re.fullmatch(r"https://github\.com/gigamatte/gigamatte/(?:blob|tree|raw)/main/(.+)", target)
        if found:
            assert (ROOT / found.group(1)).exists(), target


@pytest.mark.parametrize(
    "page", sorted(str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
)
def test_links_lead_somewhere(page: str) -> None:
    """Relative links of every page; anchors are not checked."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
