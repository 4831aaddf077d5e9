"""Object storage for tests: a server on loopback that speaks S3, counts what it is asked, and fails when told to."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import save_photos

#: stores' servers and their clients leave sockets to the garbage collector; nothing of ours does
LEFT_SOCKETS = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Server:
    """A moto server. ``asked``: (method, path) of each request; ``refuse``: how many more of a method get a 503."""

    def __init__(self, moto: Any) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refuse: dict[str, int] = {}
        self._server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        application = self._server._server.app

        def counted(environment: Any, start: Any) -> Any:
            method, query = environment["REQUEST_METHOD"], environment.get("QUERY_STRING", "")
            self.asked.append((method, f"{environment['PATH_INFO']}?{query}"))
            listing = "list-type" in query
            if not listing and self.refuse.get(method, 0) > 0:
                self.refuse[method] -= 1
                environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
                body = b"<Error><Code>InternalError</Code><Message>busy</Message></Error>"
                start("503 Service Unavailable", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
                return [body]
            return application(environment, start)

        self._server._server.app = counted
        host, port = self._server.get_host_and_port()
        self.address = f"http://{host}:{port}"
        urllib.request.urlopen(f"{self.address}/moto-api/reset", data=b"").close()  # buckets outlive their server

    def put(self, bucket: str, key: str) -> None:
        """An object of one byte, put there without a request."""
        from moto.s3.models import s3_backends

        backend = next(iter(s3_backends.values()))["aws"]
        backend.put_object(bucket, key, b"x")

    def stop(self) -> None:
        self._server.stop()


@contextlib.contextmanager
def moto_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Skipped, with the reason, where moto or s3fs is missing."""
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed (pip install 'gigamatte[ray]')")
    moto = pytest.importorskip("moto.server", reason="moto is not installed (pip install 'gigamatte[test-ray]')")
    server = Server(moto)
    for name, value in {
        "AWS_ENDPOINT_URL": server.address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",  # what is tried again is tried by us
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        yield server
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        server.stop()


def bucket(name: str) -> Any:
    """A new bucket's file system."""
    import s3fs

    system = s3fs.S3FileSystem()
    system.mkdir(name)
    return system


def fill(store: Any, folder: Path, count: int) -> None:
    """Photos below ``shop/in``, and the same ones below ``folder``."""
    for path in save_photos(folder, count):
        store.put_file(str(path), f"shop/in/{path.relative_to(folder).as_posix()}")


def results(store: Any, root: str = "shop/out") -> dict[str, bytes]:
    """{path: bytes} of what lies there, hidden notes left out."""
    store.invalidate_cache()
    found = {path[len(root) + 1 :]: store.cat_file(path) for path in store.find(root)}
    return {key: data for key, data in found.items() if not key.startswith(".")}
