"""Small photos, and batches that are run in this process or as the command."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gigamatte.batch.counts import Counts
from gigamatte.batch.limits import Limits
from gigamatte.batch.local import LocalEngine
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.one import Worker
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Progress
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
    needs_network = options.mask is None and plan.masks is None

    def engine(scratch: Path) -> LocalEngine:
        return LocalEngine(
            lambda: Worker(options, limits, out=plan.out, network=needs_network, scratch=scratch, entry=entry)
        )

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
