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


class Tally:
    """Adds rows up."""

    def __init__(self) -> None:
        self._photos, self._bytes, self._megapixels = Counter[str](), Counter[str](), 0.0

    def add(self, row: sqlite3.Row) -> None:
        """Count one row of the manifest."""
        state = "waiting" if row["state"] in ("running", "later") else row["state"]
        self._photos[state] += 1
        self._bytes[state] += row["bytes"]
        if state == "done":
            self._megapixels += row["megapixels"] or 0.0

    def counts(self) -> Counts:
        """All that was added."""
        of, size = self._photos, self._bytes
        return Counts(
            of["waiting"], of["done"], of["failed"], of["quarantined"], of["kept"],
            size["waiting"], size["done"], self._megapixels,
        )  # fmt: skip
