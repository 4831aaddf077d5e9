"""Weights on the disk: verified when they are fetched and before they are used, replaced, removed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.network.weights.mirror import MODEL, SHA, nothing_installed, url_card

from gigamatte.errors import DownloadFailed, NetworkUnavailable, WeightsRefused
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.weights import store as weights

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.usefixtures("quick")
def test_a_file_is_fetched_verified_and_kept(mirror):
    seen = []
    here = weights.get(url_card(mirror), lambda done, total: seen.append((done, total)))
    assert here.path.read_bytes() == MODEL
    assert here.pinned
    assert seen[-1] == (len(MODEL), len(MODEL))
    assert weights.verify(here) == SHA
    # the second time nothing is asked for
    before = len(mirror.gets)
    assert weights.get(url_card(mirror)).path == here.path
    assert len(mirror.gets) == before
    assert [path.name for path in here.path.parent.iterdir() if path.name not in ("probe.onnx", "record.json")] == []


@pytest.mark.usefixtures("quick")
def test_a_mutated_file_is_refused_and_deleted(mirror):
    mirror.content = bytes([MODEL[0]]) + MODEL[1:-1] + bytes([MODEL[-1] ^ 1])
    with pytest.raises(WeightsRefused, match=r"sha256 .* expected, .* found"):
        weights.get(url_card(mirror))
    assert nothing_installed(url_card(mirror))
    assert not list(weights.home(url_card(mirror)).rglob("*.onnx*"))


@pytest.mark.usefixtures("quick")
def test_a_network_of_another_kind_is_refused(mirror):
    with pytest.raises(WeightsRefused, match="takes 32×32, the card probe says 64×64"):
        weights.get(url_card(mirror, size=64))
    assert nothing_installed(url_card(mirror))


@pytest.mark.usefixtures("quick")
def test_a_file_that_takes_weights_from_elsewhere_is_refused(mirror):
    import onnx

    model = onnx.load_from_string(MODEL)
    model.graph.initializer[0].ClearField("raw_data")
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    model.graph.initializer[0].external_data.add(key="location", value="../../../secret")
    mirror.content = model.SerializeToString()
    card = url_card(mirror, bytes=None, sha256=hashlib.sha256(mirror.content).hexdigest())
    with pytest.raises(WeightsRefused, match="outside its own folder"):
        weights.get(card)
    assert nothing_installed(card)


@pytest.mark.usefixtures("quick")
def test_safetensors_of_another_network_are_refused(mirror):
    import numpy as np
    from safetensors.numpy import save

    mirror.content = save({"some.weight": np.zeros((3, 3), np.float32)})
    digest = hashlib.sha256(mirror.content).hexdigest()
    card = url_card(mirror, bytes=None, sha256=digest, build="birefnet-swin-t", file="m.safetensors", size=64)
    with pytest.raises(
        WeightsRefused, match=r"not the network that the card probe names: the weight bb\..* is missing"
    ):
        weights.get(card)
    assert nothing_installed(card)


def test_a_cache_that_cannot_be_written_is_said(mirror, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(DownloadFailed, match="could not be kept in"):
        weights.get(url_card(mirror))


@pytest.mark.usefixtures("quick")
def test_without_a_digest_the_first_one_is_recorded(mirror):
    card = url_card(mirror, sha256=None, bytes=None)
    here = weights.get(card)
    assert not here.pinned
    assert json.loads((here.path.parent / "record.json").read_text())["sha256"] == SHA
    here.path.write_bytes(MODEL[:-1] + b"?")
    with pytest.raises(WeightsRefused, match="is not the file"):
        weights.verify(weights.need(card))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("harm", ["mutated", "truncated", "emptied"])
def test_what_changed_on_the_disk_is_refused_and_fetched_again(mirror, harm):
    card = url_card(mirror)
    path = weights.get(card).path
    data = bytearray(MODEL)
    data[len(data) // 2] ^= 1
    path.write_bytes({"mutated": bytes(data), "truncated": MODEL[:-7], "emptied": b""}[harm])
    with pytest.raises(WeightsRefused, match=r"is not the file that the card probe names") as raised:
        weights.verify(weights.need(card))
    assert "models get probe" in raised.value.hint
    assert weights.get(card).path.read_bytes() == MODEL


@pytest.mark.usefixtures("quick")
def test_remove_frees_everything_built_from_it(mirror):
    card = url_card(mirror)
    weights.get(card)
    built = weights.cache_folder("compiled", f"{SHA[:16]}-aaaa.blob")
    other = weights.cache_folder("compiled", "ffff-bbbb.blob")
    built.parent.mkdir(parents=True)
    built.write_bytes(b"x" * 100)
    other.write_bytes(b"x")
    assert weights.remove(card) > len(MODEL) + 100
    assert nothing_installed(card)
    assert not built.exists()
    assert other.exists()
    with pytest.raises(NetworkUnavailable):
        weights.remove(card)


def test_a_users_own_file_is_not_deleted(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(MODEL)
    card = ModelCard(name="mine", family="user", licence="own", size=32, output="sigmoid", path=path)
    with pytest.raises(NetworkUnavailable, match="your own file"):
        weights.remove(card)
    assert path.exists()
    assert weights.verify(weights.need(card)) == SHA
    with pytest.raises(WeightsRefused):
        weights.verify(weights.need(replace(card, sha256="0" * 64)))
    assert isinstance(weights.need(card).path, Path)
