"""Writes the outcome of a photo into the manifest."""

from __future__ import annotations

import json
import sqlite3
import time

from gigamatte.batch import written
from gigamatte.batch.enlist import row_of
from gigamatte.batch.task import Outcome


def note_outcome(database: sqlite3.Connection, outcome: Outcome, circumstances: str, attempts: int) -> None:
    """One outcome, inside a transaction. ``attempts`` after which a photo is given up on; a failure is due to
    ``circumstances`` too (``circumstances.py``)."""
    if outcome.state == "done":
        _done(database, outcome)
    elif outcome.state == "same":
        database.execute(
            "UPDATE photos SET state = 'done', ours = 1, stamp = ?, out_stamp = ?, changed = ?, stale = 0,"
            " code = NULL, message = NULL, hint = NULL WHERE key = ?",
            (outcome.stamp, outcome.out_stamp, time.time(), outcome.key),
        )
    elif outcome.state == "kept":
        database.execute(
            "UPDATE photos SET state = 'kept', attempts = 0, stamp = ?, out_stamp = ?, code = ?,"
            " message = ?, hint = ?, changed = ?, stale = 0 WHERE key = ?",
            (
                outcome.stamp, outcome.out_stamp, outcome.code, outcome.message, outcome.hint, time.time(),
                outcome.key,
            ),
        )  # fmt: skip
    else:
        _failed(database, outcome, circumstances, attempts)
    database.execute("UPDATE photos SET handed = 0 WHERE key = ?", (outcome.key,))
    if outcome.state in ("done", "same") and (row := row_of(database, outcome.key)) is not None:
        written.note(database, row)


def _done(database: sqlite3.Connection, outcome: Outcome) -> None:
    database.execute(
        "UPDATE photos SET state = 'done', attempts = 0, ours = 1, fingerprint = ?, stamp = ?, sha256 = ?,"
        " out_bytes = ?, out_stamp = ?, megapixels = ?, seconds = ?, doubt = ?, receipt = ?, changed = ?,"
        " code = NULL, message = NULL, hint = NULL, stale = 0,"
        " mark = CASE WHEN mark = 'redo' THEN 'redone' END WHERE key = ?",
        (
            outcome.fingerprint, outcome.stamp, outcome.sha256, outcome.out_bytes, outcome.out_stamp,
            outcome.megapixels, outcome.seconds, outcome.doubt, json.dumps(outcome.receipt), time.time(),
            outcome.key,
        ),
    )  # fmt: skip


def _failed(database: sqlite3.Connection, outcome: Outcome, circumstances: str, attempts: int) -> None:
    if outcome.verdict == "stop":
        database.execute("UPDATE photos SET state = 'waiting' WHERE key = ?", (outcome.key,))
        return
    database.execute(
        "UPDATE photos SET attempts = attempts + 1, code = ?, message = ?, hint = ?, seconds = ?, changed = ?,"
        " circumstances = ?, stale = ?,"
        " state = CASE WHEN ? OR attempts + 1 >= ? THEN 'quarantined' ELSE 'failed' END WHERE key = ?",
        (
            outcome.code, outcome.message, outcome.hint, outcome.seconds, time.time(), circumstances,
            outcome.stale, outcome.verdict == "final", attempts, outcome.key,
        ),
    )  # fmt: skip
