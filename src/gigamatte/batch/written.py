"""Records which files are results of batches: each by its name below OUT, with its hash and the photo it shows.

A file at a target is replaced only if a batch wrote it for the same photo and it was not changed since. Results stay
known after other options, another ``--name`` and back, or another division into shards.

The row of a photo names the files that were written last (``WROTE``); the table has those that were written before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from gigamatte.batch.compact import name_number, packed_hash, parts_of, stamp_number
from gigamatte.batch.naming import folded
from gigamatte.batch.pair import files_of
from gigamatte.batch.records import row_of
from gigamatte.batch.tables import WROTE, Database, hashes
from gigamatte.batch.task import Written

#: versions of the manifest from which on it has the table, and from which on the table lacks what rows tell
SINCE, BEFORE_ONLY = 3, 6


def keep(database: Database, row: sqlite3.Row) -> None:
    """Copy the files of a photo's row into the table, before the row names another result or is deleted."""
    if row["flags"] & WROTE:
        for file, one in of_row(row):
            put(database, file, one)
        database.execute("UPDATE listed SET flags = flags & ? WHERE key = ?", (~WROTE, row["key"]))


def put(database: Database, file: str, one: Written) -> None:
    """Remember a file."""
    values = (file, packed_hash(one.sha256), one.stamp, packed_hash(one.fingerprint), one.source)
    database.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?)", values)


def superseded(database: Database, row: sqlite3.Row) -> None:
    """Remove a row's files from the table, because the row names them itself now."""
    for file in files_of(row["target"], bool(row["pair"])):
        database.execute("DELETE FROM written WHERE file = ?", (file,))


def look_up(databases: Iterable[Database], file: str, target: str, key: str) -> Iterator[Written]:
    """What is remembered of ``file``, of the result ``target`` of the photo ``key``, in manifests of this and other
    divisions."""
    for database in databases:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version >= SINCE:
            yield from all_of(database, "file = ?", (file,))
        if version >= BEFORE_ONLY:
            row = row_of(database, key)
            if row is None or row["target"] != target:  # another photo may have had that name there
                row = _owner(database, target)
            rows = [row] if row is not None and row["flags"] & WROTE else []
        else:
            select = "SELECT * FROM photos WHERE key = ? AND ours AND sha256 IS NOT NULL"
            rows = database.execute(select, (key,)).fetchall() if version < SINCE else []
        yield from (one for row in rows for name, one in of_row(row) if name == file)


def all_of(database: Database, where: str = "1", values: tuple[object, ...] = ()) -> Iterator[Written]:
    """What the table says, that of an earlier version too."""
    select = f"SELECT {hashes('sha256')}, stamp, {hashes('fingerprint')}, source FROM written WHERE {where}"
    for sha256, stamp, content, source in database.execute(select, values):
        yield Written(sha256, stamp_number(stamp), content, source)


def files(database: Database, table: str = "written") -> Iterator[tuple[str, Written]]:
    """Everything in a table, of any version, by its file."""
    for file, sha256, stamp, content, source in database.execute(
        f"SELECT file, {hashes('sha256')}, stamp, {hashes('fingerprint')}, source FROM {table}"
    ):
        yield file, Written(sha256, stamp_number(stamp), content, source)


def of_row(row: sqlite3.Row) -> Iterator[tuple[str, Written]]:
    """The files that a row, of any version, names."""
    pair = "pair" in row.keys() and bool(row["pair"])  # noqa: SIM118  # version 1 knows no pairs
    names = files_of(row["target"], pair)
    hashes, stamps = row["sha256"].split("+"), parts_of(row["out_stamp"], len(names))
    for file, sha256, stamp in zip(names, hashes, stamps, strict=False):
        yield file, Written(sha256, stamp, row["fingerprint"] or "", row["source"])


def _owner(database: Database, target: str) -> sqlite3.Row | None:
    number = name_number(folded(target))
    found = database.execute("SELECT photo FROM names WHERE number = ?", (number,)).fetchone()
    if found is None:
        return None
    row: sqlite3.Row | None = database.execute("SELECT * FROM photos WHERE id = ?", (found["photo"],)).fetchone()
    return row
