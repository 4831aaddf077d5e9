"""The engine for one machine: threads around one supervised child keep reading, network and writing busy at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from gigamatte.batch.one import Worker
from gigamatte.batch.task import Outcome, Task

#: photos beyond those in the child that are being fetched, hashed or verified
AROUND = 2


class LocalEngine:
    """Cuts on this machine with the worker that ``make`` gives: as many photos at once as it takes."""

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._worker: Worker | None = None

    def start(self) -> None:
        """Start the child and load its network. Raises NetworkUnavailable, WorkerDied."""
        self._worker = self._make()
        self._worker.start()

    def process(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """One outcome for each task, in the order in which they end."""
        worker = self._worker
        if worker is None:
            raise RuntimeError("start the engine first")
        slots = worker.inflight + AROUND
        pool = ThreadPoolExecutor(slots, thread_name_prefix="batch")
        running: set[Future[Outcome | None]] = set()
        try:
            for task in tasks:
                running.add(pool.submit(worker.process, task))
                if len(running) >= slots:
                    ended, running = _wait(running)
                    yield from ended
            while running:
                ended, running = _wait(running)
                yield from ended
        finally:
            # threads that are still busy end when the child does: waiting here would keep Ctrl-C waiting
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the child."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _wait(running: set[Future[Outcome | None]]) -> tuple[list[Outcome], set[Future[Outcome | None]]]:
    done: set[Future[Outcome | None]] = set()
    while not done:  # with a limit: a wait without one cannot be interrupted on every system
        done, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
    return [outcome for future in done if (outcome := future.result()) is not None], running
