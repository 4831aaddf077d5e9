"""How photos are handed out to be cut, and what may be replaced at their targets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from gigamatte.batch import hint_files, written
from gigamatte.batch.compact import stamp_number
from gigamatte.batch.pair import files_of
from gigamatte.batch.records import is_place
from gigamatte.batch.tables import HANDED, OURS, RUNNING, Database
from gigamatte.batch.task import Known, Task, Written


class Dispatch:
    """Makes tasks of rows, inside a transaction.

    ``databases``: this manifest's, then those of other divisions. ``place`` makes a path or URI of a target;
    ``stamps`` are those of what lies there, where anything does; ``overwrite`` allows all of it to be replaced.
    """

    def __init__(
        self, databases: Sequence[Database], place: Callable[[str], str], stamps: Mapping[str, str], *, overwrite: bool
    ) -> None:
        self._databases, self._place, self._stamps, self._overwrite = databases, place, stamps, overwrite

    def out(self, row: sqlite3.Row) -> Task:
        """A task, noted as running."""
        task = self._task(row)
        database = self._databases[0]
        if not task.replace:
            written.keep(database, row)
        database.execute(
            "UPDATE listed SET state = ?, flags = (flags & ?) | ? WHERE key = ?",
            (RUNNING, ~(OURS | HANDED), (OURS | HANDED) * task.replace, task.key),
        )
        return task

    def _task(self, row: sqlite3.Row) -> Task:
        free, earlier, remembered = True, False, list[tuple[Written, ...]]()
        for file in files_of(row["target"], row["pair"]):
            at, found = self._place(file), tuple[Written, ...]()
            if is_place(self._databases[0], at):
                free = False
            elif at in self._stamps:
                found = tuple(written.look_up(self._databases, file, row["target"], row["key"]))
                own = [one for one in found if one.source == row["source"]]
                earlier = earlier or bool(own)
                stands = stamp_number(self._stamps[at])
                free &= self._overwrite or bool(row["handed"]) or any(one.stamp == stands for one in own)
            remembered.append(found)
        known = Known(row["fingerprint"], row["sha256"]) if row["sha256"] else None
        return Task(
            row["key"], row["source"], self._place(row["target"]), row["bytes"],
            hints=hint_files.hints_of(row["source"]) if row["hinted"] else None, replace=free, known=known,
            written=() if free else tuple(remembered), earlier=earlier,
        )  # fmt: skip
