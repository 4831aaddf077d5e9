"""Load on the service over loopback: photos a second, how long each takes, what overload and memory look like.

    python benchmarks/load_service.py                       # starts a service of its own, about 3 minutes
    python benchmarks/load_service.py --quick               # a smoke test of this script
    python benchmarks/load_service.py --page docs/benchmarks.md

Three parts: clients (1, 4, 16, 64 at once, a fixed number of photos each time), overload (a short queue: every request
is answered 200, or 503 with Retry-After, and none is lost), and memory (the worker and the service over many photos).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from gigamatte.evaluate.table import markdown_table
from gigamatte.testing.photos import made_photo
from gigamatte.testing.served import free_port, wait_until_ready
from gigamatte.types import Size
from gigamatte.worker.process import memory_of
from report import parser, publish

BOUNDARY = "gigamatte-load"


@dataclass
class Tally:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    without_retry: int = 0
    lost: list[str] = field(default_factory=list)

    def percentile(self, part: float) -> float:
        return float(np.percentile(self.seconds, part)) if self.seconds else float("nan")


def main() -> None:
    args = arguments()
    photo = Path(args.photo).read_bytes() if args.photo else made(args.width, args.height)
    with Image.open(io.BytesIO(photo)) as picture:
        print(f"photo: {picture.width}×{picture.height}, {len(photo) / 1e6:.2f} MB, {os.cpu_count()} CPUs", flush=True)
    rows = clients(photo, args)
    full = overload(photo, args)
    flat = memory(photo, args)
    show(rows, full, flat, args)


def arguments() -> argparse.Namespace:
    words = parser(__doc__)
    words.add_argument("--photo", help="a photo of yours instead of a made one")
    words.add_argument("--width", type=int, default=1500, help="of the made photo, pixels")
    words.add_argument("--height", type=int, default=1000)
    words.add_argument("--clients", default="1,4,16,64")
    words.add_argument("--photos", type=int, default=64, help="for each number of clients")
    words.add_argument("--flat", type=int, default=500, help="photos of the memory part")
    words.add_argument("--seconds", type=float, default=300, help="limit of each part")
    words.add_argument("--model", default="auto")
    words.add_argument("--json", help="also write the numbers here")
    words.add_argument("--page", type=Path, help="put the tables into this page")
    words.add_argument("--quick", action="store_true", help="a few small photos: does the script work?")
    args = words.parse_args()
    if args.quick:
        args.width, args.height, args.clients, args.photos, args.flat = 300, 200, "1,4", 6, 10
    return args


def made(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(made_photo(Size(width, height)).photo).save(data, "JPEG", quality=92)
    return data.getvalue()


@contextlib.contextmanager
def service(model: str, **settings: object) -> Iterator[tuple[str, int]]:
    """A service of its own on a free port: (address, process number)."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:
        names = {f"GIGAMATTE_{name.upper()}": str(value) for name, value in settings.items()}
        program = Path(sys.executable).parent / "gigamatte"
        if not program.exists():
            raise SystemExit("gigamatte is not installed in this environment")
        command = [str(program), "serve", "--no-ui", "--port", str(port), "--model", model]
        process = subprocess.Popen(
            [*command, "--spool", folder], env={**os.environ, **names}, stderr=nothing, stdout=nothing
        )
        url = f"http://127.0.0.1:{port}"
        try:
            if not wait_until_ready(url, process):
                raise SystemExit(f"the service ended with {process.poll()}, or was not ready within two minutes")
            yield url, process.pid
        finally:
            process.terminate()
            process.wait(60)


def body_of(photo: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p.jpg"\r\n\r\n'
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(url: str, body: bytes, tally: Tally, lock: threading.Lock, seconds: float) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    request = urllib.request.Request(f"{url}/remove_background", body, headers)
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            data = answer.read()
        whole = data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")
        with lock:
            if whole:
                tally.seconds.append(time.perf_counter() - started)
            else:
                tally.lost.append("an answer that is no whole PNG")
    except urllib.error.HTTPError as error:
        with lock:
            if error.code in (429, 503):
                tally.refused += 1
                tally.without_retry += not error.headers.get("Retry-After")
            else:
                tally.lost.append(f"HTTP {error.code}")
    except OSError as error:
        with lock:
            tally.lost.append(f"{type(error).__name__}: {error}")


def load(url: str, photo: bytes, count: int, at_once: int, limit: float) -> tuple[Tally, float]:
    """Send ``count`` photos, ``at_once`` in flight; what came back, and the seconds it took."""
    tally, lock, body = Tally(), threading.Lock(), body_of(photo)
    work: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(count):
        work.put(number)
    until = time.monotonic() + limit

    def client() -> None:
        while time.monotonic() < until:
            try:
                work.get_nowait()
            except queue.Empty:
                return
            post(url, body, tally, lock, limit)

    threads = [threading.Thread(target=client) for _ in range(at_once)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally, time.perf_counter() - started


def clients(photo: bytes, args: argparse.Namespace) -> list[dict[str, float]]:
    rows = []
    with service(args.model, queue_depth=256) as (url, _):
        load(url, photo, 2, 1, args.seconds)  # warm
        for at_once in (int(word) for word in args.clients.split(",")):
            tally, spent = load(url, photo, max(args.photos, at_once), at_once, args.seconds)
            row = {"clients": at_once, "photos": len(tally.seconds), "per_second": len(tally.seconds) / spent}
            row |= {f"p{part}": tally.percentile(part) for part in (50, 95, 99)}
            rows.append(row | {"refused": tally.refused, "lost": len(tally.lost)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def overload(photo: bytes, args: argparse.Namespace) -> dict[str, float]:
    """Far more clients than places: the others are refused at once with 503; accepted photos are finished."""
    with service(args.model, queue_depth=4) as (url, _):
        tally, spent = load(url, photo, max(32, args.photos), 32, args.seconds)
    row = {"sent": max(32, args.photos), "done": len(tally.seconds), "refused": tally.refused}
    row |= {"without_retry_after": tally.without_retry, "lost": len(tally.lost), "seconds": spent}
    print(json.dumps(row), tally.lost[:3], flush=True)
    return row


def memory(photo: bytes, args: argparse.Namespace) -> dict[str, float]:
    """Bytes of the service and of its worker after a tenth of the photos, and after all of them."""
    with service(args.model) as (url, pid):
        first, _ = load(url, photo, max(5, args.flat // 10), 4, args.seconds)
        before = sizes(url, pid)
        rest, _ = load(url, photo, args.flat - len(first.seconds), 4, args.seconds)
        after = sizes(url, pid)
    done = len(first.seconds) + len(rest.seconds)
    row = {"photos": done, "service_before": before[0], "service_after": after[0]}
    row |= {"worker_before": before[1], "worker_after": after[1], "lost": len(first.lost) + len(rest.lost)}
    print(json.dumps(row), flush=True)
    return row


def sizes(url: str, pid: int) -> tuple[float, float]:
    text = urllib.request.urlopen(f"{url}/metrics", timeout=30).read().decode()
    worker = next(line for line in text.splitlines() if line.startswith("gigamatte_worker_memory_bytes "))
    return float(memory_of(pid) or 0), float(worker.split()[1])


def page_text(rows: list[dict[str, float]], full: dict[str, float], flat: dict[str, float]) -> str:
    """The tables as Markdown."""
    head = ["clients", "photos/s", "p50 s", "p95 s", "p99 s", "refused", "lost"]
    names = ("clients", "per_second", "p50", "p95", "p99", "refused", "lost")
    text = markdown_table(head, [[row[name] for name in names] for row in rows])
    for title, part in (("Overload, with a short queue", full), ("Memory over many photos", flat)):
        figures = ", ".join(f"{name.replace('_', ' ')} {readable(value)}" for name, value in part.items())
        text += f"\n\n{title}: {figures}."
    return text


def readable(value: float) -> str:
    return f"{value / 1e6:.0f} MB" if value > 1e6 else f"{value:g}"


def show(
    rows: list[dict[str, float]], full: dict[str, float], flat: dict[str, float], args: argparse.Namespace
) -> None:
    if args.json:
        Path(args.json).write_text(json.dumps({"clients": rows, "overload": full, "memory": flat}, indent=1))
    if args.page:
        publish(
            "service",
            f"The service over loopback, photos of {args.width}×{args.height}",
            page_text(rows, full, flat),
            args.page,
        )
    lost = full["lost"] + flat["lost"] + sum(row["lost"] for row in rows)
    if lost or full["without_retry_after"]:
        raise SystemExit(
            f"{lost:.0f} requests were lost, {full['without_retry_after']:.0f} refused without Retry-After"
        )


if __name__ == "__main__":
    main()
