"""The limits of a batch: memory, seconds a photo, photos at once; and how they are divided among its processes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from gigamatte import system
from gigamatte.errors import UsageError
from gigamatte.options import Options

#: the least memory that a batch is given, bytes
LEAST_MEMORY = 1 << 30
#: bytes that a child should have before there is a second one, and of weights that several children may each load
CHILD_MEMORY, SMALL_NETWORK = 1500 << 20, 64 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take: bytes of memory in all, seconds a photo, photos at once; None = by the machine."""

    memory: int | None = None
    seconds: float = 600.0
    inflight: int | None = None
    #: workers that share this machine
    share: int = 1

    def settled(self) -> Limits:
        """With figures for this machine. Raises UsageError."""
        free = system.available_memory() or 4 << 30
        memory = self.memory or max(LEAST_MEMORY, int(0.8 * free) // self.share)
        if memory < LEAST_MEMORY:
            raise UsageError(f"--memory is at least 1.1G, found {memory / 1e9:.2f}G")
        if self.seconds <= 0:
            raise UsageError(f"--timeout is above 0 seconds, found {self.seconds:g}")
        # as many photos as processors, one thread each: the next ones are fetched and hashed outside the child
        inflight = self.inflight or min(16, max(1, system.cpu_count() // self.share))
        return Limits(memory, self.seconds, inflight, self.share)

    def parted(self, children: int) -> Limits:
        """What each of several children of one engine may take, of settled limits."""
        memory, inflight = self.memory or LEAST_MEMORY, self.inflight or 1
        return dataclasses.replace(self, memory=memory // children, inflight=-(-inflight // children))


def children_for(options: Options, limits: Limits, *, network: bool) -> int:
    """How many children should share the work, by settled ``limits``: one where each would load a large network."""
    if network and options.model not in ("auto", "locator") and not _is_small(options.model):
        return 1
    wanted = min(limits.inflight or 1, system.cpu_count())
    return max(1, min(wanted, (limits.memory or LEAST_MEMORY) // CHILD_MEMORY))


def _is_small(model: str) -> bool:
    path = Path(model)
    return path.suffix == ".onnx" and path.is_file() and path.stat().st_size <= SMALL_NETWORK
