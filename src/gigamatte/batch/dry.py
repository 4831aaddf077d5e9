"""Estimates a batch without running it: counts, bytes, and hours measured on a sample whose results are deleted."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gigamatte import __version__
from gigamatte.batch import hint_files
from gigamatte.batch.circumstances import circumstances
from gigamatte.batch.fingerprint import config_hash
from gigamatte.batch.lister import Lister
from gigamatte.batch.lock import shard_name
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.one import failure
from gigamatte.batch.plan import Plan
from gigamatte.batch.summary import Listener
from gigamatte.batch.task import BatchEngine, Outcome, Task
from gigamatte.errors import GigamatteError

#: a photo of the sample, and what became of it
Ended = tuple[Task, Outcome]
#: photos that are cut to know how long all take
SAMPLE = 20


@dataclass(frozen=True)
class Estimate:
    """Photos and bytes are counted; hours, megapixels and result bytes are estimated from a sample, or None."""

    total: int
    #: would be cut
    waiting: int
    waiting_bytes: int
    unchanged: int
    kept: int
    #: failed in an earlier run and would be left alone
    failed: int
    sampled: int = 0
    sample_failed: int = 0
    #: of the sample that failed: key, code, message and hint
    sample_failures: tuple[dict[str, str], ...] = ()
    megapixels: float | None = None
    #: of this machine, or of the workers of one engine
    rate: float | None = None
    hours: float | None = None
    result_bytes: int | None = None
    cost: float | None = None
    #: photos are estimated too: they lie in tar shards that would have to be fetched
    estimated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def dry_run(
    plan: Plan,
    make_engine: Callable[[Plan], Callable[[Path], BatchEngine]],
    listener: Listener,
    *,
    price: float | None = None,
) -> Estimate:
    """Lists IN against a copy of the manifest, and cuts a sample into a temporary folder: OUT is only looked at.

    ``price`` is that of an hour. Raises what ``run_batch`` raises when it cannot begin.
    """
    config = config_hash(plan.options, masks=plan.masks is not None)
    with tempfile.TemporaryDirectory(prefix="gigamatte-dry-") as made:
        folder = Path(made)
        (folder / "manifest").mkdir()
        for path in plan.manifest_folder.glob("*-of-*.sqlite"):
            copy_database(path, folder / "manifest" / path.name)
        copied = replace(plan, manifest=folder / "manifest", watch=False)
        with Manifest(folder / "manifest" / f"{shard_name(plan.shard)}.sqlite") as manifest:
            _list(copied, manifest, config, listener)
            counts = manifest.counts()
            found = Estimate(
                counts.total, counts.waiting, counts.waiting_bytes, counts.done, counts.kept, counts.quarantined
            )
            if not counts.waiting:
                return found
            tasks, refused = _sample(plan, manifest, folder / "out")
            began, outcomes = cut(make_engine(replace(plan, out=str(folder / "out"))), tasks, folder)
            return with_sample(found, [*outcomes, *refused], time.monotonic() - began, price)


def _list(plan: Plan, manifest: Manifest, config: str, listener: Listener) -> None:
    manifest.begin("dry run", __version__, circumstances(plan.options, plan.limits), same_list=plan.redo)
    for other in plan.manifest_folder.glob("*-of-*.sqlite"):
        if other.stem.split("-of-")[1] != str(plan.shard[1]):
            manifest.adopt(other)
    lister = Lister(plan, manifest, config)
    lister.start()
    try:
        while not lister.complete:
            lister.wait(0.2)
            listener.listed(lister.counts().total)
        for text in lister.warnings():
            listener.warned(text)
    finally:
        lister.close()


def _sample(plan: Plan, manifest: Manifest, out: Path) -> tuple[list[Task], list[Ended]]:
    """Waiting photos from all over the list, each with a target of its own in ``out``, and those without a mask."""
    out.mkdir()
    tasks = []
    for number, row in enumerate(manifest.some_waiting(SAMPLE)):
        target = str(out / f"{number}{Path(row['target']).suffix}")
        hints = hint_files.hints_of(row["source"]) if row["hinted"] else None
        tasks.append(Task(row["key"], row["source"], target, row["bytes"], hints=hints, replace=True))
    return with_masks(plan, tasks)


def with_masks(plan: Plan, tasks: list[Task]) -> tuple[list[Task], list[Ended]]:
    """The tasks, each with its photo's mask, and those that fail because there is none."""
    find, found, refused = plan.mask_of(), list[Task](), list[Ended]()
    for task in tasks:
        try:
            found.append(replace(task, mask=find(task.key)))
        except GigamatteError as error:
            refused.append((task, failure(task.key, error)))
    return found, refused


def cut(make: Callable[[Path], BatchEngine], tasks: list[Task], folder: Path) -> tuple[float, list[Ended]]:
    """(when the engine was ready, what became of each task)."""
    scratch = folder / "scratch"
    scratch.mkdir()
    engine, by_key = make(scratch), {task.key: task for task in tasks}
    try:
        engine.start()
        began = time.monotonic()
        waiting: Iterator[Task | None] = iter(tasks)
        return began, [(by_key[outcome.key], outcome) for outcome in engine.process(waiting)]
    finally:
        engine.close()


def with_sample(found: Estimate, ended: list[Ended], seconds: float, price: float | None) -> Estimate:
    """``found`` with what the sample tells: ``ended`` in so many ``seconds``."""
    done = [(task, outcome) for task, outcome in ended if outcome.state == "done"]
    failures = tuple(_failure(outcome) for _, outcome in ended if outcome.state != "done")
    found = replace(found, sampled=len(ended), sample_failed=len(failures), sample_failures=failures)
    if not done or seconds <= 0:
        return found
    megapixels = sum(outcome.megapixels for _, outcome in done)
    read = sum(task.bytes for task, _ in done)
    # the bytes of photos in a list are not known: they are assumed to be as large as the sample's
    share = found.waiting_bytes / read if read and found.waiting_bytes else found.waiting / len(ended)
    hours = share * seconds / 3600
    return replace(
        found,
        megapixels=round(share * megapixels, 3),
        rate=round(megapixels / seconds, 3),
        hours=round(hours, 6),
        result_bytes=round(share * sum(outcome.out_bytes for _, outcome in done)),
        cost=None if price is None else round(hours * price, 4),
    )


def _failure(outcome: Outcome) -> dict[str, str]:
    """A photo of the sample that failed, and why."""
    return {"key": outcome.key, "code": outcome.code, "message": outcome.message, "hint": outcome.hint}


def copy_database(source: Path, target: Path) -> None:
    """As it is at this moment, also while a batch writes it."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
