"""docs/words.md and the questions of docs/journey.md lead to files that are there and hold what they promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["docs/words.md", "docs/zh/words.md"]
JOURNEYS = ["docs/journey.md", "docs/zh/journey.md"]
QUESTION = re.compile(r"^\| (.+) \| \[`([^`]+)`\]\(([^)]+)\) \| `([^`]+)` \|$", re.MULTILINE)
ROW = re.compile(r"^\| (.+?) \| (.+) \| `(src/[^`]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize("page", JOURNEYS)
def test_questions_find_their_file_in_one_step(page):
    found = QUESTION.findall((ROOT / page).read_text(encoding="utf-8"))
    assert len(found) == 27
    for question, name, link, word in found:
        path = (ROOT / page).parent / link
        assert path.resolve() == ROOT / "src" / "gigamatte" / name, question
        assert word in path.read_text(encoding="utf-8"), question


@pytest.mark.parametrize("page", PAGES)
def test_each_word_has_one_row_and_a_file(page):
    found = ROW.findall((ROOT / page).read_text(encoding="utf-8"))
    words = [word.strip() for row in found for word in row[0].split(",")]
    assert len(words) > 35
    assert len(set(words)) == len(words)
    for _, _, path in found:
        assert (ROOT / path).is_file(), path


def test_both_languages_explain_the_same_words():
    english, chinese = (ROW.findall((ROOT / page).read_text(encoding="utf-8")) for page in PAGES)
    assert [(row[0], row[2]) for row in english] == [(row[0], row[2]) for row in chinese]
