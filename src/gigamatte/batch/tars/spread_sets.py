"""Sets whose photos are spread over several lots: the scale of each folder over all of them.

In tar shards a photo's folder is the one in its member's name, whichever tar shard holds it; members in no folder are a
set of their tar shard alone. What a lot has of each folder is kept in its ``finished.json``; here it is in SQLite's own
temporary file, so that memory stays the same however many folders there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from gigamatte.batch.sets import SAME, ScaleOf, folder_of, no_scale
from gigamatte.batch.tars.lots import Home, Lot

_TABLES = """
CREATE TABLE sets (
    folder TEXT NOT NULL, lot TEXT NOT NULL, place TEXT NOT NULL, fits REAL NOT NULL, scale REAL NOT NULL,
    PRIMARY KEY (folder, lot)
) WITHOUT ROWID;
CREATE INDEX of_lot ON sets (lot);
"""


@dataclass(frozen=True)
class Work:
    """A lot to cut, its home, and the scales of its folders elsewhere. ``settling``: its photos were cut before, and
    those with another scale than ``scale_of`` gives are cut once more."""

    lot: Lot
    home: Home
    scale_of: ScaleOf = no_scale
    settling: bool = False

    def scales(self, noted: Mapping[str, object]) -> dict[str, float]:
        """What ``scale_of`` gives for the folders that are known: of listed photos, and those ``noted`` of the lot."""
        folders = {folder_of(source.key) for source in self.lot.listed} | noted.keys()
        found = {folder: self.scale_of(folder) for folder in sorted(folders)}
        return {folder: scale for folder, scale in found.items() if scale is not None}


def is_spread(lot: Lot, folder: str) -> bool:
    """Whether photos of a lot's folder may have companions in other lots."""
    return bool(folder) or not lot.place


class SpreadSets:
    """Hears what lots have of each folder, and tells which lots have to be cut once more. Close it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Free the temporary file."""
        self._db.close()

    def note(self, lot: Lot, sets: Mapping[str, tuple[float, float]]) -> None:
        """``sets``: of each folder of a lot that is done, the smallest scale that a photo needs and the one it has."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM sets WHERE lot = ?", (lot.stem,))
        rows = ((folder, lot.stem, lot.place, *scales) for folder, scales in sets.items())
        self._db.executemany("INSERT INTO sets VALUES (?, ?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def first(self, lot: Lot, home: Home) -> Work:
        """A lot that is cut with the scales that are known so far."""
        return Work(lot, home, partial(self._smallest, but=lot.stem))

    def again(self, lot: Lot, home: Home) -> Work:
        """A lot that has to be settled, once all are known."""
        return Work(lot, home, self._smallest, settling=True)

    def uneven(self) -> list[tuple[str, str]]:
        """(name, place) of the lots whose photos have another scale than their folder's smallest."""
        select = (
            "SELECT DISTINCT lot, place FROM sets JOIN (SELECT folder, min(fits) AS least FROM sets GROUP BY folder)"
            " USING (folder) WHERE abs(scale / least - 1) > ? ORDER BY lot"
        )
        return self._db.execute(select, (SAME,)).fetchall()

    def _smallest(self, folder: str, but: str = "") -> float | None:
        found = self._db.execute("SELECT min(fits) FROM sets WHERE folder = ? AND lot <> ?", (folder, but)).fetchone()
        least: float | None = found[0]
        return least
