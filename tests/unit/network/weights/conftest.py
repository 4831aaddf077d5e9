"""A server, a folder and an impatient downloader for the tests of weights."""

import threading

import pytest
from tests.unit.network.weights.mirror import Mirror

from gigamatte.network.weights import store as weights
from gigamatte.network.weights.download import download


@pytest.fixture
def mirror():
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
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
