"""A server on this machine that answers as the hub and other servers do, with the faults that are asked of it."""

import hashlib
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gigamatte.network.cards.card import ModelCard
from gigamatte.network.engines.probe import probe_network
from gigamatte.network.weights import store as weights

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
