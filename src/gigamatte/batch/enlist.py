"""Writes photos into the manifest as they are listed: new, changed, moved, or as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gigamatte.batch.naming import candidates, distinct, folded
from gigamatte.batch.pair import files_of, joined
from gigamatte.batch.task import Source
from gigamatte.errors import GigamatteError

#: failures whose reason lies outside the photo and may have passed by the next run
_OUTSIDE = (
    "exists",
    "refused",
    "write",
    "disk",
    "disk-full",
    "scratch",
    "input-missing",
    "input",
    "device",
    "download",
)
_CLEAN = "fingerprint=NULL, sha256=NULL, out_bytes=NULL, out_stamp=NULL, doubt=NULL, receipt=NULL"


@dataclass(frozen=True, slots=True)
class Listing:
    """One run's listing: its options, the manifest's ``database``, and the ``others`` of earlier divisions.

    The meaning of each option is told by ``Manifest.enlist``.
    """

    database: sqlite3.Connection
    others: Sequence[sqlite3.Connection]
    run: int
    config: str
    template: str
    standing: Callable[[str], str | None]
    pair: bool
    retry: bool
    recheck: bool
    overwrite: bool
    #: of failures that this run would bring about (``circumstances.py``)
    circumstances: str = ""
    watching: bool = False
    redo: bool = False

    def note(self, listed: Source) -> sqlite3.Row | None:
        """Notes one photo; its row now, None if this run had listed it already."""
        source, row = self._own_key(listed)
        if row is not None and row["seen"] == self.run:
            changed = row["stamp"] != source.stamp and row["state"] != "running"
            if not (self.redo or (self.watching and changed)):
                return None
        # a file where a result of the other kind would lie is not known to be ours; and a photo that this division
        # only listed may have been finished by another since
        if row is not None and (not _fits(row, source.key, self.template, self.pair) or self._done_elsewhere(row)):
            self.database.execute("DELETE FROM photos WHERE key = ?", (source.key,))
            row = None
        if row is None:
            self._add(source)
            row = row_of(self.database, source.key)
            assert row is not None  # the row was added just above
        self._revise(row, source)
        return row_of(self.database, source.key)

    def _own_key(self, source: Source) -> tuple[Source, sqlite3.Row | None]:
        """The photo under a key of its own, and its row if there is one."""
        row = row_of(self.database, source.key)
        other = replace(source, key=distinct(source.key, source.place))
        before = row_of(self.database, other.key)
        # each photo keeps the key that it had, in whichever order photos come this time
        if before is not None and before["source"] == source.place:
            return other, before
        if row is not None and row["seen"] == self.run and row["source"] != source.place:
            return other, before
        return source, row

    def _done_elsewhere(self, row: sqlite3.Row) -> bool:
        wanted = "SELECT 1 FROM photos WHERE key = ? AND ours"
        return not row["ours"] and any(other.execute(wanted, (row["key"],)).fetchone() for other in self.others)

    def _add(self, source: Source) -> None:
        for other in self.others:
            row = other.execute("SELECT * FROM photos WHERE key = ? AND ours", (source.key,)).fetchone()
            if row is not None and _fits(row, source.key, self.template, self.pair):
                values = dict(row) | {"seen": self.run}
                names, marks = ", ".join(values), ", ".join("?" * len(values))
                try:
                    self.database.execute(f"INSERT INTO photos ({names}) VALUES ({marks})", tuple(values.values()))
                    return
                except sqlite3.IntegrityError:
                    break  # another photo has its name already: it gets another name and is cut again
        insert = (
            "INSERT INTO photos (key, source, bytes, stamp, config, target, folded, pair, state, seen) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)"
        )
        for target in candidates(source.key, self.template):
            own = (source.key, source.place, source.bytes, source.stamp, self.config)
            try:
                self.database.execute(insert, (*own, target, folded(target), self.pair, self.run))
                return
            except sqlite3.IntegrityError:
                continue
        raise GigamatteError(f"{source.key}: every name for its result is taken", "choose another --name")

    def _revise(self, row: sqlite3.Row, source: Source) -> None:
        """Decide what a listed photo needs, from its row of earlier runs."""
        # a photo of the same name from elsewhere is another photo: what lies at the target is not its result
        moved = row["source"] != source.place
        ours = row["ours"] and not moved
        self.database.execute(
            "UPDATE photos SET seen = ?, source = ?, bytes = ?, config = ?, stamp = ?, ours = ?, handed = ?"
            " WHERE key = ?",
            (
                self.run,
                source.place,
                source.bytes,
                # photos that are redone alone keep their batch's configuration: the next run does not cut them again
                row["config"] if self.redo else self.config,
                source.stamp,
                ours,
                row["handed"] and not moved,
                source.key,
            ),
        )
        if source.refusal:
            self.database.execute(
                "UPDATE photos SET state = 'quarantined', code = 'refused', message = ?, hint = '' WHERE key = ?",
                (source.refusal, source.key),
            )
            return
        redo, touched = row["config"] != self.config, moved or row["stamp"] != source.stamp
        if self.redo:
            self._wait_again(source.key, 0, clean=True)
            return
        if row["state"] in ("done", "kept") and not redo:
            stands = joined(map(self.standing, files_of(row["target"], row["pair"])))
            again = self.recheck or (self.overwrite and row["state"] == "kept")
            if not touched and not again and stands == row["out_stamp"]:
                return
            redo = stands is None  # an existing result may turn out to be right when it is hashed
        elif row["state"] == "quarantined" and not (
            redo or touched or self.retry or row["code"] in _OUTSIDE or row["circumstances"] != self.circumstances
        ):
            return
        attempts = row["attempts"] if row["state"] in ("waiting", "failed") and not (redo or touched) else 0
        self._wait_again(source.key, attempts, clean=redo)

    def _wait_again(self, key: str, attempts: int, *, clean: bool) -> None:
        """The photo waits again. ``clean``: its earlier outcome no longer counts."""
        forget = f", {_CLEAN}" if clean else ""
        self.database.execute(
            f"UPDATE photos SET state = 'waiting', attempts = ?{forget} WHERE key = ?", (attempts, key)
        )


def row_of(database: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    """All that is noted of one photo."""
    row: sqlite3.Row | None = database.execute("SELECT * FROM photos WHERE key = ?", (key,)).fetchone()
    return row


def _fits(row: sqlite3.Row, key: str, template: str, pair: bool) -> bool:
    """Whether a row tells of a result as it would be called now. Manifests of version 1 know no pairs."""
    two = "pair" in row.keys() and bool(row["pair"])  # noqa: SIM118  # a Row is a sequence of its values
    return two == pair and row["target"] in candidates(key, template)
