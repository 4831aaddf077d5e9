"""Adapters for the batch of one lot: an engine shared by all lots, and a listener that adds the lot's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gigamatte.batch.counts import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.sets import once_more
from gigamatte.batch.summary import Listener
from gigamatte.batch.tars.lots import Lot
from gigamatte.batch.task import BatchEngine, Outcome, Task


class SharedEngine:
    """An engine that is started for the first lot and ended behind the last one."""

    def __init__(self, make: Callable[[Path], BatchEngine], scratch: Path) -> None:
        self._make, self._scratch = make, scratch
        self._engine: BatchEngine | None = None

    def make(self, _: Path) -> BatchEngine:
        """The engine of one lot, which is this one."""
        return self

    def start(self) -> None:
        """Start the engine, the first time it is called."""
        if self._engine is None:
            self._scratch.mkdir(parents=True, exist_ok=True)
            engine = self._make(self._scratch)
            self._engine = engine
            engine.start()

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        """Cut photos, see the engine. Raises RuntimeError before ``start``."""
        if self._engine is None:
            raise RuntimeError("start the engine first")
        return self._engine.process(tasks)

    def close(self) -> None:
        """Nothing: the next lot needs the engine; see ``end``."""

    def end(self) -> None:
        """Stop the engine, once all lots are done."""
        import shutil

        if self._engine is not None:
            self._engine.close()
            self._engine = None
        shutil.rmtree(self._scratch, ignore_errors=True)


class Inside:
    """Passes on what happens in a lot, with its name before the photos'. ``files``: its results are files in OUT.

    ``settling``: its photos were told of when they were cut first; of what is cut once more failures alone are new.
    """

    def __init__(self, listener: Listener, lot: Lot, *, files: bool, settling: bool = False) -> None:
        self._listener, self._lot, self._files, self._settling = listener, lot, files, settling

    def settles(self, photos: int) -> None:
        """Say that so many photos are cut once more for their sets."""
        if photos:
            self.warned(once_more(photos))

    def listed(self, photos: int) -> None:
        """Pass on how many photos this lot has."""

    def started(self, counts: Counts) -> None:
        """Pass on how many photos of this lot are to be cut."""
        if not self._settling:
            self._listener.started(counts)

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """Pass on a photo, with the lot's name."""
        self._listener.left_alone([{**photo, "key": self._lot.named(photo["key"])} for photo in photos], count)

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """Pass on a photo, with the lot's name. Results that will be packed lie in no file yet."""
        if self._settling and outcome.state == "done":
            return
        files = outcome.files if self._files else ()
        self._listener.ended(replace(outcome, key=self._lot.named(outcome.key), files=files), progress, again=again)

    def written(self, files: Sequence[str]) -> None:
        """Nothing: tar shards are written when the lot is packed."""

    def warned(self, text: str) -> None:
        """Pass on a warning."""
        self._listener.warned(text)
