"""One photo that the supervisor was given: a future for its receipt; and the supervisor's figures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass

from gigamatte.errors import GigamatteError, TookTooLong, WorkerDied
from gigamatte.messages.plural import plural
from gigamatte.types import Receipt
from gigamatte.worker.wire import FilmJob, Work

log = logging.getLogger("gigamatte.worker")

#: the stage in which a film's frames are reported, each when it is finished
FRAMES = "frames"

#: called with (stage, fraction 0…1) from the child's listening thread; must be quick
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of a supervisor."""

    waiting: int
    running: int
    #: children that died, or had to be killed, so far
    deaths: int
    #: children that were replaced after ``recycle`` photos
    recycled: int
    #: bytes the child holds now; 0 where unknown
    memory: int
    #: whether a child is up
    ready: bool


class Task(Future[Receipt]):
    """A future of the receipt. ``cancel`` works while the photo is being cut, too; the task then raises Cancelled."""

    def __init__(
        self, cancel: Callable[[Task], bool], number: int, job: Work, progress: Progress | None = None
    ) -> None:
        super().__init__()
        self.job, self.number = job, number
        self.cancelling = False
        self._cancel, self._progress = cancel, progress
        #: monotonic seconds; 0.0 until the child has begun with it
        self.given = self.began = self.asked_to_stop = 0.0

    def cancel(self) -> bool:
        """Stop before or between tiles. False when it was done already."""
        return self._cancel(self)

    @property
    def is_followed(self) -> bool:
        """Whether anybody wants to hear how far it is."""
        return self._progress is not None

    def report(self, stage: str, fraction: float) -> None:
        """Pass progress on."""
        if self._progress is not None:
            try:
                self._progress(stage, fraction)
            except Exception:
                log.exception("a progress callback failed")

    def late(self, seconds: float) -> TookTooLong:
        """The error of a photo that was not finished after ``seconds``."""
        if isinstance(self.job, FilmJob):
            return TookTooLong(
                f"{self.job.source.name}: a frame was not finished after {seconds:g} second{plural(seconds)}, "
                "and the film stopped",
                "try a smaller version of it, or allow more time",
            )
        return TookTooLong(
            f"{self.job.source.name}: not finished after {seconds:g} second{plural(seconds)}, and stopped",
            "try a smaller version of it, or allow more time",
        )

    def died(self, how: str) -> WorkerDied:
        """The error of a photo that was being cut alone when the worker process ended; ``how`` it ended, in words."""
        return WorkerDied(
            f"{self.job.source.name}: the worker process {how} on this photo",
            "the other photos are not affected; try a smaller version of this one, or allow more memory",
        )


class Verdicts:
    """Results to set on tasks once no lock is held, because the tasks' callbacks may call the supervisor again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []

    def add(self, verdict: Callable[[], None]) -> None:
        """To be called later."""
        with self._lock:
            self._waiting.append(verdict)

    def fail(self, task: Task, error: GigamatteError) -> None:
        """The task is to raise ``error``."""
        self.add(lambda: task.set_exception(error))

    def settle(self) -> None:
        """Set all results; to be called without any lock."""
        while True:
            with self._lock:
                verdicts, self._waiting = self._waiting, []
            if not verdicts:
                return
            for verdict in verdicts:
                try:
                    verdict()
                except InvalidStateError:
                    log.debug("a task was resolved twice")
