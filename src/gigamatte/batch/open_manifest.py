"""Opens manifests: to write, which makes them where there is none, or to read them as they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gigamatte.batch.migrate import take_over
from gigamatte.batch.tables import VERSION, Database
from gigamatte.errors import WriteError


def open_tables(path: Path) -> Database:
    """Opens, or makes, the database; one of an earlier version becomes one of today, all of it or nothing.

    Raises WriteError when it cannot, or when it is of a later kind.
    """
    try:
        database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False, factory=Database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise WriteError(f"{path} was written by a later gigamatte (its version {version}, ours {VERSION})")
        if version < VERSION:
            take_over(database)
    except sqlite3.Error as error:
        raise unwritable(path, error) from error
    return database


def open_to_read(path: Path) -> Database:
    """Opens the database of another division, as it is. Raises WriteError when it cannot."""
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, factory=Database
        )
    except sqlite3.Error as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: sqlite3.Error) -> WriteError:
    """The error for a database that cannot be written, with the likely cause."""
    return WriteError(
        f"the manifest {path} cannot be used: {error}", "is its disk full, or its folder read-only or a network folder?"
    )
