"""How many photos are in which state, and the sums that rates and forecasts are made of."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Photos of a run by state; bytes of the photos; megapixels of the results."""

    waiting: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    kept: int = 0
    waiting_bytes: int = 0
    done_bytes: int = 0
    done_megapixels: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.waiting + other.waiting,
            self.done + other.done,
            self.failed + other.failed,
            self.quarantined + other.quarantined,
            self.kept + other.kept,
            self.waiting_bytes + other.waiting_bytes,
            self.done_bytes + other.done_bytes,
            self.done_megapixels + other.done_megapixels,
        )

    @property
    def total(self) -> int:
        """All photos that were listed."""
        return self.waiting + self.done + self.kept + self.failed + self.quarantined


@dataclass(frozen=True, slots=True)
class Noted:
    """How a photo stands that was listed: its state, bytes, megapixels of its result, and why it has none."""

    state: str
    bytes: int
    megapixels: float = 0.0
    key: str = ""
    code: str | None = None
    message: str | None = None
    hint: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Noted:
        """Of a row of the manifest."""
        names = ("state", "bytes", "key", "code", "message", "hint")
        return cls(**{name: row[name] for name in names}, megapixels=row["megapixels"] or 0.0)


class Tally:
    """Adds photos up."""

    def __init__(self) -> None:
        self._photos, self._bytes, self._megapixels = Counter[str](), Counter[str](), 0.0

    def add(self, noted: Noted) -> None:
        """Count one photo."""
        state = "waiting" if noted.state in ("running", "later") else noted.state
        self._photos[state] += 1
        self._bytes[state] += noted.bytes
        if state == "done":
            self._megapixels += noted.megapixels

    def counts(self) -> Counts:
        """All that was added."""
        of, size = self._photos, self._bytes
        return Counts(
            of["waiting"], of["done"], of["failed"], of["quarantined"], of["kept"],
            size["waiting"], size["done"], self._megapixels,
        )  # fmt: skip


def counts_of(database: sqlite3.Connection, run: int) -> Counts:
    """Of the photos that a run has listed."""
    select = (
        "SELECT state, count(*) AS photos, total(bytes) AS bytes, total(megapixels) AS megapixels "
        "FROM photos WHERE seen = ? GROUP BY state"
    )
    found = {row["state"]: row for row in database.execute(select, (run,))}

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
