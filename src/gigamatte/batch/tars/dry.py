"""Estimates a batch in lots without running it: what is known is counted, and a few photos of the others are cut.

Photos in tar shards on this machine's disks are counted; in a store, where that would fetch all of them, they are
estimated from those at the shards' beginnings.
"""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from gigamatte.batch import hint_files, places
from gigamatte.batch.dry import SAMPLE, Ended, Estimate, copy_database, cut, with_masks, with_sample
from gigamatte.batch.naming import candidates
from gigamatte.batch.plan import Plan
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.tars.cutting import Cutting, Results
from gigamatte.batch.tars.lots import TARS, Home, Lot
from gigamatte.batch.tars.names import chosen_by, is_tar, refusal
from gigamatte.batch.tars.reading import members, reading_tar
from gigamatte.batch.tars.runner import check
from gigamatte.batch.tars.sources import Listed, Lots, Shards
from gigamatte.batch.task import BatchEngine, Task

#: lots that the sample is taken from
FROM = 5


@dataclass
class _Found:
    """Photos of one lot that would be cut, and their bytes; of a tar shard in a store the shard's, photos unknown."""

    lot: Lot
    photos: int | None
    bytes: int


def dry_tars(
    plan: Plan,
    results: Results,
    make_engine: Callable[[Plan], Callable[[Path], BatchEngine]],
    listener: Listener,
    *,
    price: float | None = None,
) -> Estimate:
    """As ``dry_run``, for lots. OUT and its manifests are only looked at."""
    check(plan)
    plan = replace(plan, watch=False)
    with tempfile.TemporaryDirectory(prefix="gigamatte-dry-") as made:
        folder = Path(made)
        known, waiting = _looked(plan, results, folder, listener)
        photos = sum(found.photos or 0 for found in waiting)
        size = sum(found.bytes for found in waiting if found.photos is not None)
        far = [found for found in waiting if found.photos is None]
        tasks, refused, seen = _sample(plan, [found.lot for found in waiting], folder)
        if far and seen.photos:  # what a photo takes of a tar shard, with all that goes along with it
            photos += round(sum(found.bytes for found in far) / seen.passed * seen.photos)
            size += round(sum(found.bytes for found in far) / seen.passed * seen.read)
        found = Estimate(known.total + photos, photos, size, known.unchanged, 0, known.failed, estimated=bool(far))
        if not tasks and not refused:
            return found
        began, outcomes = cut(make_engine(replace(plan, out=str(folder / "out"))), tasks, folder)
        return with_sample(found, [*outcomes, *refused], time.monotonic() - began, price)


def _looked(plan: Plan, results: Results, folder: Path, listener: Listener) -> tuple[Summary, list[_Found]]:
    """(what is right already, the lots that would be cut)."""
    cutting, homes = Cutting(plan, results), plan.manifest_folder / TARS
    for path in homes.glob("*.members.sqlite"):
        copy_database(path, folder / path.name)
    lots: Lots = Shards(plan, lambda _: False) if is_tar(plan.source) else Listed(plan, folder, results.limits.photos)
    known, waiting, all_photos = Summary(), list[_Found](), 0
    try:
        for lot in lots.look(first=True):
            right = cutting.known(lot, Home(homes / lot.stem))
            if right is None:
                waiting.append(_counted(lot, plan))
                all_photos += waiting[-1].photos or 0
            else:
                known = replace(
                    known, total=known.total + right.total, unchanged=known.unchanged + right.unchanged,
                    failed=known.failed + right.failed,
                )  # fmt: skip
            listener.listed(known.total + all_photos)
        for text in lots.warnings():
            listener.warned(text)
    finally:
        lots.close()
    return known, waiting


def _counted(lot: Lot, plan: Plan) -> _Found:
    if not lot.place:
        sources = [source for source in lot.listed if not source.refusal]
        return _Found(lot, len(sources), sum(source.bytes for source in sources))
    if places.is_uri(lot.place):
        return _Found(lot, None, places.stamp_of(lot.place)[0])
    photos = size = 0
    with _opened(lot, plan) as members:
        for _, _, info in members:
            photos, size = photos + 1, size + info.size
    return _Found(lot, photos, size)


@dataclass
class _Seen:
    """Counts in the first parts of tar shards: photos, their bytes, and the bytes of all members read."""

    photos: int = 0
    read: int = 0
    passed: int = 0


def _sample(plan: Plan, lots: list[Lot], folder: Path) -> tuple[list[Task], list[Ended], _Seen]:
    """Photos from lots all over the list, each with a target of its own, and those without a mask."""
    (folder / "out").mkdir()
    (folder / "in").mkdir()
    chosen = [lots[index * len(lots) // FROM] for index in range(FROM)] if len(lots) > FROM else lots
    tasks, seen = list[Task](), _Seen()
    for lot in chosen:
        for key, source, size in _some(lot, plan, -(-SAMPLE // len(chosen)), folder / "in" / lot.stem, seen):
            target = folder / "out" / f"{len(tasks)}{_suffix(plan, key)}"
            hints = hint_files.hints_of(source)
            beside = hints if not lot.place and places.exists(hints) else None
            tasks.append(Task(lot.named(key), source, str(target), size, hints=beside, replace=True))
    found, refused = with_masks(plan, tasks)
    return found, refused, seen


def _suffix(plan: Plan, key: str) -> str:
    return Path(next(candidates(key, plan.template))).suffix


def _some(lot: Lot, plan: Plan, most: int, folder: Path, seen: _Seen) -> Iterator[tuple[str, str, int]]:
    """(key, place, bytes) of a few photos of a lot, unpacked into ``folder`` where it is a tar shard."""
    if not lot.place:
        for source in [one for one in lot.listed if not one.refusal][:most]:
            yield source.key, source.place, source.bytes
        return
    folder.mkdir()
    passed = places.stamp_of(lot.place)[0]
    with _opened(lot, plan) as members:
        for number, (name, file, info) in enumerate(members, 1):
            path = folder / str(number) / name.rpartition("/")[2]
            path.parent.mkdir()
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
            seen.photos, seen.read = seen.photos + 1, seen.read + info.size
            yield name, str(path), info.size
            if number >= most:
                passed = info.offset_data + info.size
                break
    seen.passed += passed


@contextlib.contextmanager
def _opened(lot: Lot, plan: Plan) -> Iterator[Iterator[tuple[str, IO[bytes], Any]]]:
    """The photos of a tar shard, one after the other. Raises UnsupportedInput."""
    with contextlib.ExitStack() as stack:
        source: dict[str, Any] = {"name": lot.place, "mode": "r:"}
        if places.is_uri(lot.place):
            system, remote = places.filesystem(lot.place)
            source = {"fileobj": stack.enter_context(system.open(remote, "rb")), "mode": "r|"}
        yield _photos(stack.enter_context(reading_tar(f"{lot.stem}.tar", **source)), plan)


def _photos(tar: tarfile.TarFile, plan: Plan) -> Iterator[tuple[str, IO[bytes], Any]]:
    chosen = chosen_by(plan.pattern)
    for info in members(tar):
        name = info.name.removeprefix("./")
        if info.isreg() and not info.issparse() and not refusal(name) and chosen(name):
            file = tar.extractfile(info)
            assert file is not None  # a plain file
            yield name, file, info
