"""Writes photos into the manifest as they are listed: new, changed, moved, or as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gigamatte.batch import hint_files, written
from gigamatte.batch.compact import NO_DOUBT, joined_stamps, stamp_number
from gigamatte.batch.counts import Noted
from gigamatte.batch.migrate import Templates
from gigamatte.batch.naming import candidates, distinct
from gigamatte.batch.pair import files_of
from gigamatte.batch.records import (
    add,
    add_plain,
    forget,
    next_id,
    place_parts,
    plain_row,
    row_of,
    target_parts,
)  # fmt: skip
from gigamatte.batch.tables import DONE, EARLY, HANDED, HINTED, OURS, QUARANTINED, WAITING, Database, storable
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
_QUICK = (
    "SELECT l.root, l.source, l.stamp, l.recipe, l.stem, l.seen, l.state, l.flags, l.bytes, r.out_stamp, r.pixels"
    " FROM listed l LEFT JOIN results r ON r.photo = l.id WHERE l.key = ?"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of a run that decide which photos are cut. ``Manifest.enlist`` explains each."""

    config: str
    template: str
    pair: bool = False
    retry: bool = False
    recheck: bool = False
    overwrite: bool = False
    watching: bool = False
    redo: bool = False
    #: of failures that this run would bring about (``circumstances.py``)
    circumstances: str = ""


class Listing:
    """Photos as they are listed by the ``run``, inside one transaction; ``close`` it before its end.

    ``others``: manifests of earlier divisions. ``standing(file)`` gives the stamp of a result's file.
    """

    def __init__(
        self, database: Database, others: Sequence[Database], run: int, wish: Wish,
        standing: Callable[[str], str | None],
    ) -> None:  # fmt: skip
        self._db, self._others, self._run, self._wish, self._standing = database, others, run, wish, standing
        self._recipe = database.recipe(wish.config, wish.template, wish.pair)
        self._form, _ = database.form(self._recipe)
        self._next: int | None = None
        self._templates = Templates()
        self._roots = {row["id"]: row["prefix"] for row in database.execute("SELECT id, prefix FROM roots")}
        self._cursor = database.cursor()
        self._cursor.row_factory = None
        #: photos that are as they were, and have to be noted as seen
        self._same: set[str] = set()

    def close(self) -> None:
        """Note those that are as they were."""
        values = [(self._run, storable(key)) for key in self._same]
        self._db.executemany("UPDATE listed SET seen = ? WHERE key = ?", values)
        self._same.clear()

    def note(self, listed: Source) -> Noted | None:
        """Notes one photo: how it stands now, None if this run had listed it already."""
        if listed.key in self._same:
            self.close()
        quick = self._as_it_was(listed)
        return self._note(listed) if quick is None else quick

    def _as_it_was(self, source: Source) -> Noted | None:
        """Most photos of a later run: done, or still waiting, and nothing has changed. None for all others."""
        wish = self._wish
        if source.refusal or wish.redo or wish.recheck or self._form is None:
            return None
        row = self._cursor.execute(_QUICK, (storable(source.key),)).fetchone()
        if row is None:
            return None
        root, place, stamp, recipe, stem, seen, state, flags, size, out_stamp, pixels = row
        if recipe != self._recipe or stem is None or state not in (DONE, WAITING) or seen == self._run:
            return None
        if not flags & OURS and (state == DONE or self._others):
            return None
        if stamp != stamp_number(source.stamp) or (
            self._roots.get(root, "") + source.key if place is None else place
        ) != (source.place):
            return None
        if size != source.bytes:
            return None
        if state == DONE:
            files = files_of(self._form.target(source.key, stem), wish.pair)
            if joined_stamps(map(self._standing, files)) != out_stamp:
                return None
        self._same.add(source.key)
        return Noted("done", size, (pixels or 0) / 1e6) if state == DONE else Noted("waiting", size)

    def _note(self, listed: Source) -> Noted | None:
        source, row = self._own_key(listed)
        if row is not None and row["seen"] == self._run:
            changed = row["stamp"] != stamp_number(source.stamp) and row["state"] != "running"
            if row["flags"] & EARLY:
                self._db.execute("UPDATE listed SET flags = flags & ? WHERE key = ?", (~EARLY, source.key))
                if not changed:
                    return Noted("waiting", source.bytes)
            elif not (self._wish.redo or (self._wish.watching and changed)):
                return None
        # a file where a result of the other kind would lie is not known to be ours; and a photo that this division
        # only listed may have been finished by another since
        if row is not None and (not self._fits(row, source.key) or self._done_elsewhere(row)):
            written.keep(self._db, row)
            forget(self._db, row)
            row = None
        if row is None:
            if self._add(source):
                return Noted("waiting", source.bytes)
            row = row_of(self._db, source.key)
            assert row is not None  # the row was added just above
        self._revise(row, source)
        now = row_of(self._db, source.key)
        assert now is not None
        return Noted.of(now)

    def _own_key(self, source: Source) -> tuple[Source, sqlite3.Row | None]:
        """The photo under a key of its own, and its row if there is one."""
        row = row_of(self._db, source.key)
        # what is done again is named by its key, wherever it was unpacked this time
        if row is not None and (row["source"] == source.place or self._wish.redo):
            return source, row
        # each photo keeps the key that it had, in whichever order photos come this time; such places are kept whole
        kept = self._db.execute("SELECT key FROM listed WHERE source = ?", (source.place,)).fetchone()
        if kept is None and (row is None or row["seen"] != self._run):
            return source, row
        other = replace(source, key=distinct(source.key, source.place))
        before = row_of(self._db, other.key)
        if row is not None and row["seen"] == self._run:
            return other, before
        return (other, before) if before is not None and before["source"] == source.place else (source, row)

    def _done_elsewhere(self, row: sqlite3.Row) -> bool:
        wanted = "SELECT 1 FROM photos WHERE key = ? AND ours"
        return not row["ours"] and any(other.execute(wanted, (row["key"],)).fetchone() for other in self._others)

    def _add(self, source: Source) -> bool:
        """Whether it waits from the first; else its row tells what another division has made of it."""
        number = self._number()
        for other in self._others:
            row = other.execute("SELECT * FROM photos WHERE key = ? AND ours", (source.key,)).fetchone()
            if row is not None and self._fits(row, source.key):
                plain = plain_row(other, row)
                template = plain.get("template") or self._templates.of(source.key, row["target"])
                try:
                    add_plain(self._db, number, plain, template, self._run)
                    return False
                except sqlite3.IntegrityError:
                    break  # another photo has its name already: it gets another name and is cut again
        for target in candidates(source.key, self._wish.template):
            try:
                add(
                    self._db, number, source.key, source.place, source.bytes, source.stamp, self._recipe, target,
                    seen=self._run, state=WAITING,
                )  # fmt: skip
                return not source.refusal
            except sqlite3.IntegrityError:
                continue
        raise GigamatteError(f"{source.key}: every name for its result is taken", "choose another --name")

    def _number(self) -> int:
        self._next = next_id(self._db) if self._next is None else self._next + 1
        return self._next

    def _revise(self, row: sqlite3.Row, source: Source) -> None:
        """Decide what a listed photo needs, from its row of earlier runs."""
        wish = self._wish
        # a photo of the same name from elsewhere is another photo: what lies at the target is not its result
        moved = row["source"] != source.place
        if moved:
            written.keep(self._db, row)
        # photos that are redone alone keep their batch's configuration: the next run does not cut them again
        recipe = self._db.recipe(row["config"], wish.template, wish.pair) if wish.redo else self._recipe
        self._db.execute(
            "UPDATE listed SET seen = ?, root = ?, source = ?, bytes = ?, recipe = ?, stem = ?, target = ?, stamp = ?,"
            " flags = flags & ? | ? WHERE key = ?",
            (
                self._run, *place_parts(self._db, source.key, source.place), source.bytes, recipe,
                *target_parts(self._db, recipe, source.key, row["target"]), stamp_number(source.stamp),
                ~(HINTED | (OURS | HANDED if moved else 0)), HINTED * hint_files.hinted(source.stamp), source.key,
            ),
        )  # fmt: skip
        if source.refusal:
            self._refuse(row, source)
            return
        redo, touched = row["config"] != wish.config, moved or row["stamp"] != stamp_number(source.stamp)
        if wish.redo:
            self._wait_again(row, 0, clean=True)
            return
        if row["state"] in ("done", "kept") and not redo:
            stands = joined_stamps(map(self._standing, files_of(row["target"], row["pair"])))
            again = wish.recheck or (wish.overwrite and row["state"] == "kept")
            if not touched and not again and stands == row["out_stamp"]:
                return
            redo = stands is None  # an existing result may turn out to be right when it is hashed
        elif row["state"] == "quarantined" and not (
            redo or touched or wish.retry or row["code"] in _OUTSIDE or row["circumstances"] != wish.circumstances
        ):
            return
        attempts = row["attempts"] if row["state"] in ("waiting", "failed") and not (redo or touched) else 0
        self._wait_again(row, attempts, clean=redo)

    def _refuse(self, row: sqlite3.Row, source: Source) -> None:
        self._db.execute("UPDATE listed SET state = ? WHERE key = ?", (QUARANTINED, source.key))
        values = (row["id"], row["attempts"], "refused", source.refusal, "")
        self._db.execute(
            "INSERT OR REPLACE INTO failures (photo, attempts, code, message, hint) VALUES (?, ?, ?, ?, ?)", values
        )

    def _wait_again(self, row: sqlite3.Row, attempts: int, *, clean: bool) -> None:
        """The photo waits again. ``clean``: its earlier outcome no longer counts."""
        if clean:
            now = row_of(self._db, row["key"])
            assert now is not None
            written.keep(self._db, now)
            self._db.execute("DELETE FROM results WHERE photo = ?", (row["id"],))
            self._db.execute("UPDATE listed SET doubt = ? WHERE key = ?", (NO_DOUBT, row["key"]))
        self._db.execute("UPDATE listed SET state = ? WHERE key = ?", (WAITING, row["key"]))
        self._db.execute("UPDATE failures SET attempts = ? WHERE photo = ?", (attempts, row["id"]))

    def _fits(self, row: sqlite3.Row, key: str) -> bool:
        """Whether a row's result has the name that it would get now. Manifests of version 1 have no pairs."""
        two = "pair" in row.keys() and bool(row["pair"])  # noqa: SIM118  # a Row is a sequence of its values
        return two == self._wish.pair and row["target"] in candidates(key, self._wish.template)
