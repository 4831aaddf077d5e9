"""Fetching, verifying and refusing weights, against a local server that answers with faults on request."""

import errno
import hashlib
import json
import re
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gigamatte.errors import DownloadFailed, NetworkUnavailable, WeightsRefused
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.engines.probe import probe_network
from gigamatte.network.weights import store as weights
from gigamatte.network.weights.download import download
from gigamatte.testing.served import free_port

MODEL = probe_network()
SHA = hashlib.sha256(MODEL).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Mirror(ThreadingHTTPServer):
    """Serves ``content`` at every path, as a plain site and as a hub; ``faults`` are served first, one per GET."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = MODEL
        self.etag = SHA
        self.faults: list = []
        self.always: object = None
        self.head_fault: int | None = None
        self.gets: list[tuple[str, str | None]] = []
        self.tokens: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is part of the tests


class Handler(BaseHTTPRequestHandler):
    server: Mirror
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _hub_headers(self):
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", '"pointer"')
        self.send_header("X-Linked-ETag", f'"{self.server.etag}"')
        self.send_header("X-Linked-Size", str(len(self.server.content)))
        self.send_header("Accept-Ranges", "bytes")

    def _refuse(self, status: int, **headers: str):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self):
        self.server.tokens.append(self.headers.get("Authorization"))
        if self.server.head_fault is not None:
            code = {401: "GatedRepo", 403: "GatedRepo", 404: "EntryNotFound"}.get(self.server.head_fault, "")
            self._refuse(self.server.head_fault, X_Error_Code=code, X_Error_Message="no")
            return
        self.send_response(200)
        self._hub_headers()
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()

    def do_GET(self):
        server, content = self.server, self.server.content
        wanted = self.headers.get("Range")
        server.gets.append((self.path, wanted))
        fault = server.faults.pop(0) if server.faults else server.always
        if isinstance(fault, int):
            self._refuse(fault)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-.*", wanted)[1]) if wanted else 0
        if start >= len(content):
            self._refuse(416)
            return
        ranged = wanted and fault != "ignores ranges"
        body = content[start:] if ranged else content
        self.send_response(206 if ranged else 200)
        self._hub_headers()
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        length = len(body)
        if fault == "announces too much":
            length += 1000
        elif fault == "announces too little":
            length -= 100
        if fault == "chunked, cut":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if fault in ("truncates", "chunked, cut"):
            body = body[: len(body) // 3]
        if fault == "stalls":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(2.5)
            self.close_connection = True
            return
        self.wfile.write(body[:length])
        if fault in ("truncates", "chunked, cut", "announces too much", "announces too little"):
            self.close_connection = True


@pytest.fixture
def mirror():
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path / "cache"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_ENDPOINT", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    import huggingface_hub.constants as constants

    # the library reads its environment when it is imported
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))


@pytest.fixture
def quick(monkeypatch):
    """The downloader of plain URLs, impatient."""
    monkeypatch.setattr(
        weights, "download", lambda url, target, **more: download(url, target, timeout=0.5, pause=0.01, **more)
    )


def url_card(mirror: Mirror, **more) -> ModelCard:
    plain = {
        "name": "probe", "family": "test", "licence": "MIT", "size": 32, "output": "sigmoid", "sha256": SHA,
        "url": f"{mirror.url}/files/probe.onnx", "file": "probe.onnx", "bytes": len(MODEL),
    }  # fmt: skip
    return ModelCard(**{**plain, **more})


def hub_card(**more) -> ModelCard:
    plain = {
        "name": "hub-probe", "family": "test", "licence": "MIT", "size": 32, "output": "sigmoid",
        "repo": "someone/probe", "file": "onnx/model.onnx",
    }  # fmt: skip
    return ModelCard(**{**plain, **more})


def nothing_installed(card: ModelCard) -> bool:
    return weights.installed(card) is None


# --- plain URLs


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


# --- the hub and its mirrors


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


# --- what is on the disk


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
