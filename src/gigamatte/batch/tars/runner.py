"""Runs a batch over tar shards: each is unpacked, cut like any folder, and packed again; then the next.

Unpacked photos lie beside the manifest, so a shard that was interrupted is continued photo by photo. A shard of results
appears when it is whole. One manifest for each shard: `batch status`, `export` and `--report` read all of them.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gigamatte.batch import places
from gigamatte.batch.fingerprint import config_hash
from gigamatte.batch.lists.folder import MARK
from gigamatte.batch.lock import lock_shard
from gigamatte.batch.pair import files_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.reader import Reader, Rows
from gigamatte.batch.runner import run_batch
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.tars.inside import Inside, SharedEngine
from gigamatte.batch.tars.names import part_of, shards_named, stem_of_shard
from gigamatte.batch.tars.record import Finished, read_finished, read_unpacked, write_finished, write_unpacked
from gigamatte.batch.tars.shard import Limits, Packed, Sample, Unpacked, pack, unpack
from gigamatte.batch.task import BatchEngine
from gigamatte.errors import GigamatteError, InputError, ResultExists, UsageError, WriteError
from gigamatte.workflow.files import new_file

#: below the manifest's folder
TARS = "tars"


@dataclass(frozen=True)
class _Shard:
    """One of IN's shards, and where what belongs to it lies."""

    place: str
    #: its own folder beside the manifest
    home: Path

    @property
    def stem(self) -> str:
        return stem_of_shard(self.place)

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def manifest(self) -> Path:
        return self.home / "1-of-1.sqlite"

    @property
    def finished(self) -> Path:
        return self.home / "finished.json"


def run_tars(
    plan: Plan,
    make_engine: Callable[[Path], BatchEngine],
    listener: Listener,
    limits: Limits,
    *,
    finish: Callable[[Rows, Summary], None] | None = None,
) -> Summary:
    """Do what ``plan`` says, whose IN names tar shards. ``limits`` are those of the shards of results.

    Raises like ``run_batch``, and UsageError for what does not go with shards.
    """
    _check(plan)
    config = config_hash(plan.options, masks=plan.masks is not None)
    shards = shards_named(plan.source)
    if not places.is_uri(plan.out):
        inside = next((shard for shard in shards if Path(shard).parent == places.local(plan.out)), None)
        if inside is not None:
            raise UsageError(f"{plan.out} holds {inside}: results would be mixed with sources", "name another folder")
    plan.make_folders()
    places.mark(plan.out, f"{MARK}/output", f"results of gigamatte batch {plan.source}\n")
    lock = lock_shard(plan.manifest_folder, plan.shard)
    folder = plan.manifest_folder / TARS
    try:
        engine = SharedEngine(make_engine, folder / f"{plan.shard[0]}-of-{plan.shard[1]}.scratch")
        run = _Run(plan, config, limits, listener, engine)
        try:
            mine = [_Shard(place, folder / stem_of_shard(place)) for place in part_of(shards, plan.shard)]
            summary = run.all(mine)
        finally:
            engine.end()
        known = [shard.manifest for shard in mine if shard.manifest.exists()]
        if finish is not None and summary.total and known:
            with Reader(known) as reader:
                finish(reader, summary)
        return summary
    finally:
        lock.release()


def _check(plan: Plan) -> None:
    said = {"--watch": plan.watch, "--redo": plan.redo, "--column": plan.column, "--pattern": plan.pattern}
    said |= {"a folder of masks": plan.masks, "--consistent": plan.options.consistent}
    wrong = next((name for name, value in said.items() if value), None)
    if wrong is not None:
        raise UsageError(f"{wrong} does not go with tar shards", "unpack them first, or leave it out")


class _Run:
    def __init__(self, plan: Plan, config: str, limits: Limits, listener: Listener, engine: SharedEngine) -> None:
        self._plan, self._limits, self._listener, self._engine = plan, limits, listener, engine
        wish = (config, plan.template, plan.pair, limits.photos, limits.bytes)
        self._wish = hashlib.sha256(json.dumps(wish).encode("ascii")).hexdigest()

    def all(self, shards: list[_Shard]) -> Summary:
        """One after the other; stops where one cannot go on."""
        began, whole = time.monotonic(), Summary(manifest=str(self._plan.manifest_folder / TARS))
        for shard in shards:
            try:
                one = self._known(shard) or self._one(shard)
            except KeyboardInterrupt:
                whole = replace(whole, interrupted=True)
                break
            except GigamatteError as error:
                if whole.total == 0:
                    raise
                whole = replace(whole, stopped=error.written[0], hint=error.written[1], stopped_code=error.code)
                break
            whole = _sum(whole, one)
            if one.interrupted or one.stopped:
                break
        return replace(whole, seconds=round(time.monotonic() - began, 3))

    def _known(self, shard: _Shard) -> Summary | None:
        """Of a shard that was done and has not changed, nor its results."""
        found = read_finished(shard.finished)
        if found is None or self._plan.recheck or found.wish != self._wish:
            return None
        if (self._plan.retry_failed and found.failed) or places.stamp_of(shard.place)[1] != found.stamp:
            return None
        if any(places.output_stamp(self._plan.place(name)) != stamp for name, stamp, *_ in found.files):
            return None
        return Summary(total=found.photos, unchanged=found.photos - found.failed, failed=found.failed)

    def _one(self, shard: _Shard) -> Summary:
        self._may_replace(shard, self._first_name(shard))
        stamp, unpacked = self._unpacked(shard)
        for name, why in unpacked.refused.items():
            self._listener.warned(f"{shard.stem}.tar: {name} is left out: {why}")
        bare = sum(sample.photo is None for sample in unpacked.samples.values())
        if bare:
            self._listener.warned(f"{shard.stem}.tar: {bare:,} samples have no photo and are left out")
        plan = replace(
            self._plan, source=str(shard.work / "in"), out=str(shard.work / "out"), shard=(1, 1), manifest=shard.home
        )
        summary = run_batch(plan, self._engine.make, Inside(self._listener, shard.stem))
        if summary.interrupted or summary.stopped or summary.waiting:
            return summary
        self._publish(shard, stamp, unpacked, summary)
        return summary

    def _first_name(self, shard: _Shard) -> str:
        return f"{shard.stem}-00000.tar" if self._limits.parted else f"{shard.stem}.tar"

    def _unpacked(self, shard: _Shard) -> tuple[str, Unpacked]:
        """(stamp of the shard, what it was unpacked into): now, or by the run before, which was broken off."""
        note = shard.work / "unpacked.json"
        stamp = places.stamp_of(shard.place)[1]
        known = read_unpacked(note, stamp)
        if known is not None:
            return stamp, known
        shutil.rmtree(shard.work, ignore_errors=True)
        for folder in ("in", "out", "others"):
            (shard.work / folder).mkdir(parents=True)
        if places.is_uri(shard.place):
            local, stamp = places.fetch(shard.place, shard.work)
        else:
            local = Path(shard.place)
        unpacked = unpack(local, shard.work / "in", shard.work / "others")
        if places.is_uri(shard.place):
            local.unlink()
        elif places.stamp_of(shard.place)[1] != stamp:
            raise InputError(f"{shard.place} changed while it was read", "is it still being copied?")
        write_unpacked(note, stamp, unpacked)
        return stamp, unpacked

    def _publish(self, shard: _Shard, stamp: str, unpacked: Unpacked, summary: Summary) -> None:
        before = read_finished(shard.finished)
        folder = shard.work / "packed"
        folder.mkdir(exist_ok=True)
        files = []
        for packed in pack(self._results(shard, unpacked), folder, shard.stem, self._limits):
            self._may_replace(shard, packed.path.name)
            (shard.work / f"{packed.path.name}.ours").touch()
            place = self._plan.place(packed.path.name)
            files.append((packed.path.name, _put(packed, place), packed.sha256, packed.photos))
        failed, megapixels = summary.failed, summary.megapixels
        write_finished(shard.finished, Finished(stamp, self._wish, tuple(files), summary.total, failed, megapixels))
        new = {name for name, *_ in files}
        for name, then, *_ in before.files if before is not None else ():
            place = self._plan.place(name)
            if name not in new and places.output_stamp(place) == then:  # of other limits
                places.remove(place)
        shutil.rmtree(shard.work, ignore_errors=True)
        self._listener.written([self._plan.place(name) for name, *_ in files])

    def _may_replace(self, shard: _Shard, name: str) -> None:
        """Raises ResultExists where something lies that this batch has not put there."""
        place = self._plan.place(name)
        lies = places.lies_at(place)
        if lies is None or self._plan.overwrite or (shard.work / f"{name}.ours").exists():
            return
        before = read_finished(shard.finished)
        if before is None or (name, lies) not in {(known, stamp) for known, stamp, *_ in before.files}:
            raise ResultExists(f"{place} exists and is not from this batch", "allow it with --overwrite")

    def _results(self, shard: _Shard, unpacked: Unpacked) -> Iterator[tuple[Sample, list[tuple[str, Path]]]]:
        """Samples whose photo has a result, with its files; a member of a result's name is replaced."""
        with Reader([shard.manifest]) as reader:
            targets = {
                row["key"]: files_of(row["target"], bool(row["pair"]))
                for row in reader.rows("state IN ('done', 'kept')")
            }
        for sample in unpacked.samples.values():
            names = targets.get(sample.photo or "")
            if names is not None:
                others = [(name, path) for name, path in sample.others if name not in names]
                yield replace(sample, others=others), [(name, shard.work / "out" / name) for name in names]


def _put(packed: Packed, place: str) -> str:
    """Have a packed shard appear, whole or not at all; its stamp there."""
    if places.is_uri(place):
        return places.publish(packed.path, place)
    try:
        os.replace(packed.path, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise WriteError(f"{place} cannot be written: {error.strerror}") from error
        with new_file(Path(place), overwrite=True) as file, packed.path.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(Path(place).parent, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
    return places.output_stamp(place) or ""


def _sum(whole: Summary, one: Summary) -> Summary:
    numbers = ("total", "done", "unchanged", "kept", "failed", "waiting", "megapixels")
    added = {name: getattr(whole, name) + getattr(one, name) for name in numbers}
    added["megapixels"] = round(added["megapixels"], 3)
    words = {name: getattr(one, name) for name in ("interrupted", "stopped", "hint", "stopped_code")}
    return replace(whole, **added, **words)
