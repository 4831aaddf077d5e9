"""The Chinese pages show the same commands and code as the English ones, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAIRS = [("README.md", "README.zh-CN.md")] + [
    (f"docs/{path.name}", f"docs/zh/{path.name}") for path in sorted((ROOT / "docs" / "zh").glob("*.md"))
]
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


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_same_code(english, chinese):
    assert code(chinese) == code(english)


@pytest.mark.parametrize("page", [chinese for _, chinese in PAIRS])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target, _ in LINK.findall(text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
