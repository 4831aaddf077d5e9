"""Makes the engine of a batch: processes of this machine, or Ray's actors on many; and divides the machine's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from gigamatte.batch.division import BY_CLUSTER, Pool
from gigamatte.batch.limits import children_for
from gigamatte.batch.local import LocalEngine
from gigamatte.batch.one import Worker, scratch_room
from gigamatte.batch.plan import Plan
from gigamatte.batch.task import BatchEngine
from gigamatte.errors import UsageError
from gigamatte.system import cpu_count


def engine_for(plan: Plan, kind: str, *, address: str, pool: Pool = BY_CLUSTER) -> Callable[[Path], BatchEngine]:
    """A function that makes an engine of a ``kind``, local or ray, from a folder for scratch files. Raises UsageError.

    ``address`` and ``pool`` are for Ray.
    """
    settled = plan.limits.settled()  # checked now and not after the listing
    network = plan.options.mask is None and plan.masks is None
    if kind == "local":
        children = children_for(plan.options, settled, network=network)
        threads = plan.options.threads or max(1, cpu_count() // children)
        options = replace(plan.options, threads=threads)
        worker = partial(Worker, options, settled.parted(children), out=plan.out, network=network)
        return lambda scratch: LocalEngine(partial(worker, scratch=scratch, room=scratch_room()), children)
    if kind != "ray":
        raise UsageError(f"--engine is local or ray, found {kind!r}")
    from gigamatte.batch.ray import RayEngine, need_ray

    need_ray()  # checked before the listing

    return lambda _: RayEngine(plan.options, plan.limits, out=plan.out, network=network, address=address, pool=pool)
