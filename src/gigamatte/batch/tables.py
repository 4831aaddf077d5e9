"""The manifest's tables, and how those of earlier versions are brought to the present version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gigamatte.batch import written
from gigamatte.errors import WriteError

VERSION = 5

_TABLES = """
CREATE TABLE IF NOT EXISTS photos (
    key TEXT PRIMARY KEY, source TEXT NOT NULL, bytes INTEGER NOT NULL, stamp TEXT NOT NULL, config TEXT NOT NULL,
    target TEXT NOT NULL UNIQUE, folded TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,            -- waiting, running, done, kept (its result was changed since by somebody else),
                                    -- failed (is tried again), quarantined (is not), later (waits for the end of the
                                    -- list: something lies at its target that a photo still to be listed may be)
    attempts INTEGER NOT NULL DEFAULT 0,
    ours INTEGER NOT NULL DEFAULT 0,    -- what lies at the target, if anything, is from this batch
    seen INTEGER NOT NULL,          -- the last run that listed it
    pair INTEGER NOT NULL DEFAULT 0,    -- its result is two files, named after the target
    handed INTEGER NOT NULL DEFAULT 0,  -- it was cut and what came of it was not noted: what lies there may be ours
    stale INTEGER NOT NULL DEFAULT 0,   -- it failed, and an earlier result stays at the target
    fingerprint TEXT, sha256 TEXT, out_bytes INTEGER, out_stamp TEXT, megapixels REAL, seconds REAL, doubt REAL,
    code TEXT, message TEXT, hint TEXT, receipt TEXT, changed REAL,
    circumstances TEXT,             -- of a failure: what it may be due to beyond the photo (circumstances.py)
    mark TEXT                       -- what a person says of its result: good, redo, hand
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_state ON photos (seen, state);
CREATE INDEX IF NOT EXISTS by_source ON photos (source);
CREATE INDEX IF NOT EXISTS by_doubt ON photos (seen, doubt);
CREATE TABLE IF NOT EXISTS runs (number INTEGER PRIMARY KEY, began REAL, ended REAL, version TEXT, command TEXT);
"""


class Database(sqlite3.Connection):
    """A connection that takes and gives file names which are no UTF-8: SQLite's text cannot hold them, so their own
    bytes are stored (a BLOB), and read as Python's escaped surrogates again."""

    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:
        """As in the base class."""
        return super().execute(statement, tuple(map(storable, values)))


class Row(sqlite3.Row):
    """A row whose bytes are names."""

    def __getitem__(self, key: Any) -> Any:
        return _named(super().__getitem__(key))

    def __iter__(self) -> Iterator[Any]:
        return map(_named, super().__iter__())


def storable(value: Any) -> Any:
    """A value as SQLite holds it: a name that is no UTF-8 as its bytes."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value


def _named(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def open_tables(path: Path) -> sqlite3.Connection:
    """Opens, or makes, the database. Raises WriteError when it cannot, or when it is of a later kind."""
    try:
        database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False, factory=Database)
        database.row_factory = Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise WriteError(f"{path} was written by a later gigamatte (its version {version}, ours {VERSION})")
        database.executescript(_TABLES + written.TABLE)
        _take_over(database, version)
    except sqlite3.Error as error:
        raise unwritable(path, error) from error
    return database


def open_to_read(path: Path) -> sqlite3.Connection:
    """Opens the database of another division, as it is. Raises WriteError when it cannot."""
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, factory=Database
        )
    except sqlite3.Error as error:
        raise unwritable(path, error) from error
    database.row_factory = Row
    return database


def _take_over(database: sqlite3.Connection, version: int) -> None:
    """Bring a manifest of an earlier version, 0 for a new one, to this one; all of it or nothing."""
    if version == VERSION:
        return
    columns = {1: ("pair", "handed", "stale"), 2: ("handed", "stale")}.get(version, ())
    known = {row["name"] for row in database.execute("PRAGMA table_info(photos)")}
    database.execute("BEGIN IMMEDIATE")
    for column in columns:
        database.execute(f"ALTER TABLE photos ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    if columns:
        written.take_over(database)
        database.execute("UPDATE photos SET handed = 1 WHERE ours AND sha256 IS NULL")
    for column in ("circumstances", "mark"):
        if column not in known:
            database.execute(f"ALTER TABLE photos ADD COLUMN {column} TEXT")
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def unwritable(path: Path, error: sqlite3.Error) -> WriteError:
    """The error that says so, with what may be the matter."""
    return WriteError(
        f"the manifest {path} cannot be used: {error}", "is its disk full, or its folder read-only or a network folder?"
    )
