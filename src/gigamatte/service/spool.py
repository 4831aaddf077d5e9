"""The spool: accepted jobs in SQLite, each with a folder of files. Accepted jobs survive a restart."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gigamatte.errors import BudgetExceeded, UsageError
from gigamatte.service.record import SCHEMA, Record, State
from gigamatte.service_errors import Busy, TooMany
from gigamatte.system import fsync_folder

#: a job whose cut crashed the whole service is given up after so many starts
ATTEMPTS = 3

_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class Spool:
    """Owns a folder; one process at a time. Threads may share it. Raises UsageError when another process has it.

    ``limit``: bytes in all; ``share``: bytes that one client may hold (default: all).
    """

    def __init__(self, folder: Path, limit: int, share: int | None = None) -> None:
        self.folder, self.limit = folder, limit
        self.share = limit if share is None else min(share, limit)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / "jobs").mkdir(exist_ok=True, mode=0o700)
            self._database = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("BEGIN EXCLUSIVE")
            self._database.execute(SCHEMA)
            if "client" not in [row["name"] for row in self._database.execute("PRAGMA table_info(jobs)")]:
                self._database.execute("ALTER TABLE jobs ADD COLUMN client TEXT NOT NULL DEFAULT ''")
            self._database.execute("COMMIT")
            # only now is it certain that they belong to no service that still runs
            shutil.rmtree(folder / "passing", ignore_errors=True)
            (folder / "passing").mkdir(mode=0o700)
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"the spool {folder} cannot be used: {error}",
                "another service may be using it; name another with GIGAMATTE_SPOOL",
            ) from error
        except OSError as error:
            raise UsageError(
                f"the spool {folder} cannot be used: {error}", "name another with GIGAMATTE_SPOOL"
            ) from error
        self._lock = threading.RLock()
        self._drop_strays()
        #: bytes by client: of jobs, and of what is under way
        self._held: Counter[str] = Counter()
        for client, size in self._database.execute("SELECT client, bytes FROM jobs"):
            self._held[client] += size

    def close(self) -> None:
        """Close the database; the files stay."""
        with self._lock:
            self._database.close()

    @property
    def used(self) -> int:
        """Bytes that are charged to it."""
        return self._held.total()

    def charge(self, count: int, client: str = "", *, before: int = 0) -> None:
        """Take ``count`` bytes of the quota of ``client`` for something that has taken ``before`` already.

        Raises BudgetExceeded when so much is never to be had, TooMany over the client's quota, Busy when it is full.
        """
        with self._lock:
            whole = before + count
            if whole > self.share:
                raise BudgetExceeded(
                    f"the photo and its result may take {whole / 1e6:.0f} MB here, allowed are {self.share / 1e6:.0f}",
                    "send a smaller photo",
                )
            if self._held[client] + count > self.share:
                raise TooMany(
                    f"your photos and results hold {self._held[client] / 1e6:.0f} MB of the {self.share / 1e6:.0f} "
                    "that one client may have here",
                    "fetch and remove finished jobs, or wait until they expire",
                    retry=30,
                )
            if self.used + count > self.limit:
                raise Busy("the spool of the service is full", "try again later", retry=30)
            self._add(client, count)

    def refund(self, count: int, client: str = "") -> None:
        """Release bytes that were charged."""
        with self._lock:
            self._add(client, -count)

    def _add(self, client: str, count: int) -> None:
        self._held[client] += count
        if not self._held[client]:
            del self._held[client]

    def passing(self) -> Path:
        """A new folder for a request that is answered at once; the caller removes it."""
        folder = self.folder / "passing" / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder

    def home(self, job: str) -> Path:
        """The folder of a job's files. Raises UsageError for an id that is none."""
        if not _ID.fullmatch(job):
            raise UsageError("that is no job's id")
        return self.folder / "jobs" / job

    def accept(self, record: Record, arrived: Path) -> None:
        """Keep a job whose files lie in ``arrived``. When this returns, a crash or a power cut cannot lose it.

        Raises OSError and sqlite3.Error where the disk refuses.
        """
        home = self.home(record.id)
        for file in arrived.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        fsync_folder(arrived)
        arrived.rename(home)
        fsync_folder(home.parent)
        columns = "id, owner, state, name, options, has_mask, bytes, pixels, created, client"
        values = (
            record.id, record.owner, record.state, record.name, json.dumps(record.options), record.has_mask,
            record.bytes, record.pixels, record.created, record.client,
        )  # fmt: skip
        with self._lock:
            self._database.execute(f"INSERT INTO jobs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            self._add(record.client, record.bytes)

    def get(self, job: str) -> Record | None:
        """A job by its id; None when there is none."""
        if not _ID.fullmatch(job):
            return None
        with self._lock:
            row = self._database.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
        return None if row is None else _record(row)

    def begin(self, job: str) -> None:
        """Note that a job is being cut: one attempt."""
        with self._lock:
            self._database.execute("UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?", (job,))

    def put_back(self, job: str) -> None:
        """Note that a job was stopped by a shutdown: this start does not count as an attempt."""
        with self._lock:
            self._database.execute(
                "UPDATE jobs SET state = 'queued', attempts = attempts - 1 WHERE id = ? AND state = 'running'", (job,)
            )

    def finish(
        self,
        job: str,
        state: State,
        *,
        receipt: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        """Note how a job ended, and charge what it holds instead of what was reserved for it."""
        size = folder_bytes(self.home(job))
        with self._lock:
            row = self._database.execute("SELECT bytes, client FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is None:
                return  # removed meanwhile
            self._database.execute(
                "UPDATE jobs SET state = ?, finished = ?, receipt = ?, error = ?, bytes = ? WHERE id = ?",
                (state, time.time(), _text(receipt), _text(error), size, job),
            )
            self._add(row[1], size - row[0])

    def rewrite(
        self,
        job: str,
        *,
        options: Mapping[str, Any] | None = None,
        receipt: Mapping[str, Any] | None = None,
    ) -> None:
        """Change the options of a job that has ended, or its receipt; the time until it expires starts again."""
        with self._lock:
            for column, value in (("options", options), ("receipt", receipt)):
                if value is not None:
                    self._database.execute(
                        f"UPDATE jobs SET {column} = ?, finished = ? WHERE id = ?", (_text(value), time.time(), job)
                    )

    def restart(self, job: str, options: Mapping[str, Any], more: int) -> None:
        """Start a job again that has ended, with other options; ``more`` bytes were charged for its new result."""
        with self._lock:
            self._database.execute(
                "UPDATE jobs SET state = 'queued', finished = NULL, receipt = NULL, error = NULL, attempts = 0,"
                " options = ?, bytes = bytes + ? WHERE id = ?",
                (_text(options), more, job),
            )

    def recharge(self, job: str) -> None:
        """Charge what a job's folder holds now."""
        size = folder_bytes(self.home(job))
        with self._lock:
            row = self._database.execute("SELECT bytes, client FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is not None:
                self._database.execute("UPDATE jobs SET bytes = ? WHERE id = ?", (size, job))
                self._add(row[1], size - row[0])

    def remove(self, job: str) -> None:
        """Forget a job and remove its files."""
        with self._lock:
            row = self._database.execute("DELETE FROM jobs WHERE id = ? RETURNING bytes, client", (job,)).fetchone()
            if row is not None:
                self._add(row[1], -row[0])
        shutil.rmtree(self.home(job), ignore_errors=True)

    def unfinished(self) -> list[Record]:
        """Jobs that were accepted and have not ended, oldest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT * FROM jobs WHERE state IN ('queued', 'running') ORDER BY created"
            ).fetchall()
        return [_record(row) for row in rows]

    def expired(self, before: float) -> list[str]:
        """Jobs that ended before this time (seconds since 1970)."""
        with self._lock:
            rows = self._database.execute("SELECT id FROM jobs WHERE finished < ?", (before,)).fetchall()
        return [row[0] for row in rows]

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self._lock:
            return dict(self._database.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())

    def free_bytes(self) -> int:
        """Bytes free on the disk that holds it."""
        return shutil.disk_usage(self.folder).free

    def _drop_strays(self) -> None:
        """Remove folders whose job was never committed, because the service crashed between the two."""
        known = {row[0] for row in self._database.execute("SELECT id FROM jobs")}
        for folder in (self.folder / "jobs").iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


def new_id() -> str:
    """128 random bits, as 22 characters."""
    return secrets.token_urlsafe(16)


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(top, name)).st_size
    return total


def _record(row: sqlite3.Row) -> Record:
    plain = dict(row)
    for name in ("options", "receipt", "error"):
        plain[name] = None if plain[name] is None else json.loads(plain[name])
    plain["has_mask"] = bool(plain["has_mask"])
    return Record(**plain)


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)
