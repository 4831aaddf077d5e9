"""Figures of a running batch for Prometheus: a small page that is fetched, in its text format.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from gigamatte.batch.counts import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.summary import Listener
from gigamatte.batch.task import Outcome
from gigamatte.errors import UsageError


class Metrics:
    """A listener that counts and passes everything on. Serves on ``address`` (host, port) as long as it is entered."""

    def __init__(self, listener: Listener, address: tuple[str, int]) -> None:
        self._listener, self._address = listener, address
        self._lock = threading.Lock()
        self._states: Counter[str] = Counter(dict.fromkeys(("done", "same", "kept", "failed", "retrying"), 0))
        self._codes: Counter[str] = Counter()
        self._stages: dict[str, float] = {}
        self._seconds = self._megapixels = self._latest = 0.0
        self._bytes_out = 0
        self._listed = 0
        self._progress: Progress | None = None
        self._complete = False
        self._began = time.time()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Metrics:
        """Raises UsageError when nothing can be served at the address."""
        metrics = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path.split("?")[0] in ("/metrics", "/")
                body = (metrics.page() if found else "not found\n").encode("utf-8")
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: Any) -> None:
                """Write no log, because standard error shows the batch's own lines."""

        host, port = self._address
        try:
            self._server = ThreadingHTTPServer((host, port), Page)
        except (OSError, OverflowError) as error:
            raise UsageError(f"--metrics cannot be served at {host}:{port}: {error}", "choose another port") from error
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="gigamatte-metrics", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def port(self) -> int:
        """Where it is served: of port 0 the one that the system chose."""
        return int(self._server.server_address[1]) if self._server is not None else 0

    def listed(self, photos: int) -> None:
        """So many were found so far."""
        with self._lock:
            self._listed = photos
        self._listener.listed(photos)

    def started(self, counts: Counts) -> None:
        """The list is complete."""
        with self._lock:
            self._listed, self._complete = counts.total, True
        self._listener.started(counts)

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """So many are not tried again."""
        self._listener.left_alone(photos, count)

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """One photo has ended."""
        with self._lock:
            self._states["retrying" if again else outcome.state] += 1
            if outcome.state == "failed" and not again:
                self._codes[outcome.code] += 1
            self._seconds += outcome.seconds
            self._megapixels += outcome.megapixels
            self._bytes_out += outcome.out_bytes
            for stage, seconds in (outcome.receipt or {}).get("seconds", {}).items():
                self._stages[stage] = self._stages.get(stage, 0.0) + seconds
            if outcome.state == "done":
                self._latest = time.time()
            self._progress = progress
        self._listener.ended(outcome, progress, again=again)

    def written(self, files: Sequence[str]) -> None:
        """Results of many photos have appeared."""
        self._listener.written(files)

    def warned(self, text: str) -> None:
        """Something a person should know."""
        self._listener.warned(text)

    def page(self) -> str:
        """All figures, in the text format."""
        with self._lock:
            now = self._progress
            left = max(0, now.total - now.photos) if now is not None else self._listed
            parts = [
                _counter("photos", "Photos that have ended, by how.", "state", self._states),
                _counter("failures", "Photos that failed, by the code of their error.", "code", self._codes),
                _counter("stage_seconds", "Seconds of all photos, by stage.", "stage", self._stages),
                _single(
                    "counter", "photo_seconds_total", "Seconds of all photos, fetching and writing too.", self._seconds
                ),
                _single("counter", "megapixels_total", "Megapixels of results.", self._megapixels),
                _single("counter", "result_bytes_total", "Bytes of results.", self._bytes_out),
                _single("gauge", "listed_photos", "Photos that were listed so far.", self._listed),
                _single("gauge", "listing_complete", "1 when the list has come to its end.", int(self._complete)),
                _single("gauge", "waiting_photos", "Photos that are listed and have not ended.", left),
                _single("gauge", "megapixels_per_second", "Rate of the last minutes.", now.rate if now else 0.0),
                _single("gauge", "start_time_seconds", "When this run began, since 1970.", self._began),
                _single("gauge", "latest_result_time_seconds", "When the latest result was written.", self._latest),
            ]
        return "".join(parts)


def _counter(name: str, text: str, label: str, values: dict[str, Any]) -> str:
    head = f"# HELP gigamatte_batch_{name}_total {text}\n# TYPE gigamatte_batch_{name}_total counter\n"
    return head + "".join(
        f'gigamatte_batch_{name}_total{{{label}="{key}"}} {value:g}\n' for key, value in sorted(values.items())
    )


def _single(kind: str, name: str, text: str, value: float) -> str:
    full_name = f"gigamatte_batch_{name}"
    return f"# HELP {full_name} {text}\n# TYPE {full_name} {kind}\n{full_name} {value!r}\n"
