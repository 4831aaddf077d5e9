"""The manifest's tables, about 250 bytes for a photo, and the view ``photos`` of them, which other programs may read.

Texts that many photos share (folders, options, causes of failures) are stored once. Rows keep their length when
photos go from waiting to done, and results are appended, so that the file's pages stay full.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from gigamatte.batch.compact import DOUBTS, NO_DOUBT, Form, Receipts

VERSION = 6
#: waiting; running; later: waits for the end of the list, something lies at its target that a photo still to be listed
#: may be; failed: is tried again; kept: its result was changed since by somebody else; quarantined: is not tried again
STATES = {"waiting": 1, "running": 2, "later": 3, "failed": 4, "done": 5, "kept": 6, "quarantined": 7}
WAITING, RUNNING, LATER, FAILED, DONE, KEPT, QUARANTINED = STATES.values()
#: ours: what lies at the target, if anything, is from this batch; handed: it was cut and what came of it was not noted,
#: what lies there may be ours; stale: it failed, and an earlier result stays at the target; wrote: ``results`` tells of
#: what was written last for this photo; early: it is cut in this run before the list has come
#: to it; hinted: hints lie beside it
OURS, HANDED, STALE, WROTE, EARLY, HINTED = 1, 2, 4, 8, 16, 32
#: a photo's place is kept in two parts while there are at most so many first ones
ROOTS = 64
#: always there, so that flags take the same byte
FLAG = 64

_TABLES = """
CREATE TABLE IF NOT EXISTS listed (
    key TEXT PRIMARY KEY, id INTEGER NOT NULL,
    root INTEGER, source TEXT,      -- the photo's place: a root before its key, or what it is
    bytes INTEGER NOT NULL, stamp INTEGER NOT NULL, recipe INTEGER NOT NULL,
    stem INTEGER, target TEXT,      -- the result's: letters of the key that the recipe's form is put around, or all
    seen INTEGER NOT NULL,          -- the last run that listed it
    state INTEGER NOT NULL, flags INTEGER NOT NULL, doubt INTEGER NOT NULL,
    mark TEXT                       -- what a person says of its result: good, redo, hand
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unfinished ON listed (state, seen) WHERE state < 5;
CREATE INDEX IF NOT EXISTS elsewhere ON listed (source) WHERE source IS NOT NULL;
CREATE INDEX IF NOT EXISTS marked ON listed (mark) WHERE mark IS NOT NULL;
-- which photo has a name, whatever the case and accents: no two may share one
CREATE TABLE IF NOT EXISTS names (number INTEGER PRIMARY KEY, photo INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS results (
    photo INTEGER PRIMARY KEY, fingerprint BLOB, sha256 BLOB, out_bytes INTEGER, out_stamp, pixels INTEGER,
    seconds INTEGER, changed INTEGER, receipt BLOB  -- thousandths of a second; since 1970; compact.Receipts
);
CREATE TABLE IF NOT EXISTS failures (
    photo INTEGER PRIMARY KEY, attempts INTEGER NOT NULL, code TEXT, message TEXT, hint TEXT, circumstances INTEGER,
    seconds INTEGER, changed INTEGER
);
-- what was written before: every other file that is ours
CREATE TABLE IF NOT EXISTS written (
    file TEXT PRIMARY KEY, sha256 BLOB NOT NULL, stamp INTEGER NOT NULL, fingerprint BLOB NOT NULL, source TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipes (
    id INTEGER PRIMARY KEY, config TEXT NOT NULL, template TEXT NOT NULL, pair INTEGER NOT NULL, before TEXT, after TEXT
);
CREATE TABLE IF NOT EXISTS roots (id INTEGER PRIMARY KEY, prefix TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS circumstances (id INTEGER PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dictionaries (id INTEGER PRIMARY KEY, receipt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY, began REAL, ended REAL, version TEXT, command TEXT,
    listing TEXT                    -- a hash of what was listed, and how
);
"""
_STATE = " ".join(f"WHEN {number} THEN '{word}'" for word, number in STATES.items())


def hashes(column: str) -> str:
    """SQL that gives one or two packed hashes as text."""
    head, tail = (f"lower(hex(substr({column}, {start}, 32)))" for start in (1, 33))
    return (
        f"CASE WHEN typeof({column}) <> 'blob' THEN {column} WHEN length({column}) = 64 THEN {head} || '+' || {tail}"
        f" ELSE {head} END"
    )


_VIEW = f"""
CREATE VIEW IF NOT EXISTS photos AS SELECT
    l.key AS key, coalesce(l.source, o.prefix || l.key) AS source, l.bytes AS bytes, l.stamp AS stamp,
    c.config AS config, c.template AS template,
    coalesce(l.target, rtrim(l.key, replace(l.key, '/', '')) || c.before ||
        substr(substr(l.key, 1, l.stem), length(rtrim(l.key, replace(l.key, '/', ''))) + 1) || c.after) AS target,
    CASE l.state {_STATE} END AS state, coalesce(f.attempts, 0) AS attempts,
    l.flags & {OURS} AS ours, l.seen AS seen, c.pair AS pair, (l.flags & {HANDED}) / {HANDED} AS handed,
    (l.flags & {STALE}) / {STALE} AS stale, {hashes("r.fingerprint")} AS fingerprint, {hashes("r.sha256")} AS sha256,
    r.out_bytes AS out_bytes, r.out_stamp AS out_stamp, r.pixels / 1e6 AS megapixels,
    coalesce(f.seconds, r.seconds) / 1e3 AS seconds,
    CASE WHEN l.doubt <> {NO_DOUBT} THEN l.doubt / {DOUBTS}.0 END AS doubt,
    f.code AS code, f.message AS message, f.hint AS hint, r.receipt AS receipt,
    coalesce(f.changed, r.changed) / 1e3 AS changed, w.told AS circumstances, l.mark AS mark,
    (l.flags & {HINTED}) / {HINTED} AS hinted, l.id AS id, l.flags AS flags
FROM listed l
LEFT JOIN roots o ON o.id = l.root
LEFT JOIN recipes c ON c.id = l.recipe
LEFT JOIN results r ON r.photo = l.id
LEFT JOIN failures f ON f.photo = l.id
LEFT JOIN circumstances w ON w.id = f.circumstances;
"""


class Database(sqlite3.Connection):
    """A connection that takes and gives file names which are no UTF-8: SQLite's text cannot hold them, so their own
    bytes are stored (a BLOB), and read as Python's escaped surrogates again. Bytes that are no name come out of a row
    in the same way: see ``blob``."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.row_factory = Row
        self.forget()

    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:
        """As in the base class."""
        return super().execute(statement, tuple(map(storable, values)))

    def forget(self) -> None:
        """Forget the words that were read or added; after a transaction was taken back they are read again."""
        self._numbers: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._forms: dict[int, tuple[Form | None, bool]] = {}
        self._receipts: Receipts | None = None

    def number(self, table: str, **values: Any) -> int:
        """The number of a row of words, which is added if it is not there."""
        known = (table, tuple(values.values()))
        if known not in self._numbers:
            where = " AND ".join(f"{name} IS ?" for name in values)
            found = self.execute(f"SELECT id FROM {table} WHERE {where}", known[1]).fetchone()
            if found is None:
                names, marks = ", ".join(values), ", ".join("?" * len(values))
                added = self.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id", known[1])
                found = added.fetchone()
            self._numbers[known] = int(found["id"])
        return self._numbers[known]

    def recipe(self, config: str, template: str, pair: bool) -> int:
        """The number of a set of options, of results' names, and of whether results are two files."""
        form = Form.of(template)
        before, after = (form.before, form.after) if form else (None, None)
        return self.number("recipes", config=config, template=template, pair=int(pair), before=before, after=after)

    def form(self, recipe: int) -> tuple[Form | None, bool]:
        """(how a recipe makes targets, whether they are pairs)."""
        if recipe not in self._forms:
            row = self.execute("SELECT before, after, pair FROM recipes WHERE id = ?", (recipe,)).fetchone()
            form = None if row["before"] is None else Form(row["before"], row["after"])
            self._forms[recipe] = form, bool(row["pair"])
        return self._forms[recipe]

    def root(self, prefix: str) -> int | None:
        """The number of the first part of photos' places; None where there are too many of them already."""
        if ("roots", (prefix,)) not in self._numbers:
            known = self.execute("SELECT 1 FROM roots WHERE prefix = ?", (prefix,)).fetchone()
            if known is None and self.execute("SELECT count(*) AS roots FROM roots").fetchone()["roots"] >= ROOTS:
                return None
        return self.number("roots", prefix=prefix)

    @property
    def receipts(self) -> Receipts:
        """Packs and unpacks."""
        if self._receipts is None:
            found = self.execute("SELECT id, receipt FROM dictionaries")
            self._receipts = Receipts({row["id"]: row["receipt"].encode("ascii") for row in found})
        return self._receipts


class Row(sqlite3.Row):
    """A row whose bytes are names."""

    def __getitem__(self, key: Any) -> Any:
        return _named(super().__getitem__(key))

    def __iter__(self) -> Iterator[Any]:
        return map(_named, super().__iter__())


def storable(value: Any) -> Any:
    """As SQLite can keep it."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value


def blob(value: str) -> bytes:
    """The bytes of a row's value that is no name."""
    return value.encode("utf-8", "surrogateescape")


def _named(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def make_tables(database: Database) -> None:
    """Inside a transaction."""
    for statement in _statements(_TABLES + _VIEW):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")


def _statements(text: str) -> Iterator[str]:
    """One by one: ``executescript`` would end the transaction."""
    statement = ""
    for line in text.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
