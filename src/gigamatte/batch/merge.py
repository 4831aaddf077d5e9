"""Merges many manifests into one: every shard's photos, the latest row of each, without reading other files."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gigamatte import __version__
from gigamatte.batch import written
from gigamatte.batch.overview import standing_of, together
from gigamatte.batch.tables import open_tables, open_to_read
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
                with contextlib.closing(open_to_read(path)) as database:
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
        for suffix in ("", "-wal", "-shm"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
        raise
    return Merged(len(found), photos, twice, clashes)


def _take(source: sqlite3.Connection, into: sqlite3.Connection) -> tuple[int, int, int]:
    """(photos added, photos that were there already, photos left out)."""
    latest = source.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
    have = {row["name"] for row in source.execute("PRAGMA table_info(photos)")}
    columns = [row["name"] for row in into.execute("PRAGMA table_info(photos)") if row["name"] in have]
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT INTO photos ({', '.join(columns)}) VALUES ({marks})"
    added = again = lost = 0
    for row in source.execute(f"SELECT {', '.join(columns)} FROM photos"):
        values = dict(row) | {"seen": _RUN if row["seen"] == latest else 0}
        if values["state"] in ("running", "later"):
            values["state"] = "waiting"
        there = into.execute("SELECT changed, seen FROM photos WHERE key = ?", (row["key"],)).fetchone()
        if there is not None:
            again += 1
            if (there["seen"], there["changed"] or 0) >= (values["seen"], values["changed"] or 0):
                continue
            into.execute("DELETE FROM photos WHERE key = ?", (row["key"],))
        try:
            into.execute(insert, tuple(values[name] for name in columns))
            added += there is None
        except sqlite3.IntegrityError:
            lost += 1
    if source.execute("PRAGMA user_version").fetchone()[0] >= written.SINCE:
        for row in source.execute("SELECT file, sha256, stamp, fingerprint, source FROM written"):
            into.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?)", tuple(row))
    else:
        for row in source.execute("SELECT * FROM photos WHERE ours AND sha256 IS NOT NULL"):
            written.note(into, row)
    return added, again, lost
