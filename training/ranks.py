"""Training in several processes of one thread each: on a busy machine, threads that wait for each other take twice
as long."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, distributed
from torch.multiprocessing import spawn


def side_by_side(task: Callable[[int], None], ranks: int, port: int) -> None:
    """Runs ``task(rank)`` in ``ranks`` processes that can average their weights; with one, in this process.

    The task says how many threads each takes.
    """
    if ranks == 1:
        task(0)
    else:
        spawn(_one, (task, ranks, port), ranks)


def _one(rank: int, task: Callable[[int], None], ranks: int, port: int) -> None:
    os.setsid()  # Linux divides processor time among sessions first: each rank gets its own
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=ranks)
    task(rank)


def meet(values: Sequence[Tensor]) -> None:
    """Sets every one of ``values`` (float) to its mean over all processes."""
    with torch.no_grad():
        flat = torch.cat([value.flatten() for value in values])
        distributed.all_reduce(flat)
        flat /= distributed.get_world_size()
        for value, part in zip(values, flat.split([value.numel() for value in values]), strict=True):
            value.copy_(part.view(value.shape))
