"""The data of the review page: results in the order of their doubt, their pictures, and marks."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from gigamatte.batch import places
from gigamatte.batch.open_manifest import open_tables
from gigamatte.batch.pair import files_of
from gigamatte.batch.records import row_of
from gigamatte.batch.tables import DONE, HINTED
from gigamatte.batch.tars.looking import photo_of, result_of
from gigamatte.batch.tars.lots import Home, is_of_lot
from gigamatte.batch.thumbnails import thumbnail
from gigamatte.errors import InputError, MissingInput, UsageError
from gigamatte.messages import translate
from gigamatte.viewer.page import viewer_page
from gigamatte.viewer.tiles import Layer
from gigamatte.workflow.preview import layer_of

MARKS = ("good", "redo", "hand")
#: photos of one page
PAGE = 60
_FILTERS = {"": "1", "none": "mark IS NULL", **{mark: f"mark = '{mark}'" for mark in MARKS}}


class Desk:
    """The results that ``manifests`` know, which lie below ``out``. Threads may share it; each call opens and closes.

    A result is named by ``ID``: the number of its manifest and its key. Raises MissingInput for one that is not there.
    """

    def __init__(self, out: str, manifests: list[Path]) -> None:
        self._out = out if places.is_uri(out) else str(places.local(out))
        self._manifests = manifests

    def page(self, start: int, mark: str = "") -> dict[str, Any]:
        """Up to ``PAGE`` results from the ``start``-th on, the least sure first; how many there are, and are marked.

        ``mark``: only those with this mark; none: without any. Raises UsageError for another word.
        """
        if mark not in _FILTERS:
            raise UsageError(f"a mark is one of {', '.join(MARKS)}; found {mark!r}")
        found: list[dict[str, Any]] = []
        totals = dict.fromkeys(("all", *MARKS), 0)
        for number, path in enumerate(self._manifests):
            with self._opened(path) as database:
                latest = _latest(database)
                where = f"seen = ? AND state = {DONE} AND {_FILTERS[mark]}"
                select = f"SELECT key FROM listed WHERE {where} ORDER BY doubt DESC, key LIMIT ?"
                keys = [row["key"] for row in database.execute(select, (latest, start + PAGE))]
                found += [_card(number, row) for row in (row_of(database, key) for key in keys) if row is not None]
                counted = f"SELECT mark, count(*) AS photos FROM listed WHERE seen = ? AND state = {DONE} GROUP BY mark"
                for row in database.execute(counted, (latest,)):
                    totals["all"] += row["photos"]
                    if row["mark"] in totals:
                        totals[row["mark"]] += row["photos"]
        found.sort(key=lambda card: (-card["doubt"], card["path"]))
        return {"photos": found[start : start + PAGE], "totals": totals}

    def mark(self, name: str, mark: str | None) -> None:
        """Set or take away a photo's mark, durably, also while a batch is at work. Raises UsageError, WriteError."""
        if mark is not None and mark not in MARKS:
            raise UsageError(f"a mark is one of {', '.join(MARKS)}; found {mark!r}")
        number, key = self._named(name)
        with self._opened(self._manifests[number]) as database:
            done = database.execute("UPDATE listed SET mark = ? WHERE key = ?", (mark, key))
            if done.rowcount != 1:
                raise MissingInput(f"there is no photo {key}")

    def hinted(self, name: str, there: bool) -> None:
        """Remember that hints lie beside a photo, or no longer: in a store nobody looks for them. Mark it for redo."""
        number, key = self._named(name)
        with self._opened(self._manifests[number]) as database:
            values = (~HINTED, HINTED * there, key)
            database.execute("UPDATE listed SET flags = flags & ? | ?, mark = 'redo' WHERE key = ?", values)

    def thumbnail(self, name: str, kind: str) -> tuple[str, bytes]:
        """(media type, bytes) of a small picture of the ``photo`` or the ``result``. Raises MissingInput."""
        row = self._row(name)
        with tempfile.TemporaryDirectory(prefix="gigamatte-") as made:
            folder = Path(made)
            files = (self._photo(name, row, folder),) if kind == "photo" else self._files(name, row, folder)
            data = thumbnail(*(_local(file, folder) for file in files))
        if data is None:
            raise MissingInput(f"{row['key']} cannot be shown")
        head, _, body = data.partition(",")
        return head.removeprefix("data:").removesuffix(";base64"), base64.b64decode(body)

    def viewer(self, name: str) -> str:
        """A page with the whole viewer: the photo before, the result after, down to single pixels."""
        row = self._row(name)
        with tempfile.TemporaryDirectory(prefix="gigamatte-") as made:
            folder, layers = Path(made), []
            with contextlib.suppress(InputError):  # the photo may have been removed since
                photo = _local(self._photo(name, row, folder), folder)
                layers.append(layer_of(photo, translate("Photo"), kind="photo"))
            result = layer_of(_local(self._files(name, row, folder)[0], folder), translate("Cutout"))
            layers = [*layers, result] if layers and _same_frame(layers[0], result) else [result]
        return viewer_page(row["key"], layers, split=0.5 if len(layers) > 1 else None)

    def source(self, name: str) -> str:
        """Path or URI of the photo."""
        return str(self._row(name)["source"])

    def _photo(self, name: str, row: dict[str, Any], folder: Path) -> Path | str:
        manifest = self._manifests[self._named(name)[0]]
        return (
            photo_of(Home(manifest.parent), row["key"], row["source"], folder) if is_of_lot(manifest) else row["source"]
        )

    def _files(self, name: str, row: dict[str, Any], folder: Path) -> tuple[Path | str, ...]:
        manifest = self._manifests[self._named(name)[0]]
        files = files_of(row["target"], bool(row["pair"]))
        if is_of_lot(manifest):
            return tuple(result_of(Home(manifest.parent), self._out, file, folder) for file in files)
        return tuple(places.join(self._out, file) for file in files)

    def _row(self, name: str) -> dict[str, Any]:
        number, key = self._named(name)
        with self._opened(self._manifests[number]) as database:
            row = database.execute("SELECT * FROM photos WHERE key = ? AND state = 'done'", (key,)).fetchone()
        if row is None:
            raise MissingInput(f"there is no photo {key}")
        return dict(row)

    def _named(self, name: str) -> tuple[int, str]:
        number, _, word = name.partition("-")
        try:
            key = base64.urlsafe_b64decode(word.encode("ascii")).decode("utf-8", "surrogateescape")
            if not 0 <= int(number) < len(self._manifests):
                raise ValueError
        except ValueError:
            raise MissingInput(f"there is no photo {name}") from None
        return int(number), key

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Any:
        database = open_tables(path)
        try:
            yield database
        finally:
            database.close()


def _same_frame(photo: Layer, result: Layer) -> bool:
    """A cropped result shows another frame than its photo."""
    return abs(photo.size.width * result.size.height / photo.size.height - result.size.width) < 2


def _latest(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0])


def _card(number: int, row: sqlite3.Row) -> dict[str, Any]:
    word = base64.urlsafe_b64encode(row["key"].encode("utf-8", "surrogateescape")).decode("ascii")
    shown = row["key"].encode("utf-8", "backslashreplace").decode("utf-8")
    return {
        "id": f"{number}-{word}",
        "path": shown,
        "doubt": row["doubt"] or 0.0,
        "mark": row["mark"] if row["mark"] in MARKS else None,
        "redone": row["mark"] == "redone",
        # a picture that has been made again is fetched again
        "version": (row["sha256"] or "")[:8],
    }


def _local(place: Path | str, folder: Path) -> Path:
    if isinstance(place, Path):
        return place
    return places.fetch(place, folder)[0] if places.is_uri(place) else Path(place)
