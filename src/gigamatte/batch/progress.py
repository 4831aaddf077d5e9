"""How far a batch is, how fast, and how long it will take: counted in megapixels, because photos differ in size."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from gigamatte.batch.counts import Counts
from gigamatte.batch.task import Outcome

#: the rate is that of the last so many seconds, so that a slow start does not count for long
WINDOW = 120.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures of one moment. ``eta`` in seconds, None while unknown; ``rate`` in megapixels a second."""

    photos: int
    total: int
    failed: int
    megapixels: float
    total_megapixels: float | None
    rate: float
    eta: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


class Meter:
    """Counts outcomes. Waiting megapixels are estimated from bytes, because reading a million headers takes long."""

    def __init__(self, counts: Counts, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total = counts.total
        self._settled = counts.done + counts.kept + counts.quarantined
        self._failed = counts.quarantined
        self._megapixels, self._bytes = counts.done_megapixels, counts.done_bytes
        self._waiting_bytes = counts.waiting_bytes
        self._listed = counts
        self._recent: deque[tuple[float, float]] = deque([(clock(), self._megapixels)])

    @property
    def found(self) -> int:
        """How many photos were reported to it."""
        return self._listed.total

    def listed(self, counts: Counts) -> None:
        """More photos were found: ``counts`` are all of them, as they were when they were listed."""
        before, self._listed = self._listed, counts
        self._total += counts.total - before.total
        self._settled += sum(getattr(counts, name) - getattr(before, name) for name in ("done", "kept", "quarantined"))
        self._failed += counts.quarantined - before.quarantined
        self._megapixels += counts.done_megapixels - before.done_megapixels
        self._bytes += counts.done_bytes - before.done_bytes
        self._waiting_bytes += counts.waiting_bytes - before.waiting_bytes

    def add(self, outcome: Outcome, read_bytes: int, *, final: bool) -> None:
        """Count one outcome; not ``final`` when the photo will be tried again."""
        if final:
            self._settled += 1
            self._waiting_bytes = max(0, self._waiting_bytes - read_bytes)
        if outcome.state == "failed":
            self._failed += final
        elif outcome.megapixels:
            self._megapixels += outcome.megapixels
            self._bytes += read_bytes
        now = self._clock()
        self._recent.append((now, self._megapixels))
        while now - self._recent[0][0] > WINDOW and len(self._recent) > 2:
            self._recent.popleft()

    def now(self) -> Progress:
        """The figures of this moment."""
        (then, before), now = self._recent[0], self._clock()
        rate = (self._megapixels - before) / (now - then) if now > then else 0.0
        per_byte = self._megapixels / self._bytes if self._bytes and self._megapixels else None
        left = None if per_byte is None else self._waiting_bytes * per_byte
        return Progress(
            photos=self._settled,
            total=self._total,
            failed=self._failed,
            megapixels=round(self._megapixels, 3),
            total_megapixels=None if left is None else round(self._megapixels + left, 3),
            rate=round(rate, 3),
            eta=round(left / rate, 1) if left is not None and rate > 0 else None,
        )
