"""The tests that the changelog and its fragments name are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "CHANGELOG.md", *sorted((ROOT / "changes").glob("*.md"))]


def test_the_tests_that_it_names_are_there() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    there = {path.stem for path in files}
    for path in files:
        there |= set(re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE))
    named = [(page.name, name) for page in PAGES for name in re.findall(r"\btest_\w+\b", page.read_text("utf-8"))]
    assert len(named) > 100
    assert [pair for pair in named if pair[1] not in there] == []
    paths = [(page.name, path) for page in PAGES for path in re.findall(r"tests/[\w/]+\.py", page.read_text("utf-8"))]
    assert [pair for pair in paths if not (ROOT / pair[1]).is_file()] == []
