"""What a batch inside one lot sees of the whole: an engine that outlives it, a listener that names the lot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gigamatte.batch.counts import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.summary import Listener
from gigamatte.batch.tars.lots import Lot
from gigamatte.batch.task import BatchEngine, Outcome, Task


class SharedEngine:
    """An engine that is started for the first lot and ended behind the last one."""

    def __init__(self, make: Callable[[Path], BatchEngine], scratch: Path) -> None:
        self._make, self._scratch = make, scratch
        self._engine: BatchEngine | None = None

    def make(self, _: Path) -> BatchEngine:
        """For one lot: itself."""
        return self

    def start(self) -> None:
        """Once."""
        if self._engine is None:
            self._scratch.mkdir(parents=True, exist_ok=True)
            engine = self._make(self._scratch)
            self._engine = engine
            engine.start()

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        """As the engine itself."""
        if self._engine is None:
            raise RuntimeError("start the engine first")
        return self._engine.process(tasks)

    def close(self) -> None:
        """A lot is done; see ``end``."""

    def end(self) -> None:
        """All are done."""
        import shutil

        if self._engine is not None:
            self._engine.close()
            self._engine = None
        shutil.rmtree(self._scratch, ignore_errors=True)


class Inside:
    """Passes on what happens in a lot, with its name before the photos'. ``files``: its results are files in OUT."""

    def __init__(self, listener: Listener, lot: Lot, *, files: bool) -> None:
        self._listener, self._lot, self._files = listener, lot, files

    def listed(self, photos: int) -> None:
        """Only of this lot."""

    def started(self, counts: Counts) -> None:
        """Of this lot."""
        self._listener.started(counts)

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """With the lot's name."""
        self._listener.left_alone([{**photo, "key": self._lot.named(photo["key"])} for photo in photos], count)

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """With the lot's name. Results that will be packed lie in no file yet."""
        files = outcome.files if self._files else ()
        self._listener.ended(replace(outcome, key=self._lot.named(outcome.key), files=files), progress, again=again)

    def written(self, files: Sequence[str]) -> None:
        """Nothing is written before the lot is packed."""

    def warned(self, text: str) -> None:
        """As it is."""
        self._listener.warned(text)
