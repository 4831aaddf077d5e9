"""Writes the outcome of a photo into the manifest."""

from __future__ import annotations

import sqlite3
import time

from gigamatte.batch import hint_files, written
from gigamatte.batch.compact import outcome_stamp, packed_doubt, stamp_number
from gigamatte.batch.pair import files_of
from gigamatte.batch.records import put_result, row_of, thousandths
from gigamatte.batch.tables import (
    DONE,
    FAILED,
    HANDED,
    HINTED,
    KEPT,
    OURS,
    QUARANTINED,
    STALE,
    WAITING,
    WROTE,
    Database,
)
from gigamatte.batch.task import Outcome


def note_outcome(database: Database, outcome: Outcome, circumstances: str, attempts: int) -> None:
    """One outcome, inside a transaction. ``attempts`` after which a photo is given up on; a failure is due to
    ``circumstances`` too (``circumstances.py``)."""
    row = row_of(database, outcome.key)
    if row is None:
        return
    if outcome.state == "failed":
        _failed(database, row, outcome, circumstances, attempts)
        return
    stamp = outcome_stamp(outcome.out_stamp, len(files_of(row["target"], row["pair"])))
    if outcome.state == "done":
        put_result(
            database, row["id"], outcome.fingerprint, outcome.sha256, outcome.out_bytes, stamp, outcome.megapixels,
            outcome.seconds, time.time(), outcome.receipt, row["source"], row["target"],
        )  # fmt: skip
        database.execute(
            "UPDATE listed SET doubt = ?, mark = CASE WHEN mark = 'redo' THEN 'redone' END WHERE key = ?",
            (packed_doubt(outcome.doubt), outcome.key),
        )
    else:
        if outcome.state == "kept":
            written.keep(database, row)
        database.execute("INSERT OR IGNORE INTO results (photo) VALUES (?)", (row["id"],))
        database.execute(
            "UPDATE results SET out_stamp = ?, changed = ? WHERE photo = ?",
            (stamp, thousandths(time.time()), row["id"]),
        )
    database.execute("DELETE FROM failures WHERE photo = ?", (row["id"],))
    if outcome.state == "kept":
        _note_failure(database, row["id"], outcome, 0, None)
        _end(database, outcome, KEPT, off=HANDED | STALE)
        return
    written.superseded(database, row)
    _end(database, outcome, DONE, on=OURS | WROTE, off=HANDED | STALE)


def _end(database: Database, outcome: Outcome, state: int, *, on: int = 0, off: int = 0) -> None:
    on, off = on | HINTED * hint_files.hinted(outcome.stamp), off | HINTED
    database.execute(
        "UPDATE listed SET state = ?, stamp = ?, flags = (flags & ?) | ? WHERE key = ?",
        (state, stamp_number(outcome.stamp), ~off, on, outcome.key),
    )


def _failed(database: Database, row: sqlite3.Row, outcome: Outcome, circumstances: str, attempts: int) -> None:
    if outcome.verdict == "stop":
        values = (WAITING, ~HANDED, outcome.key)
        database.execute("UPDATE listed SET state = ?, flags = flags & ? WHERE key = ?", values)
        return
    tried = row["attempts"] + 1
    _note_failure(database, row["id"], outcome, tried, database.number("circumstances", told=circumstances))
    state = QUARANTINED if outcome.verdict == "final" or tried >= attempts else FAILED
    database.execute(
        "UPDATE listed SET state = ?, flags = (flags & ?) | ? WHERE key = ?",
        (state, ~(HANDED | STALE), STALE * outcome.stale, outcome.key),
    )


def _note_failure(database: Database, photo: int, outcome: Outcome, attempts: int, why: int | None) -> None:
    database.execute(
        "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            photo, attempts, outcome.code, outcome.message, outcome.hint, why, thousandths(outcome.seconds),
            thousandths(time.time()),
        ),
    )  # fmt: skip
