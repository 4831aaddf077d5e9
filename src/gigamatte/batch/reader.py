"""Reads the rows of several manifests as if they were one, for reports and exports, also while batches write them."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from gigamatte.batch.open_manifest import open_to_read
from gigamatte.batch.records import plain_row
from gigamatte.batch.tables import Database

#: manifests that are open at once: a process may have a thousand files
MANY = 64


class Rows(Protocol):
    """Where rows come from: the manifest that a run writes, or a ``Reader`` of several."""

    def rows(self, where: str = "1", order: str = "key", most: int = -1) -> Iterator[dict[str, Any]]:
        """Rows as dictionaries, ``receipt`` unpacked. The words are SQL of our own, never a user's."""
        ...


class Reader:
    """Opens manifests to read; close it, or use it as a context. Raises WriteError when one cannot be opened.

    Of more than ``MANY``, as tar shards have, one is open at a time.
    """

    def __init__(self, manifests: list[Path]) -> None:
        self._stack = contextlib.ExitStack()
        self._paths = manifests
        self._open = [self._opened(path, self._stack) for path in manifests] if len(manifests) <= MANY else []

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close them."""
        self._stack.close()

    def rows(self, where: str = "1", order: str = "key", most: int = -1) -> Iterator[dict[str, Any]]:
        """Rows of the latest run of each manifest; ``most`` of them, -1 for all.

        In one order, or where all are wanted of more than ``MANY`` manifests one manifest after the other.
        """
        select = f"SELECT * FROM photos WHERE seen = ? AND {where} ORDER BY {order} LIMIT ?"
        if len(self._paths) > MANY:
            found = self._one_by_one(select, most)
            return found if most < 0 else iter(heapq.nsmallest(most, found, key=_sorting(order)))
        merged = heapq.merge(
            *(_plain(database, select, (latest, most)) for database, latest in self._open), key=_sorting(order)
        )
        return merged if most < 0 else islice(merged, most)

    def _one_by_one(self, select: str, most: int) -> Iterator[dict[str, Any]]:
        for path in self._paths:
            with contextlib.ExitStack() as stack:
                database, latest = self._opened(path, stack)
                yield from _plain(database, select, (latest, most))

    def _opened(self, path: Path, stack: contextlib.ExitStack) -> tuple[Database, int]:
        database = stack.enter_context(contextlib.closing(open_to_read(path)))
        latest = database.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
        return database, int(latest)


def _plain(database: Database, select: str, values: tuple[int, int]) -> Iterator[dict[str, Any]]:
    return (plain_row(database, row) for row in database.execute(select, values))


def _sorting(order: str) -> Any:
    """A key that sorts as ``ORDER BY`` does: numbers downwards, text upwards."""
    parts = [part.strip().split(" ") for part in order.split(",")]

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(-(row[name] or 0.0) if down else _as_sqlite(row[name]) for name, *down in parts)

    return key


def _as_sqlite(text: str) -> tuple[bool, bytes]:
    """As SQLite sorts: text by its UTF-8, names that are none behind it."""
    return not _is_text(text), text.encode("utf-8", "surrogateescape")


def _is_text(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
