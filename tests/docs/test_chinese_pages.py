"""The Chinese pages show the same commands and code as the English ones, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: pages for users. English only: benchmarks (written by scripts), the single networks' sheets, the design pages
PAGES = [path.name for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "benchmarks.md"]
PAGES += ["models/README.md"]
PAIRS = [("README.md", "README.zh-CN.md")] + [(f"docs/{name}", f"docs/zh/{name}") for name in PAGES]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")


def code(page: str) -> list[tuple[str, str]]:
    """Blocks with their comments and trailing spaces taken out; what is answered is in another language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        (language, re.sub(r"[ \t]*#.*$", "", body, flags=re.MULTILINE))
        for language, body in BLOCK.findall(text)
        if language not in ("console", "text")
    ]


def test_no_chinese_page_is_left_over():
    found = {path.relative_to(ROOT / "docs" / "zh").as_posix() for path in (ROOT / "docs" / "zh").rglob("*.md")}
    assert found == set(PAGES)


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_same_code(english, chinese):
    assert code(chinese) == code(english)


@pytest.mark.parametrize("page", [chinese for _, chinese in PAIRS])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    english = (ROOT / {chinese: english for english, chinese in PAIRS}[page]).read_text(encoding="utf-8")
    found = LINK.findall(text)
    assert found or not LINK.findall(english)
    for target, _ in found:
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
