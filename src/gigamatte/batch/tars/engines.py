"""Cuts lots one after the other on this machine; ``gigamatte.batch.ray`` has the engine for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from gigamatte.batch.division import BY_CLUSTER, Pool
from gigamatte.batch.engines import engine_for
from gigamatte.batch.plan import Plan
from gigamatte.batch.summary import Listener
from gigamatte.batch.tars.cutting import Cutting, Ended
from gigamatte.batch.tars.inside import SharedEngine
from gigamatte.batch.tars.spread_sets import Work
from gigamatte.batch.task import BatchEngine
from gigamatte.errors import GigamatteError
from gigamatte.network.engines.devices import one_device

#: makes an engine with a folder for its scratch files
MakeLots = Callable[["Cutting", "Listener", Path], "LotEngine"]


class LotEngine(Protocol):
    """Where lots are cut."""

    def cut(self, works: Iterator[Work]) -> Iterator[tuple[Work, Ended]]:
        """Each lot with what became of it, in any order."""
        ...

    def end(self) -> None:
        """Stop the engine, once all lots are done."""
        ...


class LocalLots:
    """One lot at a time, with one engine for all."""

    def __init__(
        self, cutting: Cutting, make: Callable[[Path], BatchEngine], listener: Listener, scratch: Path
    ) -> None:
        self._cutting, self._listener = cutting, listener
        self._engine = SharedEngine(make, scratch)

    def cut(self, works: Iterator[Work]) -> Iterator[tuple[Work, Ended]]:
        """Each lot and what became of it, in their order."""
        for work in works:
            work.home.folder.mkdir(parents=True, exist_ok=True)
            try:
                yield work, self._cutting.cut(work, self._engine.make, self._listener)
            except GigamatteError as error:
                yield work, error

    def end(self) -> None:
        """Stop the engine."""
        self._engine.end()


def lots_for(plan: Plan, kind: str, *, address: str, pool: Pool = BY_CLUSTER) -> MakeLots:
    """A function that makes an engine of a ``kind``, local or ray. Raises UsageError."""
    if kind == "ray":
        from gigamatte.batch.ray import need_ray
        from gigamatte.batch.tars.afar import RayLots

        need_ray()  # checked before the listing
        one_device(plan.options.device)
        return lambda cutting, listener, _: RayLots(cutting, listener, plan, address=address, pool=pool)
    # results are made in the lots' homes, or below OUT
    return lambda cutting, listener, scratch: LocalLots(
        cutting, engine_for(cutting.confined(plan), kind, address=address), listener, scratch
    )
