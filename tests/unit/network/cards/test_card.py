import re

import pytest

from gigamatte.errors import NetworkUnavailable, UsageError
from gigamatte.network.build.birefnet import BACKBONES
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.checkpoints import CHECKPOINTS, find_card
from gigamatte.network.cards.user_cards import read_cards, user_cards

PLAIN = {"name": "some", "family": "test", "licence": "MIT", "size": 64, "output": "logits"}


def test_names_are_unique_and_every_card_says_where_its_file_is():
    names = [card.name for card in CHECKPOINTS]
    assert len(set(names)) == len(names)
    for card in CHECKPOINTS:
        assert bool(card.repo) != bool(card.url), card.name
        assert card.file.endswith(".onnx" if card.build == "onnx" else ".safetensors"), card.name
        assert card.about
        assert card.build == "onnx" or card.build in BACKBONES


def test_what_may_not_be_used_commercially_is_never_chosen_by_itself():
    assert [card.name for card in CHECKPOINTS if not card.commercial and card.rank] == []
    assert {card.name for card in CHECKPOINTS if not card.commercial} == {
        "rmbg-2.0", "rmbg-2.0-onnx", "rmbg-2.0-onnx-quantized",
    }  # fmt: skip
    assert all(card.gated for card in CHECKPOINTS if card.family == "rmbg")


def test_patch_orders_are_those_of_the_training_dates():
    orders = {card.name: card.patch_order for card in CHECKPOINTS if card.build != "onnx"}
    assert {name for name, order in orders.items() if order == "new"} == {
        "birefnet-hr", "birefnet-hr-matting", "birefnet-dynamic",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "../x", "a name is"),
        ("name", "Big", "a name is"),
        ("size", 7, "size lies"),
        ("size", 1000, "multiple"),
        ("output", "minmax", "output is"),
        ("std", (0.0, 1.0, 1.0), "std"),
        ("sha256", "abc", "64 hex"),
        ("file", "../../etc/passwd", "leaves its folder"),
        ("file", "/etc/passwd", "leaves its folder"),
        ("url", "file:///etc/passwd", "http"),
        ("patch_order", "newest", "patch_order"),
        ("build", "swin", "build"),
    ],
)
def test_a_card_that_cannot_be_is_refused(field, value, said):
    with pytest.raises(UsageError, match=said):
        ModelCard(**{**PLAIN, field: value})


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(NetworkUnavailable) as raised:
        find_card("birefnet-light")
    assert "birefnet-lite" in raised.value.hint


def test_user_cards_have_the_same_fields(tmp_path, monkeypatch):
    (tmp_path / "my cards.toml").write_text(
        """
        [[model]]
        name = "studio"
        path = "weights/studio.onnx"
        licence = "own"
        size = 512
        output = "sigmoid"
        mean = [0.5, 0.5, 0.5]
        std = [1.0, 1.0, 1.0]
        rank = 5

        [[model]]
        name = "remote"
        url = "https://example.org/files/remote.onnx"
        licence = "MIT"
        size = 320
        output = "logits"
        """,
        "utf-8",
    )
    monkeypatch.setenv("GIGAMATTE_CARDS", str(tmp_path))
    studio, remote = user_cards()
    assert studio.path == tmp_path / "weights" / "studio.onnx"
    assert studio.mean == (0.5, 0.5, 0.5)
    assert remote.file == "remote.onnx"
    assert find_card("studio") == studio


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[model]", "not a readable TOML"),
        ("model = 3", r"\[\[model\]\]"),
        ('[[model]]\nname = "a"\nsize = 64\noutput = "logits"\npath = "x"', "licence is missing"),
        ('[[model]]\nname = "a"\nlicence = "x"\nsize = 64\noutput = "logits"', "one of path, url, repo"),
        ('[[model]]\nname = "a"\nlicence = "x"\nsize = 64\noutput = "logits"\npath = "x"\nside = 3', "no field 'side'"),
        ('[[model]]\nname = "a"\nlicence = "x"\nsize = "big"\noutput = "logits"\npath = "x"', "wrong type"),
        ('[[model]]\nname = "a"\nlicence = "x"\nsize = 65\noutput = "logits"\npath = "x"', "multiple"),
    ],
)
def test_a_user_card_that_cannot_be_names_file_and_field(text, said, tmp_path):
    path = tmp_path / "cards.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=said) as raised:
        read_cards(path)
    assert re.search("cards.toml", raised.value.message)
