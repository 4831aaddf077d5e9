"""What README.md and docs/python.md say, runs as printed. (The two ``pip install`` lines are run by .ci/run.)"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

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
    pictures = [Image.fromarray(np.ascontiguousarray(small[:, at : at + 500 : 4, ::-1][::4])) for at in (200, 208)]
    pictures[0].save(tmp_path / "clip.gif", save_all=True, append_images=pictures[1:], duration=80)
    (tmp_path / "photos").mkdir()
    for name in ("a", "b"):
        pictures[0].save(tmp_path / "photos" / f"{name}.jpg")
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


def commands(page: str) -> list[str]:
    lines = (line for block in blocks(page, "") for line in block.splitlines())
    return [line for line in lines if line.startswith("gigamatte ")]


def test_the_commands_of_the_readme_run(shop: Path) -> None:
    """One after another, as printed."""
    found = [shlex.split(command, comments=True)[1:] for command in commands("README.md")]
    assert {
        "--mask",
        "--keep-at",
        "--preset",
        "--canvas",
        "--shadow",
        "--outline",
        "--clipping-path",
        "--consistent",
    } <= {word for words in found for word in words}
    for words in found:
        assert run(words) == 0, words
    written = ["photo.cutout.png", *(words[words.index("-o") + 1] for words in found if "-o" in words)]
    assert all((shop / name).exists() for name in written)
    assert {path.name for path in (shop / "shop").glob("*.jpg")} == {"a.jpg", "b.jpg"}


def test_the_chinese_readme_has_the_same_commands() -> None:
    english, chinese = (
        [shlex.split(command, comments=True) for command in commands(page)] for page in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese


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
