"""Converts manifests of earlier versions into those of the present version."""

from __future__ import annotations

import contextlib
import sqlite3

from gigamatte.batch import written
from gigamatte.batch.compact import Form
from gigamatte.batch.naming import stem_of
from gigamatte.batch.records import add_plain, plain_row
from gigamatte.batch.tables import VERSION, Database, make_tables

#: tables of the versions that had everything about a photo in one row
_OLD = ("photos", "written", "runs")
#: templates that are derived from names; where there are more of them, names are kept whole
_TEMPLATES = 16


def take_over(database: Database) -> None:
    """Make today's tables, of what an earlier version has left where there is something; all of it or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        # another process may have done it meanwhile
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version < VERSION:
            _make(database, version)
        database.execute("COMMIT")
    except BaseException:
        database.forget()
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    if 0 < version < VERSION:
        with contextlib.suppress(sqlite3.Error):  # it only frees disk space
            database.execute("VACUUM")


def _make(database: Database, version: int) -> None:
    there = {row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    old = [table for table in _OLD if table in there]
    for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall():
        database.execute(f"DROP INDEX {row['name']}")
    for table in old:
        database.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    make_tables(database)
    if not old:
        return
    database.execute(
        "INSERT INTO runs (number, began, ended, version, command)"
        " SELECT number, began, ended, version, command FROM old_runs"
    )
    if "written" in old:
        for file, one in written.files(database, "old_written"):
            written.put(database, file, one)
    templates = Templates()
    for number, row in enumerate(database.execute("SELECT * FROM old_photos ORDER BY key"), 1):
        plain = plain_row(database, row)
        if version < written.SINCE:
            plain["handed"] = plain["handed"] or (row["ours"] and row["sha256"] is None)
        plain["wrote"] = _tells(database, row, version)
        add_plain(database, number, plain, templates.of(row["key"], row["target"]), row["seen"])
    for table in old:
        database.execute(f"DROP TABLE old_{table}")


def _tells(database: Database, row: sqlite3.Row, version: int) -> bool:
    """Whether a row tells of the files that were written last for its photo; then the table need not."""
    if not row["ours"] or row["sha256"] is None:
        return False
    files = dict(written.of_row(row))
    if version >= written.SINCE:
        for file, one in files.items():
            known = [(other.sha256, other.source) for other in written.all_of(database, "file = ?", (file,))]
            if known != [(one.sha256, one.source)]:
                return False
        for file in files:
            database.execute("DELETE FROM written WHERE file = ?", (file,))
    return True


class Templates:
    """Tells from names which template has made them: earlier versions did not note it."""

    def __init__(self) -> None:
        self._known: dict[str, Form] = {}

    def of(self, key: str, target: str) -> str:
        """A template; "" where there are too many of them."""
        found = next((text for text, form in self._known.items() if form.stem(key, target) is not None), None)
        if found is not None:
            return found
        folder = key.rfind("/") + 1
        stem = stem_of(key[folder:])
        before, known, after = target[folder:].partition(stem)
        text = "{stem}".join(part.replace("{", "{{").replace("}", "}}") for part in (before, after))
        form = Form.of(text)
        if not known or form is None or form.stem(key, target) is None or len(self._known) >= _TEMPLATES:
            return ""
        self._known[text] = form
        return text
