"""Records which files are results of batches: each by its name below OUT, with its hash and the photo it shows.

A file at a target is replaced only if a batch wrote it for the same photo and it was not changed since. Results stay
known after other options, another ``--name`` and back, or another division into shards.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from gigamatte.batch.pair import files_of
from gigamatte.batch.task import Written

TABLE = """
CREATE TABLE IF NOT EXISTS written (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, stamp TEXT NOT NULL, fingerprint TEXT NOT NULL, source TEXT NOT NULL
) WITHOUT ROWID;
"""
#: version of the manifest from which on it has this table
SINCE = 3


def note(database: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Remember the files of a row of ``photos`` whose result is done."""
    for file, one in _of_row(row):
        values = (file, one.sha256, one.stamp, one.fingerprint, one.source)
        database.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?)", values)


def look_up(databases: Iterable[sqlite3.Connection], file: str, key: str) -> Iterator[Written]:
    """What is remembered of ``file``, a result of the photo ``key``, in manifests of this and other divisions."""
    for database in databases:
        if database.execute("PRAGMA user_version").fetchone()[0] >= SINCE:
            select = "SELECT sha256, stamp, fingerprint, source FROM written WHERE file = ?"
            yield from (Written(*row) for row in database.execute(select, (file,)))
        else:
            select = "SELECT * FROM photos WHERE key = ? AND ours AND sha256 IS NOT NULL"
            for row in database.execute(select, (key,)):
                yield from (one for name, one in _of_row(row) if name == file)


def take_over(database: sqlite3.Connection) -> None:
    """Fill the table from the rows of an earlier version, which knew the latest result of each photo only."""
    for row in database.execute("SELECT * FROM photos WHERE ours AND sha256 IS NOT NULL").fetchall():
        note(database, row)


def _of_row(row: sqlite3.Row) -> Iterator[tuple[str, Written]]:
    pair = "pair" in row.keys() and bool(row["pair"])  # noqa: SIM118  # version 1 knows no pairs
    files = files_of(row["target"], pair)
    hashes, stamps = row["sha256"].split("+"), (row["out_stamp"] or "").split("+")
    if len(stamps) != len(files):  # a store's own tag may hold a plus; without stamps the hash decides
        stamps = [""] * len(files)
    for file, sha256, stamp in zip(files, hashes, stamps, strict=False):
        yield file, Written(sha256, stamp, row["fingerprint"] or "", row["source"])
