"""Many tiny photos in one run on a Ray cluster: what lies in its object store at a tenth, half and the end.

    pip install 'ray[default]'
    python benchmarks/ray_memory.py --photos 100000
    python benchmarks/ray_memory.py --photos 100000 --alone

The photos are those of ``many_photos.py``: 16×16, with a mask, and they are cut; with ``--alone`` an actor says of
each that it is done, and the rows that pass through the store are of the same kind. The cluster is one node of this
machine. ``store`` is what Ray itself counts as used; ``highest`` is the most that was seen between two marks, asked
every ``EVERY`` photos. ``driver`` is the memory of the process that lists, remembers and tells; ``actors`` that of
all other processes below it: Ray's own and those that cut.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gigamatte.batch.ray as ray_engine
from gigamatte.batch.limits import Limits
from gigamatte.batch.one import WorkerArguments
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Progress
from gigamatte.batch.runner import run_batch
from gigamatte.batch.task import Outcome, Task
from gigamatte.options import Options
from many_photos import Engine, Marks, make
from processes import children, memory
from report import parser

#: photos between two looks at the store
EVERY = 500
#: bytes that the store may hold: what is more is written to disk, and counted as spilled
STORE = 200 << 20
MEMORY = 1200 << 20


def in_store() -> dict[str, int]:
    """Bytes and objects in the stores of all nodes, and bytes that did not fit into them."""
    from ray._private.internal_api import get_memory_info_reply
    from ray._private.state import state

    found = get_memory_info_reply(state).store_stats
    return {
        "bytes": found.object_store_bytes_used,
        "objects": found.num_local_objects,
        "spilled_bytes": found.spilled_bytes_total,
    }


class IdleCluster(ray_engine.Cluster):
    """Its actors cut nothing."""

    def mapped(self, items: list[dict[str, Any]], actor: type, arguments: tuple[Any, ...], rows: int) -> Iterator[Any]:  # noqa: ARG002
        return super().mapped(items, Sayer, (), rows)


class AloneEngine(ray_engine.RayEngine):
    """A Ray engine whose actors cut nothing."""

    def __init__(self, given: WorkerArguments, *, address: str) -> None:
        super().__init__(given, address=address)
        self._cluster = IdleCluster(given.limits, address=address)


class Sayer:
    """The actor that cuts nothing."""

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        tasks = [Task.from_dict(json.loads(str(text))) for text in batch["task"]]
        return {"outcome": [json.dumps(outcome.as_dict()) for outcome in Engine().process(iter(tasks))]}


class StoreMarks(Marks):
    """Notes the store too."""

    def __init__(self, photos: int) -> None:
        super().__init__(photos)
        self._highest = 0

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        super().ended(outcome, progress, again=again)
        marked = self._done in self._marks
        if not marked and self._done % EVERY:
            return
        store = in_store()
        self._highest = max(self._highest, store["bytes"])
        if marked:
            below = sum(map(memory, children(os.getpid())))
            self.found[f"at_{round(100 * self._done / self._photos)}_percent"] = {
                "store": {**store, "highest_bytes": self._highest},
                "mb": {"driver": round(memory(os.getpid()) / 1e6), "actors": round(below / 1e6)},
            }
            self._highest = 0


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--photos", type=int, default=20_000)
    words.add_argument("--alone", action="store_true")
    asked = words.parse_args()
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"}
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory() as made:
        folder, began = Path(made), time.monotonic()
        mask = make(folder, asked.photos)
        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 2, "object_store_memory": STORE, "include_dashboard": False},
        )
        try:
            plan = Plan(str(folder / "in"), str(folder / "out"), Options(mask=str(mask), refine="off"))
            marks = StoreMarks(asked.photos)
            given = WorkerArguments(plan.options, Limits(memory=MEMORY), plan.out, plan.needs_network)
            kind = AloneEngine if asked.alone else ray_engine.RayEngine
            summary = run_batch(plan, lambda _: kind(given, address=cluster.address), marks)
        finally:
            cluster.shutdown()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    totals: dict[str, Any] = {
        "photos": asked.photos,
        "done": summary.done,
        "failed": summary.failed,
        "seconds": round(time.monotonic() - began),
        "cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in used)),
    }
    print(json.dumps(totals | marks.found, indent=1))


if __name__ == "__main__":
    main()
