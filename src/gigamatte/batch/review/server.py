"""The review page's server: for this machine's own browser, without any dependency."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import parse_qs, urlsplit

from gigamatte.batch.review.desk import Desk
from gigamatte.batch.review.hinting import HintDesk
from gigamatte.errors import GigamatteError, InputError, UsageError
from gigamatte.hints import Hints
from gigamatte.messages import page_strings, translate
from gigamatte.options import Options
from gigamatte.viewer.page import document, embedded

#: bytes of a request's body, at most: a mark is a few words
LARGEST = 10_000
#: bytes of hints: enough for a thousand strokes drawn by hand
LONGEST = 8 << 20
#: the page and the viewer in its frame load nothing from elsewhere
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' data: blob:; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


class ReviewServer:
    """Serves ``desk`` at 127.0.0.1; ``port`` 0 = any that is free. Raises UsageError when the port is taken."""

    def __init__(self, desk: Desk, out: str, port: int, options: Options | None = None) -> None:
        self._hints = HintDesk(desk, options or Options())
        try:
            self._server = _Server(("127.0.0.1", port), _handler(desk, self._hints, out))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"port {port} cannot be served: {why}", "choose another one with --port") from error

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def run(self) -> None:
        """Until it is closed or interrupted."""
        self._server.serve_forever(poll_interval=0.2)

    def close(self) -> None:
        """Stop serving, from another thread than that of ``run``."""
        self._server.shutdown()
        self.end()

    def end(self) -> None:
        """Give back what was held, after ``run``."""
        self._server.server_close()
        self._hints.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # another program's page must not be mistaken for ours
    allow_reuse_address = sys.platform != "win32"

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Report nothing: a browser that closes its connection is no error."""


def page(out: str) -> str:
    """The page itself."""
    own = resources.files("gigamatte.batch.review")
    style, script = (own.joinpath(name).read_text("utf-8") for name in ("review.css", "review.js"))
    shown = out.encode("utf-8", "backslashreplace").decode("utf-8")
    start = (
        f'<script type="application/json" id="strings">{embedded(page_strings())}</script>\n'
        f'<script type="application/json" id="out">{embedded(shown)}</script>\n'
        f'<div id="review"></div>\n<script>\n{script}</script>'
    )
    return document(translate("Review"), start, styles=[style])


def edit_page(hints: HintDesk, name: str) -> str:
    """The editor of one photo."""
    own = resources.files("gigamatte.batch.review")
    style, script = (own.joinpath(file).read_text("utf-8") for file in ("edit.css", "edit.js"))
    return hints.page(name, page_strings(), style, script)


def _handler(desk: Desk, hints: HintDesk, out: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            self._answer(self._get)

        def do_POST(self) -> None:
            self._answer(self._post)

        def log_message(self, format: str, *values: object) -> None:
            """Write no log."""

        def _answer(self, find: Callable[[], tuple[str, bytes]]) -> None:
            try:
                if not self._is_local():
                    return self._send(403, "text/plain", b"only for this machine\n")
                kind, body = find()
            except InputError as error:
                return self._send(404, "text/plain", error.message.encode("utf-8", "backslashreplace"))
            except (UsageError, ValueError) as error:
                return self._send(400, "text/plain", str(error).encode("utf-8", "backslashreplace"))
            except GigamatteError as error:
                return self._send(500, "text/plain", error.message.encode("utf-8", "backslashreplace"))
            return self._send(200, kind, body)

        def _is_local(self) -> bool:
            """Whether a request is from our own page: other sites' pages could send one, by a host name or a form."""
            port = self.server.server_address[1]  # type: ignore[index]
            hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
            origin = self.headers.get("Origin")
            return self.headers.get("Host") in hosts and origin in (None, *(f"http://{host}" for host in hosts))

        def _get(self) -> tuple[str, bytes]:
            url = urlsplit(self.path)
            words, query = url.path.strip("/").split("/"), parse_qs(url.query)
            if words == [""]:
                return "text/html; charset=utf-8", page(out).encode("utf-8")
            if words == ["favicon.ico"]:
                return "image/x-icon", b""
            if words == ["photos"]:
                start = max(0, int(query.get("start", ["0"])[0]))
                found = desk.page(start, query.get("mark", [""])[0])
                return "application/json", json.dumps(found).encode("utf-8")
            if len(words) == 3 and words[0] == "small" and words[2] in ("photo", "result"):
                return desk.thumbnail(words[1], words[2])
            if len(words) == 2 and words[0] == "view":
                return "text/html; charset=utf-8", desk.viewer(words[1]).encode("utf-8", "backslashreplace")
            if len(words) == 2 and words[0] == "edit":
                return "text/html; charset=utf-8", edit_page(hints, words[1]).encode("utf-8", "backslashreplace")
            if len(words) == 3 and words[0] == "edit" and words[2] == "photo":
                return "image/webp", hints.photo(words[1])
            raise InputError("not found")

        def _post(self) -> tuple[str, bytes]:
            words = self.path.strip("/").split("/")
            if len(words) == 3 and words[0] == "edit" and words[2] in ("preview", "save"):
                given = Hints.from_json(self._body(LONGEST))
                if words[2] == "preview":
                    return "image/webp", hints.preview(words[1], given)
                hints.save(words[1], given)
                return "application/json", b"{}"
            if self.path != "/mark":
                raise InputError("not found")
            said = json.loads(self._body(LARGEST))
            if not isinstance(said, dict) or not isinstance(said.get("id"), str):
                raise UsageError("a mark is sent as JSON with an id")
            desk.mark(said["id"], said.get("mark"))
            return "application/json", b"{}"

        def _body(self, most: int) -> bytes:
            """The JSON of a request. Raises InputError, UsageError."""
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= most:
                raise InputError("not found")
            if self.headers.get("Content-Type", "").partition(";")[0] != "application/json":
                raise UsageError("marks and hints are sent as JSON")
            return self.rfile.read(length)

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Security-Policy", POLICY)
            small = status == 200 and kind.startswith("image/")
            self.send_header("Cache-Control", "private, max-age=86400" if small else "no-store")
            if status != 200:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

    return Handler
