"""How a Ray cluster is divided among actors: how many there are, and which part of a node each one claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gigamatte.errors import UsageError


@dataclass(frozen=True, slots=True)
class Pool:
    """What was asked for: actors from ``least`` to ``most``, and GPUs for each; 0 and None = by the cluster.

    Raises UsageError for what no cluster could give.
    """

    least: int = 0
    most: int = 0
    gpus: float | None = None

    def __post_init__(self) -> None:
        if self.least < 0 or self.most < self.least:
            raise UsageError(f"--actors is N, or from N-M with N ≤ M; found {self.least}-{self.most}")
        if self.gpus is not None and not (0 < self.gpus <= 1 or (self.gpus > 1 and self.gpus == int(self.gpus))):
            raise UsageError(
                f"--gpus-each is a part of a GPU up to 1, or a whole number; found {self.gpus:g}",
                "0.25 lets four actors share one",
            )

    @property
    def grows(self) -> bool:
        """Whether there are more actors as the cluster gets more nodes."""
        return self.most > self.least


#: nothing was asked for
BY_CLUSTER = Pool()


@dataclass(frozen=True, slots=True)
class Division:
    """Actors at first, and the bounds of their number; actors that share a node; processors and GPUs for each."""

    first: int
    least: int
    most: int
    share: int
    cpus: int
    gpus: float = 0.0


def divide(nodes: Sequence[Mapping[str, float]], pool: Pool, *, on_gpu: bool) -> Division:
    """Of ``nodes`` as Ray tells of their resources: {CPU: …, GPU: …}. ``on_gpu``: whether photos go to GPUs."""
    gpus = sum(node.get("GPU", 0.0) for node in nodes)
    wanted = on_gpu and (gpus > 0 or pool.gpus is not None)
    part = 0.0
    if wanted:
        whole = math.ceil(pool.most / gpus) if pool.most and not pool.grows and gpus else 1
        part = pool.gpus or 1 / whole
    fits = [int(node.get("GPU", 0.0) / part + 1e-9) if wanted else 1 for node in nodes]
    if pool.most and not pool.grows:
        first, least, most = pool.most, 1, pool.most
    else:
        most = pool.most or max(1, sum(fits))
        least = min(pool.least or 1, most)
        first = min(most, max(least, sum(fits)))
    share = max(1, min(max(fits), most) if wanted and max(fits) else math.ceil(first / len(nodes)))
    return Division(first, least, most, share, max(1, int(min(node["CPU"] for node in nodes) // share)), part)
