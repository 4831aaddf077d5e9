"""Records which lot each listed photo belongs to: photos are assigned in their order and never move."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gigamatte.batch.lister import stamped
from gigamatte.batch.naming import distinct
from gigamatte.batch.places import exists
from gigamatte.batch.tables import Database
from gigamatte.batch.tars.lots import Lot, stamp_of_listed
from gigamatte.batch.task import Source
from gigamatte.errors import InputError, UsageError, WriteError
from gigamatte.messages.plural import plural

#: photos of a lot, unless --tar-photos says so
PHOTOS = 1000
#: seconds without a new photo after which the last lot of a watched folder is no longer waited for
QUIET = 60.0
#: photos that are looked up, and asked for, together
_CHUNK = 256

_TABLES = """
CREATE TABLE IF NOT EXISTS members (
    key TEXT PRIMARY KEY, lot INTEGER NOT NULL, place TEXT NOT NULL, bytes INTEGER NOT NULL, stamp TEXT NOT NULL,
    refusal TEXT NOT NULL, seen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_lot ON members (lot);
CREATE TABLE IF NOT EXISTS lots (number INTEGER PRIMARY KEY, photos INTEGER NOT NULL, closed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Members:
    """The lots of one list, each of ``most`` photos, named ``stem-00000`` and so on. Raises WriteError, UsageError."""

    def __init__(self, path: Path, stem: str, most: int) -> None:
        self._path, self._stem, self._most = path, stem, most
        self._run = time.time_ns()
        self._latest = time.monotonic()
        try:
            self._db = sqlite3.connect(path, factory=Database, isolation_level=None)
            self._db.executescript(_TABLES)
            self._db.execute("INSERT OR IGNORE INTO facts VALUES ('photos', ?)", (str(most),))
            found = self._db.execute("SELECT value FROM facts WHERE name = 'photos'").fetchone()
        except sqlite3.Error as error:
            raise WriteError(f"{path} cannot be written: {error}") from error
        if (there := found["value"]) != str(most):
            self._db.close()
            raise UsageError(
                f"the tar shards there have {there} photo{plural(there)} each, and --tar-photos says {most}",
                "say the same number, or name another OUT",
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def has(self, source: Source) -> bool:
        """Whether a photo is in a lot as it is now."""
        row = self._db.execute("SELECT stamp FROM members WHERE key = ?", (source.key,)).fetchone()
        return row is not None and row["stamp"] == source.stamp

    def lots(self, sources: Iterator[Source], *, known: bool = True, grows: bool = False) -> Iterator[Lot]:
        """New lots as soon as they are full, and the rest of the list; behind them lots that have changed.

        ``known``: all others too. ``grows``: more photos may come; the rest waits for them, but not for long.
        """
        given, changed = set[int](), set[int]()
        for chunk in _chunks(sources):
            for number, full in self._note(stamped(chunk, chunk)):
                changed.add(number)
                if full:
                    given.add(number)
                    yield self._lot(number)
        if not grows or time.monotonic() - self._latest > QUIET:
            changed |= {row["number"] for row in self._db.execute("SELECT number FROM lots WHERE closed = 0")}
            self._db.execute("UPDATE lots SET closed = 1 WHERE closed = 0")
        for row in self._db.execute("SELECT number FROM lots WHERE closed = 1 ORDER BY number").fetchall():
            if row["number"] not in given and (known or row["number"] in changed):
                yield self._lot(row["number"])

    def lot(self, name: str) -> Lot:
        """One that ``lots`` has given."""
        return self._lot(int(name.rpartition("-")[2]))

    def _note(self, chunk: list[Source]) -> list[tuple[int, bool]]:
        """(number of its lot, whether that is full now) of each photo that is new or has changed."""
        noted = []
        self._db.execute("BEGIN IMMEDIATE")
        for source in map(self._own_key, chunk):
            row = self._db.execute("SELECT * FROM members WHERE key = ?", (source.key,)).fetchone()
            number, count = (row["lot"], 0) if row is not None else self._open()
            values = (source.key, number, source.place, source.bytes, source.stamp, source.refusal, self._run)
            self._db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            if row is None or (row["stamp"], row["place"]) != (source.stamp, source.place):
                self._latest = time.monotonic()
                noted.append((number, count == self._most))
        self._db.execute("COMMIT")
        return noted

    def _own_key(self, source: Source) -> Source:
        """Two photos of one key (in a list, ``x/a.jpg`` and ``/x/a.jpg``) get different keys."""
        row = self._db.execute("SELECT place, seen FROM members WHERE key = ?", (source.key,)).fetchone()
        if row is None or row["place"] == source.place or row["seen"] != self._run:
            return source
        return replace(source, key=distinct(source.key, source.place))

    def _open(self) -> tuple[int, int]:
        """(the lot for the next photo, how many it has with that)."""
        row = self._db.execute("SELECT number, photos FROM lots WHERE closed = 0").fetchone()
        if row is None:
            last = self._db.execute("SELECT coalesce(max(number), -1) AS last FROM lots").fetchone()["last"]
            number, count = last + 1, 1
        else:
            number, count = row["number"], row["photos"] + 1
        self._db.execute("INSERT OR REPLACE INTO lots VALUES (?, ?, ?)", (number, count, int(count >= self._most)))
        return number, count

    def _lot(self, number: int) -> Lot:
        select = "SELECT * FROM members WHERE lot = ? ORDER BY key"
        rows = self._db.execute(select, (number,)).fetchall()
        stamp = stamp_of_listed([(row["key"], row["place"], row["stamp"]) for row in rows])
        listed = tuple(
            Source(row["key"], row["place"], row["bytes"], row["stamp"], row["refusal"])
            for row in rows
            if row["seen"] == self._run or _is_there(row["place"])
        )
        return Lot(f"{self._stem}-{number:05}", listed=listed, stamp=stamp)


def _is_there(place: str) -> bool:
    """A photo that is gone stays in the tar shard that it is in, and is left out where that is made again."""
    try:
        return exists(place)
    except InputError:
        return True


def _chunks(sources: Iterator[Source]) -> Iterator[list[Source]]:
    chunk = []
    for source in sources:
        chunk.append(source)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
