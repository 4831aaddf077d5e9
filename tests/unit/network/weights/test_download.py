"""Plain URLs: faults of servers and transfers, and what is left after them."""

import errno
import re

import pytest
from tests.unit.network.weights.mirror import MODEL, hub_card, nothing_installed, url_card

from gigamatte.errors import DownloadFailed, NetworkUnavailable, WeightsRefused
from gigamatte.network.weights import store as weights
from gigamatte.network.weights.download import download
from gigamatte.testing.served import free_port

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", ["stalls", "truncates", "chunked, cut", 500, 503])
def test_a_passing_fault_is_survived_and_the_download_goes_on(mirror, fault):
    mirror.faults = [fault]
    assert weights.get(url_card(mirror)).path.read_bytes() == MODEL
    if isinstance(fault, str):
        assert re.fullmatch(r"bytes=\d+-", mirror.gets[1][1] or "")  # it went on where it stopped


@pytest.mark.usefixtures("quick")
def test_a_server_that_ignores_ranges_is_read_from_the_start(mirror):
    mirror.faults = ["truncates", "ignores ranges"]
    assert weights.get(url_card(mirror)).path.read_bytes() == MODEL


@pytest.mark.usefixtures("quick")
def test_an_impossible_range_starts_over(mirror):
    part = weights.home(url_card(mirror)) / "incoming" / "probe.onnx.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * (len(MODEL) + 50))
    assert weights.get(url_card(mirror, bytes=None)).path.read_bytes() == MODEL


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", ["stalls", "truncates", 500])
def test_a_lasting_fault_leaves_nothing_that_looks_complete(mirror, fault):
    mirror.content = MODEL + bytes(500_000)
    card = url_card(mirror, bytes=len(mirror.content))
    mirror.always = fault
    with pytest.raises(DownloadFailed, match=r"could not be fetched in 5 tries|answered 500"):
        weights.get(card)
    assert nothing_installed(card)
    with pytest.raises(NetworkUnavailable) as raised:
        weights.need(card)
    assert raised.value.hint == "gigamatte models get probe"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("status", "said"), [(401, "wants a login"), (403, "refuses"), (404, "no such file")])
def test_a_refusal_is_said_at_once(mirror, status, said):
    mirror.always = status
    with pytest.raises(DownloadFailed, match=said) as raised:
        weights.get(url_card(mirror))
    assert len(mirror.gets) == 1
    assert "\n" not in raised.value.message


@pytest.mark.usefixtures("quick")
def test_a_wrong_announced_length_is_noticed_before_the_file_is_read(mirror):
    mirror.always = "announces too much"
    with pytest.raises(DownloadFailed, match=r"announces \d+"):
        weights.get(url_card(mirror))
    mirror.always = "announces too little"
    with pytest.raises(DownloadFailed, match=r"announces \d+"):
        weights.get(url_card(mirror))


@pytest.mark.usefixtures("quick")
def test_a_lie_about_the_length_of_an_unknown_file_ends_in_a_refusal(mirror):
    mirror.always = "announces too little"
    with pytest.raises((DownloadFailed, WeightsRefused)):
        weights.get(url_card(mirror, bytes=None))
    assert nothing_installed(url_card(mirror))


def test_nobody_listens(monkeypatch):
    with pytest.raises(DownloadFailed, match=r"could not be fetched in 2 tries"):
        download(f"http://127.0.0.1:{free_port()}/x", weights.cache_folder("x"), tries=2, pause=0.01)


def test_a_full_disk_is_said(mirror, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gigamatte.network.weights.download._copy", full)
    with pytest.raises(DownloadFailed, match=r"the disk of .* is full"):
        weights.get(url_card(mirror))


def test_room_is_looked_for_before_anything_is_fetched(mirror, monkeypatch):
    monkeypatch.setattr(weights, "free_bytes", lambda _: 10)
    with pytest.raises(DownloadFailed, match="is full"):
        weights.get(url_card(mirror))
    assert mirror.gets == []


def test_offline_means_offline(mirror, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for card in (url_card(mirror), hub_card()):
        with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE"):
            weights.get(card)
    assert mirror.gets == []
