"""The engine for many machines: Ray Data hands small rows to a pool of actors, each with a supervised child of its own.

Only paths, URIs and receipts are sent between machines; an actor reads its photos directly from their store. The
manifest stays with the driver. Actors may be lost, and rows may be done twice: since a result appears whole or not at
all, the second time changes nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import math
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from gigamatte.batch.division import BY_CLUSTER, Division, Pool, divide
from gigamatte.batch.limits import Limits
from gigamatte.batch.one import EVERYBODY, Worker, WorkerArguments, failure
from gigamatte.batch.task import Outcome, Task
from gigamatte.errors import GigamatteError, UsageError, WorkerNotStarted

#: seconds that a cluster has for its first answer
PATIENCE = 10.0
#: rows of one Ray dataset; the driver holds this many, whatever the batch has
WINDOW = 20_000
#: seconds that are given to a list to fill them
LISTING = 15.0
#: rows that an actor gets at once: they overlap with each other, and are done again when its node is lost
ROWS = 32


class Cluster:
    """The cluster at ``address`` (auto, local, or ray://…), and its division among the workers of ``pool``.

    ``limits`` are those of each worker; what they leave open is settled on its own machine.
    """

    def __init__(self, limits: Limits, *, address: str = "auto", pool: Pool = BY_CLUSTER, gpu: bool = True) -> None:
        self.limits, self._address, self._pool, self._gpu = limits, address, pool, gpu
        self._ours = False
        self.division = Division(1, 1, 1, 1, 1)

    def start(self) -> None:
        """Join the cluster. Raises UsageError where Ray is missing, GigamatteError where there is no cluster."""
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise UsageError(f"--engine ray needs Ray: {error}", "pip install 'gigamatte[ray]'") from error
        if not ray.is_initialized():
            _probe(self._address)
            try:
                _join(self._address)
            except Exception as error:  # Ray raises all kinds, plain Exception among them
                raise GigamatteError(
                    f"there is no Ray cluster at {self._address}: {error}",
                    "start one with `ray start --head`, or --address local",
                ) from error
            self._ours = True
        _quiet()
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        if not nodes:
            raise GigamatteError(f"the Ray cluster at {self._address} has no node with a processor")
        self.division = divide(nodes, self._pool, on_gpu=self._gpu)
        self.limits = replace(self.limits, share=self.division.share)

    def mapped(self, items: list[dict[str, Any]], actor: type, arguments: tuple[Any, ...], rows: int) -> Iterator[Any]:
        """What actors make of ``items``, of which each gets ``rows`` at once. Raises GigamatteError where Ray ends."""
        import ray.data

        own = self.division
        ended = ray.data.from_items(items, override_num_blocks=math.ceil(len(items) / rows)).map_batches(
            actor,
            fn_constructor_args=arguments,
            compute=ray.data.ActorPoolStrategy(min_size=own.least, max_size=own.most, initial_size=own.first),
            num_cpus=own.cpus,
            **({"num_gpus": own.gpus} if own.gpus else {}),
        )
        try:
            yield from ended.iter_rows()
        except Exception as error:  # errors of photos are outcomes: an exception here means that Ray cannot go on
            reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            raise GigamatteError(f"the Ray job ended: {reason[0]}", "the same command goes on from here") from error

    def close(self) -> None:
        """Leave the cluster; its actors end with that."""
        if self._ours:
            import ray

            ray.shutdown()
            self._ours = False


class RayEngine:
    """The workers of ``pool`` on the cluster at ``address``, see ``Cluster``."""

    def __init__(
        self,
        given: WorkerArguments,
        *,
        address: str = "auto",
        pool: Pool = BY_CLUSTER,
        rows: int = ROWS,
    ) -> None:
        self._given, self._rows = given, rows
        self._cluster = Cluster(given.limits, address=address, pool=pool, gpu=given.options.device != "cpu")

    def start(self) -> None:
        """Join the cluster. Raises as ``Cluster.start``."""
        self._cluster.start()

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        """One outcome for each task, as they come back from the cluster."""
        while window := _next_rows(tasks):
            missing = {task.key for task in window}
            for outcome in self._window(window):
                if outcome.key in missing:
                    missing.discard(outcome.key)
                    yield outcome
            for key in missing:
                yield failure(key, GigamatteError(f"{key}: the cluster lost this photo"))

    def close(self) -> None:
        """Leave the cluster."""
        self._cluster.close()

    def _window(self, tasks: list[Task]) -> Iterator[Outcome]:
        items = [{"task": json.dumps(task.as_dict())} for task in tasks]
        # small batches are divided into smaller parts, so that every actor gets some
        rows = max(1, min(self._rows, math.ceil(len(items) / (4 * self._cluster.division.most))))
        given = replace(self._given, limits=self._cluster.limits)
        for row in self._cluster.mapped(items, Cutter, (given,), rows):
            yield Outcome(**json.loads(row["outcome"]))


class Cutter:
    """What an actor runs. It raises no exception, because one would end the whole job."""

    def __init__(self, given: WorkerArguments) -> None:
        self._refusal: GigamatteError | None = None
        try:
            self._worker = Worker(given)
            self._worker.start()
        except GigamatteError as error:
            message = f"{error.written[0]} (on {socket.gethostname()})"
            # what keeps one node from cutting ends the batch: its photos would fail one after the other
            kind = type(error) if isinstance(error, EVERYBODY) else WorkerNotStarted
            self._refusal = kind(message, error.written[1])
            return
        self._pool = ThreadPoolExecutor(self._worker.inflight + 1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """One outcome for each row of ``batch``."""
        tasks = [Task.from_dict(json.loads(str(text))) for text in batch["task"]]
        if self._refusal is not None:
            outcomes = [failure(task.key, self._refusal) for task in tasks]
        else:
            outcomes = list(self._pool.map(self._cut, tasks))
        return {"outcome": [json.dumps(outcome.as_dict()) for outcome in outcomes]}

    def _cut(self, task: Task) -> Outcome:
        outcome = self._worker.process(task)
        return outcome or failure(task.key, GigamatteError(f"{task.key}: the worker was closed"))


def _next_rows(tasks: Iterator[Task | None]) -> list[Task]:
    """The next rows for the cluster: as many as it takes at once, or what a slow list gives in ``LISTING`` seconds."""
    found, began = list[Task](), time.monotonic()
    for task in tasks:
        if task is not None:
            found.append(task)
        elif found and time.monotonic() - began > LISTING:
            break
        if len(found) >= WINDOW:
            break
    return found


def need_ray() -> None:
    """Raises UsageError where Ray is not installed; loads nothing."""
    try:
        missing = importlib.util.find_spec("ray") is None
    except (ValueError, ImportError):
        missing = True
    if missing:
        raise UsageError("--engine ray needs Ray, which is not installed", "pip install 'gigamatte[ray]'")


def _probe(address: str) -> None:
    """Raise at once where the address does not answer, because Ray itself waits for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # auto, local: Ray knows at once
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except OSError as error:
        hint = "start one with `ray start --head`, or --address local"
        raise GigamatteError(f"there is no Ray cluster at {address}: {error}", hint) from error


def _join(address: str) -> None:
    """Join the cluster at ``address``; local starts one, which must not ask other machines for anything.

    A dashboard asks the clouds' metadata services where it runs, by address and by name, even when Ray's usage reports
    are off, and Ray always starts one. It does without when the port that was asked for is taken.
    """
    import ray

    # its native part writes errors to the terminal by itself; whoever wants to see them sets this
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    _tell_nothing_of_nodes()
    if address != "local":
        with _muted():
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        return
    with _muted(), socket.create_server(("127.0.0.1", 0)) as taken:
        ray.init(
            address=address,
            include_dashboard=False,
            dashboard_host="127.0.0.1",
            dashboard_port=taken.getsockname()[1],
            logging_level=logging.CRITICAL,  # Ray logs the missing dashboard as an error; here it is wanted
            log_to_driver=False,
        )


def _tell_nothing_of_nodes() -> None:
    """Keep Ray from telling of each node that it loses on standard output, where results are listed. It has no option
    for that; what a lost node means for photos is told by the batch."""
    import ray._private.worker as worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Standard error leads nowhere for a moment: Ray's native part writes there as it starts, past ``sys.stderr``."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _quiet() -> None:
    """Turn off Ray's own display of progress, because the batch shows it."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
