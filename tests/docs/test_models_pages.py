"""The pages about networks say what the cards say. ``python tests/docs/test_models_pages.py`` rewrites the table."""

import re
from pathlib import Path

import pytest

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.checkpoints import CHECKPOINTS
from gigamatte.network.cards.user_cards import read_cards

PAGES = Path(__file__).parents[2] / "docs" / "models"
BLOCK = re.compile(r"(<!-- licences: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)


def digest(card: ModelCard) -> str:
    return "pinned" if card.sha256 else "hub" if card.repo else "first download"


def licence_table() -> str:
    lines = ["| card | licence | commercial use | digest | from |", "| --- | --- | --- | --- | --- |"]
    lines += ["| `locator` | Apache-2.0 | yes | part of gigamatte | embedded |"]
    for card in CHECKPOINTS:
        source = f"[{card.repo}](https://huggingface.co/{card.repo})" if card.repo else f"[{card.file}]({card.url})"
        gated = ", gated" if card.gated else ""
        allowed = "yes" if card.commercial else "**no**"
        lines.append(f"| `{card.name}` | {card.licence}{gated} | {allowed} | {digest(card)} | {source} |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    return BLOCK.sub(lambda match: match[1] + licence_table() + match[2], text)


def test_the_licence_table_is_that_of_the_cards():
    text = (PAGES / "README.md").read_text("utf-8")
    assert BLOCK.search(text)
    assert with_table(text) == text, "run: python tests/docs/test_models_pages.py"


def test_the_order_of_auto_is_that_of_the_cards():
    text = " ".join((PAGES / "README.md").read_text("utf-8").split())
    ranked = sorted((card for card in CHECKPOINTS if card.rank), key=lambda card: -card.rank)
    assert ", ".join(card.name for card in ranked) + ", in this order" in text


def test_every_birefnet_card_is_in_its_table():
    text = (PAGES / "birefnet.md").read_text("utf-8")
    for card in CHECKPOINTS:
        if card.family != "birefnet":
            continue
        (row,) = re.findall(rf"^\| `{card.name}` \|.*$", text, re.MULTILINE)
        if card.build != "onnx":
            assert ("Swin-T" if card.build.endswith("-t") else "Swin-L") in row
            assert f"| {card.patch_order} |" in row
            assert (f"{card.size}×{card.size}" if card.sides is None else f"{card.sides[0]}…{card.sides[1]}") in row


def test_the_example_cards_are_cards(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", (PAGES / "your-own.md").read_text("utf-8"), re.DOTALL)
    path = tmp_path / "cards.toml"
    path.write_text(example, "utf-8")
    studio, tuned = read_cards(path)
    assert (studio.size, studio.output, studio.rank) == (512, "sigmoid", 100)
    assert (tuned.build, tuned.patch_order) == ("birefnet-swin-l", "new")


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md")))
def test_links_between_the_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([a-z-]+\.md)\)", (PAGES / page).read_text("utf-8")):
        if target != "locator.md":  # comes with the network itself
            assert (PAGES / target).exists(), target


if __name__ == "__main__":
    page = PAGES / "README.md"
    page.write_text(with_table(page.read_text("utf-8")), "utf-8")
