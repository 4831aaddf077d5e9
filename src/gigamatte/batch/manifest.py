"""The manifest: one SQLite database per shard that remembers every photo, what was made of it, and what went wrong.

One process writes it (``lock.py``); anybody may read it meanwhile (WAL). A photo is marked as running, durably, before
work on it begins, and as done after its result lies whole and synced on the disk: whatever a power cut loses between
the two is done again, and what is half-written was never a result.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from gigamatte.batch import hint_files
from gigamatte.batch.compact import stamp_number
from gigamatte.batch.counts import Counts, Tally, counts_of
from gigamatte.batch.dispatch import Dispatch
from gigamatte.batch.enlist import Listing, Wish
from gigamatte.batch.open_manifest import open_tables, open_to_read, unwritable
from gigamatte.batch.outcomes import note_outcome
from gigamatte.batch.pair import any_at, files_of
from gigamatte.batch.records import plain_row, row_of
from gigamatte.batch.tables import EARLY, FAILED, LATER, RUNNING, WAITING, Database
from gigamatte.batch.task import Outcome, Source, Task
from gigamatte.errors import InputError

#: attempts after which a photo is left alone until it, or the options, change
ATTEMPTS = 2
#: as the index has it
_WAIT = f"state = {WAITING} AND state < 5 AND seen = ?"


class Manifest:
    """Opens, or makes, the database at ``path``. Raises WriteError when it cannot, or when it is of a later kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = open_tables(path)
        self.run = 0
        self._circumstances = ""
        #: photos of the run before wait to be brought forward, from behind a key on
        self._resumes, self._forward = False, ""
        #: photos are listed in one thread and cut in another
        self._lock = threading.RLock()
        self._others: list[Database] = []

    def close(self) -> None:
        """Close it; whatever was committed stays."""
        with self._lock:
            for database in (self._db, *self._others):
                database.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin(
        self, command: str, version: str, circumstances: str = "", *, same_list: bool = False, listing: str = ""
    ) -> list[str]:
        """Start a run. Gives the files that an earlier run left unfinished, and has their photos wait again.

        A photo that was given up on is tried again when ``circumstances`` are not those it failed in. ``same_list``:
        the photos are those of the run before, whether they are listed again or not. ``listing``: a hash of what is
        listed and how; where it is that of the run before, see ``bring_forward``.
        """
        self._circumstances = circumstances
        with self._writing():
            last = self._db.execute("SELECT number, listing FROM runs ORDER BY number DESC LIMIT 1").fetchone()
            self.run = 1 if last is None else last["number"] + 1
            self._resumes = bool(listing) and last is not None and last["listing"] == listing
            values = (self.run, time.time(), version, command, listing)
            self._db.execute(
                "INSERT INTO runs (number, began, version, command, listing) VALUES (?, ?, ?, ?, ?)", values
            )
            if same_list:
                self._db.execute("UPDATE listed SET seen = ? WHERE seen = ?", (self.run, self.run - 1))
        running = self._db.execute("SELECT key FROM listed WHERE state = ? AND state < 5", (RUNNING,))
        left = [file for row in self._rows_of(running) for file in files_of(row["target"], row["pair"])]
        with self._writing():
            for state in (RUNNING, LATER):
                self._db.execute("UPDATE listed SET state = ? WHERE state = ? AND state < 5", (WAITING, state))
        return left

    def bring_forward(self, most: int, look: Callable[[list[str]], Mapping[str, str]]) -> int:
        """Of a run that goes on where another was: have some photos wait before the list has come to them.

        ``look`` gives the stamps of photos at places. Those that have changed or gone are left to the list. How many
        they are; 0 when there is none left to look at.
        """
        while self._resumes:
            with self._lock:
                select = f"SELECT key FROM listed WHERE {_WAIT} AND key > ? ORDER BY key LIMIT ?"
                rows = self._rows_of(self._db.execute(select, (self.run - 1, self._forward, most)))
            if not rows:
                self._resumes = False
                break
            self._forward = rows[-1]["key"]
            stamps = look([row["source"] for row in rows])
            same = [row["key"] for row in rows if stamp_number(stamps.get(row["source"], "")) == row["stamp"]]
            with self._writing():
                for key in same:  # unless the list has come to it meanwhile
                    values = (self.run, EARLY, key, self.run - 1)
                    self._db.execute("UPDATE listed SET seen = ?, flags = flags | ? WHERE key = ? AND seen = ?", values)
            if same:
                return len(same)
        return 0

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

        Two photos of one key (in a list, ``x/a.jpg`` and ``/x/a.jpg``) get different keys: the second gets another.

        ``standing(file)`` gives the stamp of a result's file, None where there is none. ``pair``: results are two files
        each. ``retry`` gives quarantined photos another chance; ``recheck`` has inputs and results hashed again;
        ``overwrite`` has results redone that were kept because somebody had changed them. ``watching``: photos are
        listed again and again, and may have changed since. ``redo``: whatever is listed is done again.
        """
        wish = Wish(
            config, template, pair=pair, retry=retry, recheck=recheck, overwrite=overwrite, watching=watching,
            redo=redo, circumstances=self._circumstances,
        )  # fmt: skip
        found, again, given_up = Tally(), 0, list[dict[str, Any]]()
        with self._writing():
            listing = Listing(self._db, self._others, self.run, wish, standing)
            for source in sources:
                noted = listing.note(source)
                if noted is None:
                    again += 1
                    continue
                found.add(noted)
                if noted.state == "quarantined" and noted.code != "refused":
                    given_up.append({name: getattr(noted, name) for name in ("key", "message", "hint")})
            listing.close()
        return found.counts(), again, given_up

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of ``keys`` whose photo has been cut before, or has failed."""
        select = "SELECT 1 FROM listed WHERE key = ? AND state NOT IN (?, ?, ?)"
        with self._lock:
            states = (WAITING, RUNNING, LATER)
            return frozenset(key for key in keys if self._db.execute(select, (key, *states)).fetchone() is not None)

    def listed(self) -> None:
        """The list is complete: what waited for that may be cut."""
        with self._writing():
            self._resumes = False
            self._db.execute("UPDATE listed SET state = ? WHERE state = ? AND state < 5", (WAITING, LATER))

    def has(self, source: Source) -> bool:
        """Whether this run has listed a photo as it is now, or is cutting it."""
        select = "SELECT 1 FROM listed WHERE key = ? AND seen = ? AND (stamp = ? OR state = ?)"
        with self._lock:
            values = (source.key, self.run, stamp_number(source.stamp), RUNNING)
            return self._db.execute(select, values).fetchone() is not None

    def marked_redo(self) -> Iterator[Source]:
        """Photos that somebody wants done again, as they are now."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM photos WHERE mark = 'redo' ORDER BY key").fetchall()
        for row in rows:
            try:
                size, stamp = hint_files.stamp_of(row["source"], hinted=bool(row["hinted"]) or None)
            except InputError as error:
                yield Source(row["key"], row["source"], row["bytes"], "", refusal=error.message)
                continue
            yield Source(row["key"], row["source"], size, stamp)

    def some_waiting(self, most: int) -> list[dict[str, Any]]:
        """Photos that wait, from all over the list."""
        waiting = self.counts().waiting
        select = f"SELECT key FROM listed WHERE {_WAIT} ORDER BY key LIMIT 1 OFFSET ?"
        places = sorted({index * waiting // most for index in range(most)})
        with self._lock:
            found = [self._db.execute(select, (self.run, place)).fetchone() for place in places]
            return [dict(row) for row in self._rows_of(row for row in found if row is not None)]

    def waits(self) -> bool:
        """Whether a photo of this run waits to be cut."""
        with self._lock:
            found = self._db.execute(f"SELECT 1 FROM listed WHERE {_WAIT} LIMIT 1", (self.run,)).fetchone()
        return found is not None

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
        select = f"SELECT key FROM listed WHERE {_WAIT} ORDER BY key LIMIT ?"
        while True:
            with self._lock:
                rows = self._rows_of(self._db.execute(select, (self.run, most)))
            places = [place(file) for row in rows for file in files_of(row["target"], row["pair"])]
            stamps = look(places) if places else {}
            hand = Dispatch((self._db, *self._others), place, stamps, overwrite=overwrite)
            with self._writing():
                now = [row for row in rows if complete or not any_at(row, place, stamps)]
                tasks = [hand.out(row) for row in now]
                for row in rows:
                    if row not in now:
                        self._db.execute("UPDATE listed SET state = ? WHERE key = ?", (LATER, row["key"]))
            if tasks or not rows:
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
            self._db.execute("UPDATE listed SET state = ? WHERE state = ? AND state < 5", (WAITING, RUNNING))
            for key in done:
                self._db.execute("UPDATE listed SET state = ? WHERE key = ?", (WAITING, key))

    def try_again(self) -> int:
        """Have photos that failed tried once more; how many they are."""
        with self._writing():
            update = "UPDATE listed SET state = ? WHERE state = ? AND state < 5 AND seen = ?"
            return self._db.execute(update, (WAITING, FAILED, self.run)).rowcount

    def counts(self) -> Counts:
        """How far this run is."""
        with self._lock:
            return counts_of(self._db, self.run)

    def rows(self, where: str = "1", order: str = "key", most: int = -1) -> Iterator[dict[str, Any]]:
        """Rows of this run as dictionaries, ``receipt`` unpacked. The words are SQL of our own, never a user's."""
        select = f"SELECT * FROM photos WHERE seen = ? AND {where} ORDER BY {order} LIMIT ?"
        for row in self._db.execute(select, (self.run, most)):
            yield plain_row(self._db, row)

    def _rows_of(self, keys: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
        rows = (row_of(self._db, one["key"]) for one in list(keys))
        return [row for row in rows if row is not None]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction. Raises WriteError when the database cannot be written, on a full disk for example."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.forget()
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise unwritable(self.path, error) from error
