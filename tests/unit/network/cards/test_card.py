import re

import pytest

from gigamatte.errors import NetworkUnavailable, UsageError
from gigamatte.network.build.by_card import built
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.cards.checkpoints import CHECKPOINTS, find_card
from gigamatte.network.cards.user_cards import read_cards, user_cards
from gigamatte.types import Size

PLAIN = {"name": "some", "family": "test", "licence": "MIT", "size": 64, "output": "logits"}


def test_names_are_unique_and_every_card_says_where_its_file_is():
    names = [card.name for card in CHECKPOINTS]
    assert len(set(names)) == len(names)
    for card in CHECKPOINTS:
        assert bool(card.repo) != bool(card.url), card.name
        assert card.file.endswith(".onnx" if card.build == "onnx" else ".safetensors"), card.name
        assert card.about
        assert (card.build == "onnx") is not built(card)


def test_what_may_not_be_used_commercially_is_never_chosen_by_itself():
    assert [card.name for card in CHECKPOINTS if not card.commercial and card.rank] == []
    assert {card.name for card in CHECKPOINTS if not card.commercial} == {
        "rmbg-2.0", "rmbg-2.0-onnx", "rmbg-2.0-onnx-quantized",
    }  # fmt: skip
    assert all(card.gated for card in CHECKPOINTS if card.family == "rmbg")


def test_patch_orders_are_those_of_the_training_dates():
    orders = {card.name: card.patch_order for card in CHECKPOINTS if card.build != "onnx"}
    assert {name for name, order in orders.items() if order == "new"} == {
        "birefnet-hr", "birefnet-hr-matting", "birefnet-dynamic", "birefnet-dynamic-matting", "birefnet-lite-matting",
        "lucida", "feynobg", "ben2",
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


PINNED = {
    "u2net": (175_997_641, "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491"),
    "u2netp": (4_574_861, "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"),
    "silueta": (44_173_029, "75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb"),
    "isnet-general-use": (178_648_008, "60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a"),
}


def test_the_files_of_rembgs_releases_are_pinned():
    """Two public projects agree on these digests and sizes."""
    for name, told in PINNED.items():
        card = find_card(name)
        assert (card.bytes, card.sha256) == told
        assert card.commercial


def test_what_is_not_sure_of_a_card_is_said_until_the_user_says_it(tmp_path, monkeypatch):
    import dataclasses

    from tests.unit.network.onnx_files import red_detector

    from gigamatte.network.cards import user_cards
    from gigamatte.network.networks import open_network
    from gigamatte.normalising import normalisation

    file = tmp_path / "cards.toml"
    (tmp_path / "own.onnx").write_bytes(red_detector())
    file.write_text('[[model]]\nname = "own"\npath = "own.onnx"\nlicence = "MIT"\nsize = 64\noutput = "auto"\n')
    monkeypatch.setenv("GIGAMATTE_CARDS", str(file))
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "cache"))
    (card,) = user_cards.read_cards(file)
    noted = dataclasses.replace(card, note="its users differ")
    monkeypatch.setattr("gigamatte.network.cards.checkpoints.user_cards", lambda: [noted])
    with open_network("own") as network:
        assert "own: its users differ" in network.warnings
    with open_network("own", normalise=normalisation("0.5/0.5")) as network:
        assert network.warnings == ()
        assert network.card.std == (0.5, 0.5, 0.5)


def test_a_large_networks_shape_follows_the_photo_as_it_was_trained():
    card = find_card("birefnet-lite-2k")
    assert card.input_size(Size(3840, 2160)) == Size(2560, 1408)  # of 1440, the nearest that it can be built for
    assert find_card("birefnet-dynamic-matting").input_size(Size(3000, 1500)).width % 128 == 0
