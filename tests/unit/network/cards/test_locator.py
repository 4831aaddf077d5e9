import hashlib
from pathlib import Path

import numpy as np
import pytest

import gigamatte.network.cards
from gigamatte.errors import NetworkUnavailable
from gigamatte.network.cards import embedded, locator
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.decode import has_subject
from gigamatte.network.networks import open_network
from gigamatte.network.parity import drawn_picture
from gigamatte.network.weights.store import installed, verify
from gigamatte.types import Size

FILES = [Path(gigamatte.network.cards.__file__).parent / f"locator-{part}.onnx" for part in locator.PARTS]


def test_the_card_tells_the_file_that_is_there():
    card = locator.locator_card()
    data = b"".join(file.read_bytes() for file in FILES)
    assert card.sha256 == hashlib.sha256(data).hexdigest()
    assert card.bytes == len(data) <= 12_000_000
    here = installed(card)
    assert here is not None
    assert verify(here) == card.sha256


def test_the_file_keeps_its_contract():
    encoder, hints, decoder = map(read_header, FILES)
    ((name, (kind, shape)),) = encoder.inputs.items()
    assert name == "pixels"
    assert kind == 1  # float32
    assert shape[:2] == (1, 3)
    assert shape[2] == shape[3]
    assert list(hints.inputs) == ["hints"]
    assert hints.inputs["hints"][1] == shape
    # the decoder takes what the other two give, in their order
    given = {**encoder.outputs, **hints.outputs}
    assert list(decoder.inputs) == list(given)
    assert [place[1] for place in decoder.inputs.values()] == [place[1] for place in given.values()]
    assert list(decoder.outputs) == ["logits"]
    assert decoder.outputs["logits"][1] == (1, 1, *shape[2:])


def test_it_runs_on_the_cpu_in_f32_and_finds_a_ball():
    photo = Size(1200, 900)
    with open_network("locator") as network:
        assert (network.engine.device, network.engine.precision, network.warnings) == ("cpu", "f32", ())
        coarse = network.locate(drawn_picture(photo), photo.box, photo)
    assert has_subject(coarse)
    rows, columns = np.indices(coarse.alpha.shape) / coarse.alpha.shape[0] - 0.5
    ball = np.hypot(columns, rows + 0.05) < 0.25  # well inside
    far = np.hypot(columns, rows + 0.05) > 0.45
    assert coarse.alpha[ball].mean() > coarse.alpha[far].mean() + 0.5


def test_an_empty_photo_has_no_subject():
    photo = Size(800, 600)
    with open_network("locator") as network:
        assert not has_subject(network.locate(np.full((600, 800, 3), 200, np.uint8), photo.box, photo))


def test_an_installation_without_it_says_so(monkeypatch):
    class Nowhere:
        def joinpath(self, _):
            return Path("/nowhere/locator-encoder.onnx")

    embedded.embedded_network.cache_clear()
    monkeypatch.setattr(embedded.resources, "files", lambda _: Nowhere())
    with pytest.raises(NetworkUnavailable, match=r"locator-encoder\.onnx"):
        locator.locator_bytes("encoder")
