"""Whole rows of the manifest, in and out: as plain words, the same from manifests of every version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from gigamatte.batch import hint_files
from gigamatte.batch.compact import name_number, outcome_stamp, packed_doubt, packed_hash, stamp_number
from gigamatte.batch.naming import folded
from gigamatte.batch.tables import FLAG, HANDED, HINTED, OURS, STALE, STATES, WROTE, Database, blob, storable

_LATER = {"pair": 0, "handed": 0, "stale": 0, "mark": None, "circumstances": None}


def row_of(database: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    """All that is noted of one photo."""
    row: sqlite3.Row | None = database.execute("SELECT * FROM photos WHERE key = ?", (key,)).fetchone()
    return row


def plain_row(database: Database, row: sqlite3.Row) -> dict[str, Any]:
    """A row as a dictionary, its receipt unpacked. What manifests of earlier versions lack is as it was then."""
    plain = _LATER | dict(row)
    receipt = plain["receipt"]
    if receipt and "flags" in plain:
        plain["receipt"] = database.receipts.unpack(blob(receipt), plain["source"], plain["target"])
    elif receipt:
        plain["receipt"] = json.loads(receipt)
    return plain


def is_place(database: Database, place: str) -> bool:
    """Whether a photo that is listed lies at a place."""
    if database.execute("SELECT 1 FROM listed WHERE source = ?", (place,)).fetchone() is not None:
        return True
    for root in database.execute("SELECT id, prefix FROM roots").fetchall():
        if place.startswith(root["prefix"]):
            values = (place[len(root["prefix"]) :], root["id"])
            if database.execute("SELECT 1 FROM listed WHERE key = ? AND root = ?", values).fetchone() is not None:
                return True
    return False


def next_id(database: Database) -> int:
    """A number that no photo has."""
    return int(database.execute("SELECT coalesce(max(photo), 0) + 1 AS next FROM names").fetchone()["next"])


def place_parts(database: Database, key: str, place: str) -> tuple[int | None, str | None]:
    """(root, None), or (None, the whole place) where it does not end in the key."""
    fits = place.endswith(key) and len(place) > len(key) and isinstance(storable(place), str)
    if not fits:
        return None, place
    root = database.root(place[: -len(key)])
    return (None, place) if root is None else (root, None)


def target_parts(database: Database, recipe: int, key: str, target: str) -> tuple[int | None, str | None]:
    """(letters of the key, None), or (None, the whole target) where the recipe's form does not make it."""
    form, _ = database.form(recipe)
    stem = form.stem(key, target) if form is not None and isinstance(storable(key), str) else None
    return (None, target) if stem is None else (stem, None)


def add(
    database: Database, number: int, key: str, place: str, size: int, stamp: str | int, recipe: int, target: str,
    *, seen: int, state: int, flags: int = 0, doubt: float | None = None, mark: str | None = None,
) -> None:  # fmt: skip
    """A new photo. Raises sqlite3.IntegrityError, and has done nothing, where its key or its target's name is taken."""
    name = name_number(folded(target))
    if isinstance(stamp, str) and hint_files.hinted(stamp):
        flags |= HINTED
    database.execute("INSERT INTO names VALUES (?, ?)", (name, number))
    try:
        database.execute(
            "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key, number, *place_parts(database, key, place), size, stamp_number(stamp), recipe,
                *target_parts(database, recipe, key, target), seen, state, flags | FLAG, packed_doubt(doubt), mark,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError:
        database.execute("DELETE FROM names WHERE number = ?", (name,))
        raise


def add_plain(database: Database, number: int, plain: Mapping[str, Any], template: str, seen: int) -> None:
    """Add a photo of another manifest, with all that is known of it. Raises like ``add``.

    ``template``: of results' names; a target that it does not make is stored whole.
    """
    ours = bool(plain["ours"])
    wrote = (
        plain["flags"] & WROTE if "flags" in plain else WROTE * plain.get("wrote", ours and plain["sha256"] is not None)
    )
    hinted = HINTED * bool(plain.get("hinted"))
    flags = hinted | OURS * ours | HANDED * bool(plain["handed"]) | STALE * bool(plain["stale"]) | wrote
    recipe = database.recipe(plain["config"], template, bool(plain["pair"]))
    add(
        database, number, plain["key"], plain["source"], plain["bytes"], plain["stamp"], recipe, plain["target"],
        seen=seen, state=STATES[plain["state"]], flags=flags, doubt=plain["doubt"], mark=plain["mark"],
    )  # fmt: skip
    stamp = plain["out_stamp"]
    if "flags" not in plain:
        stamp = outcome_stamp(stamp, 2 if plain["pair"] else 1)
    if plain["sha256"] is not None or stamp is not None:
        put_result(
            database, number, plain["fingerprint"], plain["sha256"], plain["out_bytes"], stamp, plain["megapixels"],
            plain["seconds"], plain["changed"], plain["receipt"], plain["source"], plain["target"],
        )  # fmt: skip
    if plain["code"] is not None or plain["attempts"]:
        why = plain["circumstances"]
        database.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, plain["attempts"], plain["code"], plain["message"], plain["hint"],
                None if why is None else database.number("circumstances", told=why),
                thousandths(plain["seconds"]), thousandths(plain["changed"]),
            ),
        )  # fmt: skip


def put_result(
    database: Database, number: int, fingerprint: str | None, sha256: str | None, length: int | None,
    stamp: int | str | None, megapixels: float | None, seconds: float | None, changed: float | None,
    receipt: Mapping[str, Any] | None, source: str, target: str,
) -> None:  # fmt: skip
    """Note the result of a photo."""
    packed = None
    if receipt is not None:
        packed, dictionary = database.receipts.pack(receipt, source, target)
        if dictionary is not None:
            database.execute("INSERT INTO dictionaries VALUES (?, ?)", (dictionary[0], dictionary[1].decode("ascii")))
    database.execute(
        "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number, packed_hash(fingerprint), packed_hash(sha256), length, stamp,
            None if megapixels is None else round(megapixels * 1e6), thousandths(seconds), thousandths(changed), packed,
        ),
    )  # fmt: skip


def forget(database: Database, row: sqlite3.Row) -> None:
    """Remove a photo, but not the record of the files that were written for it: see ``written.keep``."""
    database.execute("DELETE FROM listed WHERE key = ?", (row["key"],))
    database.execute("DELETE FROM names WHERE number = ?", (name_number(folded(row["target"])),))
    for table in ("results", "failures"):
        database.execute(f"DELETE FROM {table} WHERE photo = ?", (row["id"],))


def thousandths(number: float | None) -> int | None:
    """Seconds as whole milliseconds."""
    return None if number is None else round(number * 1000)
