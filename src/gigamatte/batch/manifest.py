"""The manifest: one SQLite database per shard that remembers every photo, what was made of it, and what went wrong.

One process writes it (``lock.py``); anybody may read it meanwhile (WAL). A photo is marked as running, durably, before
work on it begins, and as done after its result lies whole and synced on the disk: whatever a power cut loses between
the two is done again, and what is half-written was never a result.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from gigamatte.batch import written
from gigamatte.batch.naming import candidates, distinct, folded
from gigamatte.batch.pair import files_of, joined
from gigamatte.batch.task import Known, Outcome, Source, Task, Written
from gigamatte.errors import GigamatteError, WriteError

#: attempts after which a photo is left alone until it, or the options, change
ATTEMPTS = 2
VERSION = 3

_TABLES = """
CREATE TABLE IF NOT EXISTS photos (
    key TEXT PRIMARY KEY, source TEXT NOT NULL, bytes INTEGER NOT NULL, stamp TEXT NOT NULL, config TEXT NOT NULL,
    target TEXT NOT NULL UNIQUE, folded TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,            -- waiting, running, done, kept (its result was changed since by somebody else),
                                    -- failed (is tried again), quarantined (is not)
    attempts INTEGER NOT NULL DEFAULT 0,
    ours INTEGER NOT NULL DEFAULT 0,    -- what lies at the target, if anything, is from this batch
    seen INTEGER NOT NULL,          -- the last run that listed it
    pair INTEGER NOT NULL DEFAULT 0,    -- its result is two files, named after the target
    handed INTEGER NOT NULL DEFAULT 0,  -- it was cut and what came of it was not noted: what lies there may be ours
    stale INTEGER NOT NULL DEFAULT 0,   -- it failed, and an earlier result stays at the target
    fingerprint TEXT, sha256 TEXT, out_bytes INTEGER, out_stamp TEXT, megapixels REAL, seconds REAL, doubt REAL,
    code TEXT, message TEXT, hint TEXT, receipt TEXT, changed REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_state ON photos (seen, state);
CREATE INDEX IF NOT EXISTS by_source ON photos (source);
CREATE INDEX IF NOT EXISTS by_doubt ON photos (seen, doubt);
CREATE TABLE IF NOT EXISTS runs (number INTEGER PRIMARY KEY, began REAL, ended REAL, version TEXT, command TEXT);
"""
_CLEAN = "fingerprint=NULL, sha256=NULL, out_bytes=NULL, out_stamp=NULL, doubt=NULL, receipt=NULL"


@dataclass(frozen=True, slots=True)
class Counts:
    """Photos of this run by state, and the sums that rates and forecasts are made of."""

    waiting: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    kept: int = 0
    waiting_bytes: int = 0
    done_bytes: int = 0
    done_megapixels: float = 0.0

    @property
    def total(self) -> int:
        """All photos that were listed."""
        return self.waiting + self.done + self.kept + self.failed + self.quarantined


class Manifest:
    """Opens, or makes, the database at ``path``. Raises WriteError when it cannot, or when it is of a later kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise WriteError(f"{path} was written by a later gigamatte (its version {version}, ours {VERSION})")
            self._db.executescript(_TABLES + written.TABLE)
            self._take_over(version)
        except sqlite3.Error as error:
            raise _unwritable(path, error) from error
        self.run = 0
        self._others: list[sqlite3.Connection] = []

    def _take_over(self, version: int) -> None:
        """Bring a manifest of an earlier version, 0 for a new one, to this one; all of it or nothing."""
        if version == VERSION:
            return
        columns = {1: ("pair", "handed", "stale"), 2: ("handed", "stale")}.get(version, ())
        self._db.execute("BEGIN IMMEDIATE")
        for column in columns:
            self._db.execute(f"ALTER TABLE photos ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
        if columns:
            written.take_over(self._db)
            self._db.execute("UPDATE photos SET handed = 1 WHERE ours AND sha256 IS NULL")
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close it; whatever was committed stays."""
        for database in (self._db, *self._others):
            database.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin(self, command: str, version: str) -> list[str]:
        """Start a run. Gives the files that an earlier run left unfinished, and has their photos wait again."""
        with self._writing():
            row = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()
            self.run = int(row[0])
            values = (self.run, time.time(), version, command)
            self._db.execute("INSERT INTO runs (number, began, version, command) VALUES (?, ?, ?, ?)", values)
        rows = self._db.execute("SELECT target, pair FROM photos WHERE state = 'running'")
        left = [file for row in rows for file in files_of(row["target"], row["pair"])]
        with self._writing():
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE state = 'running'")
        return left

    def end(self) -> None:
        """The run is over."""
        with self._writing():
            self._db.execute("UPDATE runs SET ended = ? WHERE number = ?", (time.time(), self.run))

    def enlist(
        self,
        sources: Iterable[Source],
        config: str,
        template: str,
        standing: Callable[[str], str | None],
        *,
        pair: bool = False,
        retry: bool = False,
        recheck: bool = False,
        overwrite: bool = False,
    ) -> int:
        """Note photos as new, changed, or as they were; how many of them this run had listed already.

        Two photos of one key (in a list, ``x/a.jpg`` and ``/x/a.jpg``) are told apart: the second gets another.

        ``standing(file)`` gives the stamp of a result's file, None where there is none. ``pair``: results are two files
        each. ``retry`` gives quarantined photos another chance; ``recheck`` has inputs and results hashed again;
        ``overwrite`` has results redone that were kept because somebody had changed them.
        """
        repeated = 0
        with self._writing():
            for listed in sources:
                source, row = self._own_key(listed)
                if row is not None and row["seen"] == self.run:
                    repeated += 1
                    continue
                # what lies where the other kind of result would is not known to be ours; and what this division only
                # listed, another may have finished since
                if row is not None and (not _fits(row, source.key, template, pair) or self._done_elsewhere(row)):
                    self._db.execute("DELETE FROM photos WHERE key = ?", (source.key,))
                    row = None
                if row is None:
                    self._add(source, config, template, pair)
                    row = self._row(source.key)
                    assert row is not None  # it was added a line ago
                self._revise(row, source, config, standing, retry=retry, recheck=recheck, overwrite=overwrite)
        return repeated

    def adopt(self, other: Path) -> None:
        """Take over what another division into shards has done, photo by photo as they are listed."""
        try:
            self._others.append(sqlite3.connect(f"{other.absolute().as_uri()}?mode=ro", uri=True))
            self._others[-1].row_factory = sqlite3.Row
        except sqlite3.Error as error:
            raise _unwritable(other, error) from error

    def claim(
        self, most: int, place: Callable[[str], str], look: Callable[[list[str]], Mapping[str, str]], *,
        overwrite: bool = False,
    ) -> list[Task]:  # fmt: skip
        """Up to ``most`` waiting photos of this run, marked as running before they are handed out.

        ``place`` makes a path or URI of a target; ``look`` gives the stamps of what lies at places, where anything
        does. What is not, by its stamp, what was written there may not be replaced unless its hash says that it is, or
        ``overwrite`` allows it; a photo is never replaced.
        """
        select = "SELECT * FROM photos WHERE seen = ? AND state = 'waiting' ORDER BY key LIMIT ?"
        rows = self._db.execute(select, (self.run, most)).fetchall()
        places = [place(file) for row in rows for file in files_of(row["target"], row["pair"])]
        stamps = look(places) if places else {}
        tasks = [self._task(row, place, stamps, overwrite) for row in rows]
        with self._writing():
            for task in tasks:
                self._db.execute(
                    "UPDATE photos SET state = 'running', ours = ?, handed = ? WHERE key = ?",
                    (task.replace, task.replace, task.key),
                )
        return tasks

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what became of tasks."""
        with self._writing():
            for outcome in outcomes:
                if outcome.state == "done":
                    self._record_done(outcome)
                elif outcome.state == "same":
                    self._db.execute(
                        "UPDATE photos SET state = 'done', ours = 1, stamp = ?, out_stamp = ?, changed = ?, stale = 0,"
                        " code = NULL, message = NULL, hint = NULL WHERE key = ?",
                        (outcome.stamp, outcome.out_stamp, time.time(), outcome.key),
                    )
                elif outcome.state == "kept":
                    self._db.execute(
                        "UPDATE photos SET state = 'kept', attempts = 0, stamp = ?, out_stamp = ?, code = ?,"
                        " message = ?, hint = ?, changed = ?, stale = 0 WHERE key = ?",
                        (
                            outcome.stamp, outcome.out_stamp, outcome.code, outcome.message, outcome.hint, time.time(),
                            outcome.key,
                        ),
                    )  # fmt: skip
                else:
                    self._record_failure(outcome)
                self._db.execute("UPDATE photos SET handed = 0 WHERE key = ?", (outcome.key,))
                if outcome.state in ("done", "same") and (row := self._row(outcome.key)) is not None:
                    written.note(self._db, row)

    def will_retry(self, outcome: Outcome) -> bool:
        """Whether a photo that failed is tried again in this run."""
        row = self._row(outcome.key)
        attempts = 0 if row is None else row["attempts"] + (row["state"] == "running")
        return outcome.verdict == "retry" and attempts < ATTEMPTS

    def give_back(self) -> None:
        """Photos that were handed out and will not be cut now wait again."""
        with self._writing():
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE state = 'running'")

    def try_again(self) -> int:
        """Have photos that failed tried once more; how many they are."""
        with self._writing():
            found = self._db.execute(
                "UPDATE photos SET state = 'waiting' WHERE seen = ? AND state = 'failed'", (self.run,)
            )
            return found.rowcount

    def counts(self) -> Counts:
        """How far this run is."""
        select = (
            "SELECT state, count(*) AS photos, total(bytes) AS bytes, total(megapixels) AS megapixels "
            "FROM photos WHERE seen = ? GROUP BY state"
        )
        found = {row["state"]: row for row in self._db.execute(select, (self.run,))}

        def of(*states: str, column: str = "photos") -> float:
            return float(sum(found[state][column] for state in states if state in found))

        return Counts(
            waiting=int(of("waiting", "running")),
            done=int(of("done")),
            failed=int(of("failed")),
            quarantined=int(of("quarantined")),
            kept=int(of("kept")),
            waiting_bytes=int(of("waiting", "running", column="bytes")),
            done_bytes=int(of("done", column="bytes")),
            done_megapixels=of("done", column="megapixels"),
        )

    def rows(self, where: str = "1", order: str = "key", most: int = -1) -> Iterator[dict[str, Any]]:
        """Rows of this run as dictionaries, ``receipt`` unpacked. The words are SQL of our own, never a user's."""
        select = f"SELECT * FROM photos WHERE seen = ? AND {where} ORDER BY {order} LIMIT ?"
        for row in self._db.execute(select, (self.run, most)):
            plain = dict(row)
            plain["receipt"] = json.loads(plain["receipt"]) if plain["receipt"] else None
            yield plain

    def _record_done(self, outcome: Outcome) -> None:
        self._db.execute(
            "UPDATE photos SET state = 'done', attempts = 0, ours = 1, fingerprint = ?, stamp = ?, sha256 = ?,"
            " out_bytes = ?, out_stamp = ?, megapixels = ?, seconds = ?, doubt = ?, receipt = ?, changed = ?,"
            " code = NULL, message = NULL, hint = NULL, stale = 0 WHERE key = ?",
            (
                outcome.fingerprint, outcome.stamp, outcome.sha256, outcome.out_bytes, outcome.out_stamp,
                outcome.megapixels, outcome.seconds, outcome.doubt, json.dumps(outcome.receipt), time.time(),
                outcome.key,
            ),
        )  # fmt: skip

    def _record_failure(self, outcome: Outcome) -> None:
        if outcome.verdict == "stop":
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE key = ?", (outcome.key,))
            return
        self._db.execute(
            "UPDATE photos SET attempts = attempts + 1, code = ?, message = ?, hint = ?, seconds = ?, changed = ?,"
            " stale = ?, state = CASE WHEN ? OR attempts + 1 >= ? THEN 'quarantined' ELSE 'failed' END WHERE key = ?",
            (
                outcome.code, outcome.message, outcome.hint, outcome.seconds, time.time(), outcome.stale,
                outcome.verdict == "final", ATTEMPTS, outcome.key,
            ),
        )  # fmt: skip

    def _task(self, row: sqlite3.Row, place: Callable[[str], str], stamps: Mapping[str, str], overwrite: bool) -> Task:
        free, earlier, remembered = True, False, list[tuple[Written, ...]]()
        for file in files_of(row["target"], row["pair"]):
            at, found = place(file), tuple[Written, ...]()
            if self._is_source(at):
                free = False
            elif at in stamps:
                found = tuple(written.look_up((self._db, *self._others), file, row["key"]))
                own = [one for one in found if one.source == row["source"]]
                earlier = earlier or bool(own)
                free &= overwrite or bool(row["handed"]) or any(one.stamp == stamps[at] for one in own)
            remembered.append(found)
        known = Known(row["fingerprint"], row["sha256"]) if row["sha256"] else None
        return Task(
            row["key"], row["source"], place(row["target"]), row["bytes"], replace=free, known=known,
            written=() if free else tuple(remembered), earlier=earlier,
        )  # fmt: skip

    def _is_source(self, place: str) -> bool:
        return self._db.execute("SELECT 1 FROM photos WHERE source = ?", (place,)).fetchone() is not None

    def _row(self, key: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute("SELECT * FROM photos WHERE key = ?", (key,)).fetchone()
        return row

    def _own_key(self, source: Source) -> tuple[Source, sqlite3.Row | None]:
        """The photo under a key of its own, and its row if there is one."""
        row = self._row(source.key)
        other = replace(source, key=distinct(source.key, source.place))
        before = self._row(other.key)
        # in whichever order they come this time, each keeps the key that it had
        if before is not None and before["source"] == source.place:
            return other, before
        if row is not None and row["seen"] == self.run and row["source"] != source.place:
            return other, before
        return source, row

    def _done_elsewhere(self, row: sqlite3.Row) -> bool:
        wanted = "SELECT 1 FROM photos WHERE key = ? AND ours"
        return not row["ours"] and any(other.execute(wanted, (row["key"],)).fetchone() for other in self._others)

    def _add(self, source: Source, config: str, template: str, pair: bool) -> None:
        for other in self._others:
            row = other.execute("SELECT * FROM photos WHERE key = ? AND ours", (source.key,)).fetchone()
            if row is not None and _fits(row, source.key, template, pair):
                values = dict(row) | {"seen": self.run}
                names, marks = ", ".join(values), ", ".join("?" * len(values))
                try:
                    self._db.execute(f"INSERT INTO photos ({names}) VALUES ({marks})", tuple(values.values()))
                    return
                except sqlite3.IntegrityError:
                    break  # somebody has its name already: it gets another and is cut again
        insert = (
            "INSERT INTO photos (key, source, bytes, stamp, config, target, folded, pair, state, seen) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)"
        )
        for target in candidates(source.key, template):
            own = (source.key, source.place, source.bytes, source.stamp, config)
            try:
                self._db.execute(insert, (*own, target, folded(target), pair, self.run))
                return
            except sqlite3.IntegrityError:
                continue
        raise GigamatteError(f"{source.key}: every name for its result is taken", "choose another --name")

    def _revise(
        self,
        row: sqlite3.Row,
        source: Source,
        config: str,
        standing: Callable[[str], str | None],
        *,
        retry: bool,
        recheck: bool,
        overwrite: bool,
    ) -> None:
        """Decide what a listed photo needs, from what is remembered of it."""
        # a photo of the same name from elsewhere is another photo: what lies at the target is not its result
        moved = row["source"] != source.place
        ours = row["ours"] and not moved
        self._db.execute(
            "UPDATE photos SET seen = ?, source = ?, bytes = ?, config = ?, stamp = ?, ours = ?, handed = ?"
            " WHERE key = ?",
            (
                self.run,
                source.place,
                source.bytes,
                config,
                source.stamp,
                ours,
                row["handed"] and not moved,
                source.key,
            ),
        )
        if source.refusal:
            self._db.execute(
                "UPDATE photos SET state = 'quarantined', code = 'refused', message = ?, hint = '' WHERE key = ?",
                (source.refusal, source.key),
            )
            return
        redo, touched = row["config"] != config, moved or row["stamp"] != source.stamp
        if row["state"] in ("done", "kept") and not redo:
            stands = joined(map(standing, files_of(row["target"], row["pair"])))
            again = recheck or (overwrite and row["state"] == "kept")
            if not touched and not again and stands == row["out_stamp"]:
                return
            redo = stands is None  # a result that stands may turn out to be right once it is hashed
        elif row["state"] == "quarantined" and not (redo or touched or retry or row["code"] in ("exists", "refused")):
            return
        clean = f", {_CLEAN}" if redo else ""
        attempts = row["attempts"] if row["state"] in ("waiting", "failed") and not (redo or touched) else 0
        self._db.execute(
            f"UPDATE photos SET state = 'waiting', attempts = ?{clean} WHERE key = ?", (attempts, source.key)
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction. Raises WriteError when the database cannot be written, on a full disk for example."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _unwritable(self.path, error) from error


def _fits(row: sqlite3.Row, key: str, template: str, pair: bool) -> bool:
    """Whether a row tells of a result as it would be called now. Manifests of version 1 know no pairs."""
    two = "pair" in row.keys() and bool(row["pair"])  # noqa: SIM118  # a Row is a sequence of its values
    return two == pair and row["target"] in candidates(key, template)


def _unwritable(path: Path, error: sqlite3.Error) -> WriteError:
    return WriteError(
        f"the manifest {path} cannot be used: {error}", "is its disk full, or its folder read-only or a network folder?"
    )
