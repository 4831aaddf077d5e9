"""The engine for one machine: threads around one supervised child keep reading, network and writing busy at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from gigamatte.batch.one import Limits, Worker
from gigamatte.batch.task import Outcome, Task
from gigamatte.options import Options

#: photos beyond those in the child that are being fetched, hashed or verified
AROUND = 2


class LocalEngine:
    """Cuts on this machine. ``limits.inflight`` photos are in the child at once, as far as memory allows."""

    def __init__(
        self,
        options: Options,
        limits: Limits,
        *,
        out: str,
        network: bool = True,
        scratch: Path | None = None,
        entry: str = "gigamatte.worker.child",
    ) -> None:
        self._make = partial(Worker, options, limits, out=out, network=network, scratch=scratch, entry=entry)
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
