"""Photos of a lot that are done again alone: those that are marked in the review, and those of uneven sets."""

from __future__ import annotations

from collections.abc import Iterator

from gigamatte.batch import places
from gigamatte.batch.reader import Reader
from gigamatte.batch.sets import differs, folder_of
from gigamatte.batch.tars.lots import Home, Lot
from gigamatte.batch.tars.spread_sets import Work
from gigamatte.batch.task import Source


def marked(home: Home) -> list[str]:
    """Photos that somebody wants done again."""
    with Reader([home.manifest]) as reader:
        return [row["key"] for row in reader.rows("mark = 'redo'")]


def uneven(work: Work) -> list[str]:
    """Photos with another scale than their set's, and those that a run that was broken off was doing again for that."""
    with Reader([work.home.manifest]) as reader:
        return [
            row["key"]
            for row in reader.rows("state IN ('done', 'waiting', 'running', 'later')")
            if row["state"] != "done" or differs(row["receipt"], work.scale_of(folder_of(row["key"])))
        ]


def as_they_lie(lot: Lot, home: Home, keys: list[str]) -> Iterator[Source]:
    """Photos of the lot, where they lie now."""
    listed = {source.key: source for source in lot.listed}
    for key in keys:
        path = home.work / "in" / key
        if lot.place and path.is_file():
            yield Source(key, str(path), *places.stamp_of(str(path)))
        else:
            gone = Source(key, str(path), 0, "", refusal=f"{lot.named(key)} is no longer there")
            yield listed.get(key, gone)
