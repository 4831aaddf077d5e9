"""Makes the engine of a batch: processes of this machine, or Ray's actors on many; and divides the machine's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from gigamatte.batch.division import BY_CLUSTER, Pool
from gigamatte.batch.limits import children_for
from gigamatte.batch.local import LocalEngine
from gigamatte.batch.one import Worker, WorkerArguments, scratch_room
from gigamatte.batch.plan import Plan
from gigamatte.batch.task import BatchEngine
from gigamatte.errors import UsageError
from gigamatte.network.engines.devices import devices_of, one_device
from gigamatte.system import cpu_count

#: bytes of memory that each of several workers needs
CHILD_LEAST = 768 << 20


def engine_for(plan: Plan, kind: str, *, address: str, pool: Pool = BY_CLUSTER) -> Callable[[Path], BatchEngine]:
    """A function that makes an engine of a ``kind``, local or ray, from a folder for scratch files. Raises UsageError.

    ``address`` and ``pool`` are for Ray.
    """
    settled = plan.limits.settled()  # checked now and not after the listing
    if kind == "local":
        devices = devices_of(plan.options.device)
        # one worker for each device at least; more of them take the devices in turn
        children = max(len(devices), children_for(plan.options, settled, network=plan.needs_network))
        if (settled.memory or 0) // children < CHILD_LEAST:
            raise UsageError(
                f"{children} workers, one for each --device, share {(settled.memory or 0) / 1e9:.1f} GB of memory: "
                f"each needs {CHILD_LEAST / 1e9:.1f}",
                "name fewer devices, or give more --memory",
            )
        threads = plan.options.threads or max(1, cpu_count() // children)
        options = replace(plan.options, threads=threads)
        given = WorkerArguments(options, settled.parted(children), plan.out, plan.needs_network)
        own = [
            replace(given, options=replace(options, device=devices[number % len(devices)]))
            for number in range(children)
        ]

        def make(scratch: Path) -> BatchEngine:
            room = scratch_room()
            return LocalEngine([partial(Worker, one, scratch=scratch, room=room) for one in own])

        return make
    if kind != "ray":
        raise UsageError(f"--engine is local or ray, found {kind!r}")
    from gigamatte.batch.ray import RayEngine, need_ray

    need_ray()  # checked before the listing
    one_device(plan.options.device)  # on a cluster each worker has a GPU of its own
    remote = WorkerArguments(plan.options, plan.limits, plan.out, plan.needs_network)
    return lambda _: RayEngine(remote, address=address, pool=pool)
