"""Small photos, and batches that are run in this process or as the command."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gigamatte.batch.counts import Counts
from gigamatte.batch.limits import Limits
from gigamatte.batch.local import LocalEngine
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.one import Worker, WorkerArguments
from gigamatte.batch.pair import files_of
from gigamatte.batch.places import output_stamp, stamp_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Progress
from gigamatte.batch.reader import Reader
from gigamatte.batch.records import plain_row
from gigamatte.batch.runner import run_batch
from gigamatte.batch.summary import Summary
from gigamatte.batch.task import Outcome
from gigamatte.options import Options
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size

GIB = 1 << 30


def save_photo(path: Path, seed: int = 0, size: Size | None = None) -> Path:
    """A small made-up photo with a subject; its seed decides its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = made_photo(size or Size(64, 48), strands=6, seed=seed).photo
    # the subject is always reddish and the background bluish: what the small network looks for
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(photo[..., ::-1]))
    assert done
    path.write_bytes(data.tobytes())
    return path


def save_photos(folder: Path, count: int, *, first: int = 0) -> list[Path]:
    """``count`` photos in three folders."""
    seeds = range(first, first + count)
    return [save_photo(folder / f"set{seed % 3}" / f"photo{seed:03}.jpg", seed) for seed in seeds]


class Recorder:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.outcomes: list[tuple[Outcome, bool]] = []
        self.warnings: list[str] = []
        self.files: list[str] = []
        self.alone: list[dict[str, Any]] = []
        self.progress: list[Progress] = []
        #: called at every outcome
        self.then: Callable[[Outcome], None] = lambda _: None

    def listed(self, photos: int) -> None:
        pass

    def started(self, counts: Counts) -> None:
        self.counts = counts

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        self.alone = photos

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        self.outcomes.append((outcome, again))
        self.progress.append(progress)
        self.then(outcome)

    def written(self, files: Sequence[str]) -> None:
        self.files += files

    def warned(self, text: str) -> None:
        self.warnings.append(text)

    def of(self, key: str) -> list[Outcome]:
        return [outcome for outcome, _ in self.outcomes if outcome.key == key]


def run(
    source: object,
    out: object,
    options: Options,
    *,
    entry: str = "gigamatte.worker.child",
    limits: Limits | None = None,
    listener: Recorder | None = None,
    finish: Callable[[Manifest, Summary], None] | None = None,
    **more: Any,
) -> tuple[Summary, Recorder]:
    """A batch in this process, with the real worker around ``entry``."""
    limits = limits or Limits(memory=3 * GIB, seconds=120, inflight=3)
    plan = Plan(str(source), str(out), options, limits=limits, **more)
    listener = listener or Recorder()
    given = WorkerArguments(options, limits, plan.out, plan.needs_network, entry)

    def engine(scratch: Path) -> LocalEngine:
        return LocalEngine([partial(Worker, given, scratch=scratch)])

    return run_batch(plan, engine, listener, finish=finish), listener


def pictures(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the manifest's, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".gigamatte" not in path.parts
    }


def batch_of_five(folder: Path, options: Options) -> tuple[Path, Path, Options]:
    """A finished batch of five photos below ``folder``: (in, out, options)."""
    source, out = folder / "in", folder / "out"
    save_photos(source, 5)
    summary, _ = run(source, out, options)
    assert (summary.done, summary.exit_code) == (5, 0)
    return source, out, options


def states(listener: Recorder) -> dict[str, str]:
    return {outcome.key: outcome.state for outcome, _ in listener.outcomes}


def command(*arguments: object, **environment: str) -> "subprocess.Popen[str]":
    """``gigamatte batch`` as a process of its own, in its own group."""
    return subprocess.Popen(
        [sys.executable, "-m", "gigamatte", "batch", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def events(text: str) -> list[dict[str, Any]]:
    """What --json printed."""
    return [json.loads(line) for line in text.splitlines()]


def rows(path: Path) -> dict[str, dict[str, Any]]:
    """A manifest as any other program would read it: {key: row}."""
    database = sqlite3.connect(path)
    try:
        database.row_factory = sqlite3.Row
        return {row["key"]: dict(row) for row in database.execute("SELECT * FROM photos")}
    finally:
        database.close()


def receipts(path: Path) -> dict[str, dict[str, Any]]:
    """The receipts of a manifest's photos."""
    with Reader([path]) as reader:
        return {row["key"]: row["receipt"] for row in reader.rows()}


_OLD_PHOTOS = """
CREATE TABLE photos (
    key TEXT PRIMARY KEY, source TEXT NOT NULL, bytes INTEGER NOT NULL, stamp TEXT NOT NULL, config TEXT NOT NULL,
    target TEXT NOT NULL UNIQUE, folded TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, ours INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL,
    {columns}
    fingerprint TEXT, sha256 TEXT, out_bytes INTEGER, out_stamp TEXT, megapixels REAL, seconds REAL, doubt REAL,
    code TEXT, message TEXT, hint TEXT, receipt TEXT, changed REAL {later}
) WITHOUT ROWID;
CREATE INDEX by_state ON photos (seen, state);
CREATE TABLE runs (number INTEGER PRIMARY KEY, began REAL, ended REAL, version TEXT, command TEXT);
"""
_OLD_WRITTEN = """
CREATE TABLE written (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, stamp TEXT NOT NULL, fingerprint TEXT NOT NULL, source TEXT NOT NULL
) WITHOUT ROWID;
"""


def make_older(path: Path, version: int) -> None:
    """The manifest at ``path`` as the version 1, 3 or 5 of manifests would have it."""
    with Manifest(path) as manifest:
        database = manifest._db
        found = [plain_row(database, row) for row in database.execute("SELECT * FROM photos").fetchall()]
        runs = [tuple(row) for row in database.execute("SELECT number, began, ended, version, command FROM runs")]
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
    older = sqlite3.connect(path)
    later = {1: (), 3: ("pair", "handed", "stale"), 5: ("pair", "handed", "stale")}[version]
    columns = "".join(f"{name} INTEGER NOT NULL DEFAULT 0," for name in later)
    texts = ("circumstances", "mark") if version == 5 else ()
    older.executescript(_OLD_PHOTOS.format(columns=columns, later="".join(f", {name} TEXT" for name in texts)))
    older.executescript(_OLD_WRITTEN if version >= 3 else "")
    known = [row[1] for row in older.execute("PRAGMA table_info(photos)")]
    for row in found:
        files = [path.parent.parent / file for file in files_of(row["target"], row["pair"])]
        stamps = [output_stamp(str(file)) or "" for file in files]
        old = {
            **row, "stamp": stamp_of(row["source"])[1], "out_stamp": "+".join(stamps) if row["sha256"] else None,
            "folded": row["target"].casefold(), "receipt": json.dumps(row["receipt"]) if row["receipt"] else None,
        }  # fmt: skip
        values = tuple(old[name] for name in known)
        older.execute(f"INSERT INTO photos ({', '.join(known)}) VALUES ({', '.join('?' * len(known))})", values)
        if version >= 3 and row["ours"] and row["sha256"]:
            for file, sha256, stamp in zip(
                files_of(row["target"], row["pair"]), row["sha256"].split("+"), stamps, strict=True
            ):
                values = (file, sha256, stamp, row["fingerprint"], row["source"])
                older.execute("INSERT INTO written VALUES (?, ?, ?, ?, ?)", values)
    older.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?)", runs)
    older.execute(f"PRAGMA user_version = {version}")
    older.commit()
    older.close()
