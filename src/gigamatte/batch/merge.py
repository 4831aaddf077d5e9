"""Merges many manifests into one: every shard's photos, the latest row of each, without reading other files."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gigamatte import __version__
from gigamatte.batch import written
from gigamatte.batch.open_manifest import open_tables, open_to_read
from gigamatte.batch.overview import standing_of, together
from gigamatte.batch.records import add_plain, forget, next_id, plain_row, row_of
from gigamatte.batch.tables import VERSION, WROTE, Database
from gigamatte.errors import UsageError

#: the run that the merged manifest's photos belong to; the one before stands for the time of all that were merged
_RUN = 2


@dataclass(frozen=True)
class Merged:
    """The figures of a merge."""

    manifests: int
    photos: int
    #: photos that several manifests had; the one that changed last was taken
    twice: int
    #: photos that were left out because another one's result has the same name
    clashes: int


def merge(sources: Iterable[Path], target: Path, say: Callable[[str], None] = lambda _: None) -> Merged:
    """Write the manifests ``sources`` into ``target``, which is made; all of it or nothing.

    Raises UsageError when it exists or a batch is at work on a source, WriteError when one cannot be read or written.
    """
    found = list(sources)
    if target.exists():
        raise UsageError(f"{target} exists", "name another folder with --into")
    standings = [standing_of(path) for path in found]
    busy = next((one for one in standings if one.at_work), None)
    if busy is not None:
        raise UsageError(f"a batch is at work on {busy.manifest}", "wait for it")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.partial")
    draft.unlink(missing_ok=True)
    try:
        with contextlib.closing(open_tables(draft)) as into:
            into.execute("BEGIN IMMEDIATE")
            photos = twice = clashes = 0
            for path in found:
                with _of_today(path, draft.with_name(f"{draft.name}.older")) as database:
                    added, again, lost = _take(database, into)
                photos, twice, clashes = photos + added, twice + again, clashes + lost
                say(str(path))
            whole = together(standings)
            commands = ", ".join(dict.fromkeys(one.command for one in standings if one.command))
            insert = "INSERT INTO runs (number, began, ended, version, command) VALUES (?, ?, ?, ?, ?)"
            spent = 3600 * whole.hours
            into.execute(insert, (1, whole.began, whole.began + spent, __version__, commands))
            now = time.time()  # the latest run of all, so that this manifest is taken from now on
            into.execute(insert, (_RUN, now, now, __version__, commands))
            into.execute("COMMIT")
            into.execute("PRAGMA journal_mode = DELETE")  # one file, to be renamed
        draft.replace(target)
    except BaseException:
        remove_database(draft)
        raise
    return Merged(len(found), photos, twice, clashes)


def _take(source: Database, into: Database) -> tuple[int, int, int]:
    """(photos added, photos that were there already, photos left out)."""
    latest = source.execute("SELECT coalesce(max(number), 0) AS number FROM runs").fetchone()["number"]
    added = again = lost = 0
    number = next_id(into)
    for row in source.execute("SELECT * FROM photos ORDER BY key"):
        plain = plain_row(source, row)
        seen = _RUN if row["seen"] == latest else 0
        if plain["state"] in ("running", "later"):
            plain["state"] = "waiting"
        there = row_of(into, row["key"])
        if there is not None:
            again += 1
            if (there["seen"], there["changed"] or 0) >= (seen, plain["changed"] or 0):
                continue
            written.keep(into, there)
            forget(into, there)
        try:
            add_plain(into, number, plain, row["template"], seen)
            added += there is None
            number += 1
        except sqlite3.IntegrityError:
            lost += 1
            for file, one in written.of_row(row) if row["flags"] & WROTE else ():
                written.put(into, file, one)
    for file, one in written.files(source):
        written.put(into, file, one)
    return added, again, lost


@contextlib.contextmanager
def _of_today(path: Path, copy: Path) -> Iterator[Database]:
    """A manifest to read; one of an earlier version as a copy that has become one of today."""
    with contextlib.closing(open_to_read(path)) as database:
        if database.execute("PRAGMA user_version").fetchone()[0] >= VERSION:
            yield database
            return
        try:
            with contextlib.closing(sqlite3.connect(copy)) as target:
                database.backup(target)
            with contextlib.closing(open_tables(copy)) as newer:
                yield newer
        finally:
            remove_database(copy)


def remove_database(path: Path) -> None:
    """A database and what belongs to it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
