"""Where lots come from: tar shards as they are named, or photos as they are listed. Each also as a watched folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from gigamatte.batch import places
from gigamatte.batch.lists.named import STDIN
from gigamatte.batch.lists.sources import list_sources, root_of
from gigamatte.batch.lists.wanted import Passed
from gigamatte.batch.naming import shard_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.settled_files import SettledFiles
from gigamatte.batch.tars.lots import Lot
from gigamatte.batch.tars.members import PHOTOS, Members
from gigamatte.batch.tars.names import part_of, shards_named, stem_of_shard
from gigamatte.batch.task import Source
from gigamatte.errors import MissingInput, UsageError


class Lots(Protocol):
    """Gives lots, once or again and again."""

    def look(self, *, first: bool) -> Iterator[Lot]:
        """All lots; of a watched place those that are new, have changed and rest. ``first``: the first look."""
        ...

    def lot(self, stem: str, place: str) -> Lot:
        """One that a look has given, as it is now."""
        ...

    def warnings(self) -> list[str]:
        """Of the look that has ended: what a person should know."""
        ...

    def close(self) -> None:
        """Free what is held; no other look follows."""
        ...


class Shards:
    """One lot for each tar shard. ``known(lot)`` tells whether it was done, or given up on, as it is now."""

    def __init__(self, plan: Plan, known: Callable[[Lot], bool]) -> None:
        self._plan, self._known = plan, known
        self._settled = SettledFiles(self) if plan.watch else None
        places_found = self._named()
        if not places.is_uri(plan.out):
            folder = places.local(plan.out)
            inside = next((shard for shard in places_found if Path(shard).parent == folder), None)
            if inside is not None:
                raise UsageError(
                    f"{plan.out} holds {inside}: results would be mixed with sources", "name another folder"
                )

    def warnings(self) -> list[str]:
        """None: shards are listed without warnings."""
        return []

    def look(self, *, first: bool) -> Iterator[Lot]:
        """In the order of their names; ``first`` is as good as another."""
        del first
        mine = part_of(self._named(), self._plan.shard)
        if self._settled is None:
            yield from (Lot(stem_of_shard(place), place) for place in mine)
            return
        yield from (Lot(source.key, source.place) for source in self._settled.of(_there(mine)))

    def lot(self, stem: str, place: str) -> Lot:
        """A tar shard again."""
        return Lot(stem, place)

    def has(self, source: Source) -> bool:
        """Whether a tar shard is done as it is now."""
        return self._known(Lot(source.key, source.place))

    def close(self) -> None:
        """Nothing: no resources are held."""

    def _named(self) -> list[str]:
        try:
            return shards_named(self._plan.source)
        except MissingInput:
            if self._plan.watch:
                return []
            raise


class Listed:
    """Lots of ``most`` photos from a folder, a list or a store; which photo is in which is kept in ``folder``."""

    def __init__(self, plan: Plan, folder: Path, most: int | None) -> None:
        self._plan = plan
        (index, count), stem = plan.shard, _stem(plan.source)
        name = stem if count == 1 else f"{stem}-{index}of{count}"
        self._members = Members(folder / f"{index}-of-{count}.members.sqlite", name, most or PHOTOS)
        self._settled = SettledFiles(self._members) if plan.watch else None
        self._passed = Passed()

    def warnings(self) -> list[str]:
        """Files that were left out of the list."""
        return list(self._passed.lines())

    def look(self, *, first: bool) -> Iterator[Lot]:
        """Full lots while the list goes on; the last one at its end."""
        plan, passed = self._plan, Passed()
        self._passed = passed
        found = list_sources(plan.source, pattern=plan.pattern, out=plan.out, column=plan.column, passed=passed)
        index, count = plan.shard
        mine: Iterator[Source] = (
            source for source in found
            if shard_of(source.key, count, whole_folders=plan.options.consistent) == index - 1
        )  # fmt: skip
        if self._settled is not None:
            mine = self._settled.of(mine)
        yield from self._members.lots(mine, known=first, grows=plan.watch)

    def lot(self, stem: str, place: str) -> Lot:
        """The photos of one name again."""
        del place
        return self._members.lot(stem)

    def close(self) -> None:
        """Close the record of members."""
        self._members.close()


def _there(shards: list[str]) -> Iterator[Source]:
    for place in shards:
        with contextlib.suppress(MissingInput):  # a range names what is still to come
            size, stamp = places.stamp_of(place)
            yield Source(stem_of_shard(place), place, size, stamp)


def _stem(source: str) -> str:
    """What tar shards of results are called: as the folder or the list."""
    place = root_of(source) or ("" if source == STDIN else source)
    name = PurePosixPath(places.local(place).resolve().as_posix() if not places.is_uri(place) else place).name
    stem = name if root_of(source) is not None else name.partition(".")[0]
    return re.sub(r"[^\w.-]", "_", stem).strip(".") or "photos"
