"""The manifest: one SQLite database per shard that remembers every photo, what was made of it, and what went wrong.

One process writes it (``lock.py``); anybody may read it meanwhile (WAL). A photo is marked as running, durably, before
work on it begins, and as done after its result lies whole and synced on the disk: whatever a power cut loses between
the two is done again, and what is half-written was never a result.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from gigamatte.batch import beside, written
from gigamatte.batch.counts import Counts, Tally
from gigamatte.batch.enlist import Listing, row_of
from gigamatte.batch.outcomes import note_outcome
from gigamatte.batch.pair import any_at, files_of
from gigamatte.batch.tables import open_tables, open_to_read, storable, unwritable
from gigamatte.batch.task import Known, Outcome, Source, Task, Written
from gigamatte.errors import InputError

#: attempts after which a photo is left alone until it, or the options, change
ATTEMPTS = 2


class Manifest:
    """Opens, or makes, the database at ``path``. Raises WriteError when it cannot, or when it is of a later kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_tables(path)
        self.run = 0
        self._circumstances = ""
        #: photos are listed in one thread and cut in another
        self._lock = threading.RLock()
        self._others: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close it; whatever was committed stays."""
        with self._lock:
            for database in (self._db, *self._others):
                database.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin(self, command: str, version: str, circumstances: str = "", *, same_list: bool = False) -> list[str]:
        """Start a run. Gives the files that an earlier run left unfinished, and has their photos wait again.

        A photo that was given up on is tried again when ``circumstances`` are not those it failed in. ``same_list``:
        the photos are those of the run before, whether they are listed again or not.
        """
        self._circumstances = circumstances
        with self._writing():
            row = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()
            self.run = int(row[0])
            values = (self.run, time.time(), version, command)
            self._db.execute("INSERT INTO runs (number, began, version, command) VALUES (?, ?, ?, ?)", values)
            if same_list:
                self._db.execute("UPDATE photos SET seen = ? WHERE seen = ?", (self.run, self.run - 1))
        rows = self._db.execute("SELECT target, pair FROM photos WHERE state = 'running'")
        left = [file for row in rows for file in files_of(row["target"], row["pair"])]
        with self._writing():
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE state IN ('running', 'later')")
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
        watching: bool = False,
        redo: bool = False,
    ) -> tuple[Counts, int, list[dict[str, Any]]]:
        """Note photos as new, changed, or as they were.

        Gives their states; how many of them this run had listed already; and the rows of those that stay given up on.

        Two photos of one key (in a list, ``x/a.jpg`` and ``/x/a.jpg``) are told apart: the second gets another.

        ``standing(file)`` gives the stamp of a result's file, None where there is none. ``pair``: results are two files
        each. ``retry`` gives quarantined photos another chance; ``recheck`` has inputs and results hashed again;
        ``overwrite`` has results redone that were kept because somebody had changed them. ``watching``: photos are
        listed again and again, and may have changed since. ``redo``: whatever is listed is done again.
        """
        listing = Listing(
            self._db, self._others, self.run, config, template, standing,
            pair=pair, retry=retry, recheck=recheck, overwrite=overwrite, circumstances=self._circumstances,
            watching=watching, redo=redo,
        )  # fmt: skip
        found, again, given_up = Tally(), 0, list[dict[str, Any]]()
        with self._writing():
            for source in sources:
                row = listing.note(source)
                if row is None:
                    again += 1
                    continue
                found.add(row)
                if row["state"] == "quarantined" and row["code"] != "refused":
                    given_up.append({name: row[name] for name in ("key", "message", "hint")})
        return found.counts(), again, given_up

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of ``keys`` whose photo has been cut before, or has failed."""
        select = "SELECT 1 FROM photos WHERE key = ? AND state NOT IN ('waiting', 'running', 'later')"
        with self._lock:
            return frozenset(key for key in keys if self._db.execute(select, (key,)).fetchone() is not None)

    def listed(self) -> None:
        """The list is complete: what waited for that may be cut."""
        with self._writing():
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE state = 'later'")

    def has(self, source: Source) -> bool:
        """Whether this run has listed a photo as it is now, or is cutting it."""
        select = "SELECT 1 FROM photos WHERE key = ? AND seen = ? AND (stamp = ? OR state = 'running')"
        with self._lock:
            return self._db.execute(select, (source.key, self.run, source.stamp)).fetchone() is not None

    def marked_redo(self) -> Iterator[Source]:
        """Photos that somebody wants done again, as they are now."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM photos WHERE mark = 'redo' ORDER BY key").fetchall()
        for row in rows:
            try:
                size, stamp = beside.stamp_of(row["source"], hinted=beside.hinted(row["stamp"]) or None)
            except InputError as error:
                yield Source(row["key"], row["source"], row["bytes"], "", refusal=error.message)
                continue
            yield Source(row["key"], row["source"], size, stamp)

    def some_waiting(self, most: int) -> list[dict[str, Any]]:
        """Photos that wait, from all over the list."""
        waiting = self.counts().waiting
        select = "SELECT * FROM photos WHERE seen = ? AND state = 'waiting' ORDER BY key LIMIT 1 OFFSET ?"
        places = sorted({index * waiting // most for index in range(most)})
        with self._lock:
            found = [self._db.execute(select, (self.run, place)).fetchone() for place in places]
        return [dict(row) for row in found if row is not None]

    def waits(self) -> bool:
        """Whether a photo of this run waits to be cut."""
        select = "SELECT 1 FROM photos WHERE seen = ? AND state = 'waiting' LIMIT 1"
        with self._lock:
            return self._db.execute(select, (self.run,)).fetchone() is not None

    def adopt(self, other: Path) -> None:
        """Take over what another division into shards has done, photo by photo as they are listed."""
        self._others.append(open_to_read(other))

    def claim(
        self, most: int, place: Callable[[str], str], look: Callable[[list[str]], Mapping[str, str]], *,
        overwrite: bool = False, complete: bool = True,
    ) -> list[Task]:  # fmt: skip
        """Up to ``most`` waiting photos of this run, marked as running before they are handed out.

        ``place`` makes a path or URI of a target; ``look`` gives the stamps of what lies at places, where anything
        does. What is not, by its stamp, what was written there may not be replaced unless its hash says that it is, or
        ``overwrite`` allows it; a photo is never replaced. As long as the list is not ``complete``, whatever lies at a
        target may be a photo that is still to be listed: such tasks come later.
        """
        select = "SELECT * FROM photos WHERE seen = ? AND state = 'waiting' ORDER BY key LIMIT ?"
        while True:
            with self._lock:
                rows = self._db.execute(select, (self.run, most)).fetchall()
            places = [place(file) for row in rows for file in files_of(row["target"], row["pair"])]
            stamps = look(places) if places else {}
            later = [row["key"] for row in rows if not complete and any_at(row, place, stamps)]
            with self._writing():
                for key in later:
                    self._db.execute("UPDATE photos SET state = 'later' WHERE key = ?", (key,))
                tasks = [self._task(row, place, stamps, overwrite) for row in rows if row["key"] not in later]
                for task in tasks:
                    self._db.execute(
                        "UPDATE photos SET state = 'running', ours = ?, handed = ? WHERE key = ?",
                        (task.replace, task.replace, task.key),
                    )
            if tasks or not later:
                return tasks

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what became of tasks."""
        with self._writing():
            for outcome in outcomes:
                note_outcome(self._db, outcome, self._circumstances, ATTEMPTS)

    def will_retry(self, outcome: Outcome) -> bool:
        """Whether a photo that failed is tried again in this run."""
        with self._lock:
            row = row_of(self._db, outcome.key)
        attempts = 0 if row is None else row["attempts"] + (row["state"] == "running")
        return outcome.verdict == "retry" and attempts < ATTEMPTS

    def give_back(self, done: Iterable[str] = ()) -> None:
        """Photos that were handed out and will not be cut now wait again, and those of ``done``, to be redone."""
        with self._writing():
            self._db.execute("UPDATE photos SET state = 'waiting' WHERE state = 'running'")
            self._db.executemany(
                "UPDATE photos SET state = 'waiting' WHERE key = ?", [(storable(key),) for key in done]
            )

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
        with self._lock:
            found = {row["state"]: row for row in self._db.execute(select, (self.run,))}

        def of(*states: str, column: str = "photos") -> float:
            return float(sum(found[state][column] for state in states if state in found))

        return Counts(
            waiting=int(of("waiting", "running", "later")),
            done=int(of("done")),
            failed=int(of("failed")),
            quarantined=int(of("quarantined")),
            kept=int(of("kept")),
            waiting_bytes=int(of("waiting", "running", "later", column="bytes")),
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
            row["key"], row["source"], place(row["target"]), row["bytes"],
            hints=beside.hints_of(row["source"]) if beside.hinted(row["stamp"]) else None, replace=free, known=known,
            written=() if free else tuple(remembered), earlier=earlier,
        )  # fmt: skip

    def _is_source(self, place: str) -> bool:
        return self._db.execute("SELECT 1 FROM photos WHERE source = ?", (place,)).fetchone() is not None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction. Raises WriteError when the database cannot be written, on a full disk for example."""
        with self._lock:
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
                raise unwritable(self.path, error) from error
