"""The engine for one machine: threads around supervised children, so that reading, network and writing overlap.

Several children with one photo each keep more processors busy than one child with several photos: in one process their
threads wait for Python's lock a fifth of the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from gigamatte.batch.one import Worker
from gigamatte.batch.task import Outcome, Task

#: photos beyond those in a child that are being fetched, hashed or verified
AROUND = 2


class LocalEngine:
    """Cuts on this machine with the workers that ``makes`` give: as many photos at once as they take."""

    def __init__(self, makes: Sequence[Callable[[], Worker]]) -> None:
        self._makes = makes
        self._workers: list[Worker] = []

    def start(self) -> None:
        """Start the children and load their networks. Raises NetworkUnavailable, WorkerDied."""
        for make in self._makes:
            self._workers.append(make())
        for worker in self._workers:
            worker.start()

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        """One outcome for each task, in the order in which they end. None is no task yet: the list goes on.

        Raises RuntimeError before ``start``.
        """
        if not self._workers:
            raise RuntimeError("start the engine first")
        slots = sum(worker.inflight + AROUND for worker in self._workers)
        pool = ThreadPoolExecutor(slots, thread_name_prefix="batch")
        running: dict[Future[Outcome | None], Worker] = {}
        try:
            for task in tasks:
                if task is None:
                    yield from _ended(running, wait_for=0.0)
                    continue
                worker = self._least_busy(running)
                running[pool.submit(worker.process, task)] = worker
                if len(running) >= slots:
                    yield from _ended(running)
            while running:
                yield from _ended(running)
        finally:
            # busy threads end when their children do; waiting for them here would delay Ctrl-C
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the children."""
        while self._workers:
            self._workers.pop().close()

    def _least_busy(self, running: dict[Future[Outcome | None], Worker]) -> Worker:
        busy = Counter(id(worker) for worker in running.values())
        return min(self._workers, key=lambda worker: busy[id(worker)] / (worker.inflight + AROUND))


def _ended(running: dict[Future[Outcome | None], Worker], wait_for: float | None = None) -> list[Outcome]:
    """Remove ended photos from ``running``; waits until there is one, at most ``wait_for`` seconds where given."""
    done, _ = wait(running, timeout=0.5 if wait_for is None else wait_for, return_when=FIRST_COMPLETED)
    while not done and wait_for is None:  # with a limit: a wait without one cannot be interrupted on every system
        done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
    for future in done:
        del running[future]
    return [outcome for future in done if (outcome := future.result()) is not None]
