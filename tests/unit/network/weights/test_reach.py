"""Without a connection there is an error within seconds, which names the server."""

import socket
import time

import pytest

from gigamatte.errors import DownloadFailed
from gigamatte.network.cards.card import ModelCard
from gigamatte.network.weights import reach, store


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_server_that_listens_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach.need_reach(f"http://127.0.0.1:{server.getsockname()[1]}/file")
        server.settimeout(10)
        connection, _ = server.accept()  # it has really asked
        connection.close()


def test_a_closed_port_is_told():
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1 cannot be reached: Connection refused"):
        reach.need_reach(f"http://127.0.0.1:{unused_port()}/file")


def test_a_name_that_nobody_answers_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(60))
    with pytest.raises(DownloadFailed, match="its name is not answered"):
        reach.need_reach("https://models.example/file", patience=0.2)


def test_a_name_without_an_address_is_told(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(DownloadFailed, match=r"models\.example cannot be reached: Temporary failure"):
        reach.need_reach("https://models.example/file")


def test_the_way_leads_through_the_proxy(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{server.getsockname()[1]}")
        reach.need_reach("https://models.example/file")
        monkeypatch.setenv("no_proxy", "models.example")
        monkeypatch.setattr(reach, "_name_fails", lambda *_: "asked itself")
        with pytest.raises(DownloadFailed, match=r"models\.example cannot be reached: asked itself"):
            reach.need_reach("https://models.example/file")


@pytest.mark.parametrize("source", ["url", "repo"])
def test_get_asks_once_and_leaves_nothing(source, tmp_path, monkeypatch):
    """Neither the downloader's nor the hub library's own tries come first."""
    monkeypatch.setenv("GIGAMATTE_CACHE", str(tmp_path))
    place = f"http://127.0.0.1:{unused_port()}"
    monkeypatch.setenv("HF_ENDPOINT", place)
    told = {"url": f"{place}/model.onnx"} if source == "url" else {"repo": "some/network", "revision": "main"}
    card = ModelCard(name="far", family="user", licence="MIT", size=64, output="logits", file="model.onnx", **told)
    monkeypatch.setattr(store, "download", lambda *_, **__: pytest.fail("was tried"))
    monkeypatch.setattr(store.hub, "fetch", lambda *_: pytest.fail("was tried"))
    monkeypatch.setattr(store.hub, "describe", lambda *_: pytest.fail("was tried"))
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        store.get(card)
    assert store.installed(card) is None
