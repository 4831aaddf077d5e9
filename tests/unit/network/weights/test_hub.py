"""The hub and its mirrors: revisions, digests, tokens, gates."""

import time
from contextlib import suppress

import pytest
from tests.unit.network.weights.mirror import COMMIT, MODEL, SHA, hub_card, nothing_installed

from gigamatte.errors import DownloadFailed, WeightsRefused
from gigamatte.network.weights import store as weights

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def hub(mirror, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", mirror.url)
    return mirror


def test_revision_and_digest_come_from_the_hub_and_are_recorded(hub):
    card = hub_card()
    here = weights.get(card)
    assert (here.sha256, here.revision, here.pinned) == (SHA, COMMIT, False)
    assert here.path.read_bytes() == MODEL
    assert all("someone/probe" in path for path, _ in hub.gets)
    assert weights.verify(weights.need(card)) == SHA


def test_the_token_is_sent(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_made_up")
    weights.get(hub_card())
    assert "Bearer hf_made_up" in hub.tokens


def test_a_pinned_card_is_fetched_at_its_revision(hub):
    card = hub_card(sha256=SHA, revision=COMMIT, bytes=len(MODEL))
    assert weights.get(card).pinned
    assert all(f"/resolve/{COMMIT}/" in path for path, _ in hub.gets)


def test_a_mirror_with_another_file_is_refused(hub):
    hub.content = MODEL[:-1] + bytes([MODEL[-1] ^ 1])
    card = hub_card(sha256=SHA, revision=COMMIT)
    with pytest.raises(WeightsRefused, match="sha256"):
        weights.get(card)
    assert nothing_installed(card)
    # the same when the digest is the mirror's own word, and its file does not keep it
    with pytest.raises(WeightsRefused, match="sha256"):
        weights.get(hub_card())


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_network_says_where_the_form_is(hub, status):
    hub.head_fault = status
    card = hub_card(name="rmbg", repo="briaai/RMBG-2.0", gated=True, commercial=False, licence="CC BY-NC 4.0")
    with pytest.raises(DownloadFailed) as raised:
        weights.get(card)
    assert "gated" in raised.value.message
    assert "CC BY-NC 4.0, allows no commercial use" in raised.value.message
    assert "https://huggingface.co/briaai/RMBG-2.0" in raised.value.hint
    assert "HF_TOKEN" in raised.value.hint


def test_a_file_that_the_hub_lacks_is_named(hub):
    hub.head_fault = 404
    with pytest.raises(DownloadFailed, match=r"onnx/model\.onnx"):
        weights.get(hub_card())


def test_a_hub_that_fails_is_named_once(hub, monkeypatch, capfd):
    hub.head_fault = 500
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library's patience between tries
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1.*500"):
        weights.get(hub_card(sha256=SHA, revision=COMMIT))
    assert capfd.readouterr() == ("", "")  # not one line per try


def test_a_transfer_from_the_hub_that_breaks_goes_on(hub):
    hub.faults = ["truncates"]
    with suppress(DownloadFailed):  # versions of the library differ in how often they try by themselves
        weights.get(hub_card())
    here = weights.get(hub_card())
    assert here.path.read_bytes() == MODEL


def test_a_copy_in_the_hubs_own_cache_is_taken(hub, tmp_path):
    folder = tmp_path / "hub" / "models--someone--probe" / "snapshots" / COMMIT / "onnx"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(MODEL)
    card = hub_card(sha256=SHA, revision=COMMIT)
    assert weights.get(card).path.read_bytes() == MODEL
    assert hub.gets == []
    weights.remove(card)
    assert (folder / "model.onnx").exists()  # what other tools use is theirs
