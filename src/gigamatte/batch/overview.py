"""A table of many manifests: how far each shard is, its speed, its cost, and its failures.

The manifests are only read, also while batches write them, and no photo is listed."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gigamatte.batch.display import megapixels
from gigamatte.batch.lock import Lock
from gigamatte.batch.open_manifest import open_to_read
from gigamatte.batch.plan import manifest_folder
from gigamatte.errors import MissingInput

#: kinds of failures that are named
FAILURES = 8


@dataclass(frozen=True)
class Standing:
    """The state of one manifest, or of all of them together."""

    manifest: str
    #: 1-of-4
    shard: str
    #: IN → OUT, as the latest run was called
    command: str = ""
    #: a batch is at work on it at this moment
    at_work: bool = False
    photos: int = 0
    done: int = 0
    kept: int = 0
    failed: int = 0
    waiting: int = 0
    megapixels: float = 0.0
    #: megapixels a second of the latest run
    rate: float = 0.0
    #: seconds until the latest run is done; None = not at work, or unknown
    eta: float | None = None
    #: seconds of all runs together, on however many machines
    hours: float = 0.0
    #: seconds since 1970
    began: float = 0.0
    #: photos by the code of their failure
    failures: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def manifests_of(out: str, others: Iterable[str] = ()) -> list[Path]:
    """The manifests of OUT in its latest division into shards, and those in ``others``, which are folders or files.

    Raises MissingInput where there are none.
    """
    home = manifest_folder(out)
    found = _latest_division(sorted(home.glob("*-of-*.sqlite"))) + sorted(home.glob("tars/*/1-of-1.sqlite"))
    for place in map(Path, others):
        inside = sorted(place.glob("*-of-*.sqlite")) if place.is_dir() else [place] if place.is_file() else []
        if not inside:
            raise MissingInput(f"there is no manifest in {place}", "expected a folder that was a --manifest, or a file")
        found += [path for path in _latest_division(inside) if path not in found]
    if not found:
        raise MissingInput(
            f"there is no manifest in {manifest_folder(out)}", "name the folders that were given with --manifest"
        )
    return found


def standing_of(path: Path) -> Standing:
    """How one manifest stands. Raises WriteError when it cannot be read."""
    with contextlib.closing(open_to_read(path)) as database:
        runs = database.execute("SELECT number, began, ended, command FROM runs ORDER BY number").fetchall()
        if not runs:
            return Standing(str(path), path.stem)
        latest = runs[-1]
        states = {row["state"]: row for row in database.execute(_STATES, (latest["number"],))}
        failures = {row["code"]: row["photos"] for row in database.execute(_FAILURES, (latest["number"],))}
        last = database.execute(_SINCE, (latest["began"],)).fetchone()
    at_work = _locked(path.with_suffix(".lock"))

    def of(*names: str, what: str = "photos") -> float:
        return float(sum(states[name][what] or 0 for name in names if name in states))

    spent = [_seconds(run, last["latest"] if run is latest else None, at_work and run is latest) for run in runs]
    rate = last["megapixels"] / spent[-1] if spent[-1] and last["megapixels"] else 0.0
    waiting = of("waiting", "running", "later", what="bytes")
    per_byte = of("done", what="megapixels") / of("done", what="bytes") if of("done", what="bytes") else 0.0
    return Standing(
        manifest=str(path),
        shard=path.stem,
        command=latest["command"] or "",
        at_work=at_work,
        photos=int(of(*states)),
        done=int(of("done")),
        kept=int(of("kept")),
        failed=int(of("failed", "quarantined")),
        waiting=int(of("waiting", "running", "later")),
        megapixels=round(of("done", what="megapixels"), 3),
        rate=round(rate, 3),
        eta=round(waiting * per_byte / rate, 1) if at_work and rate and waiting else None,
        hours=round(sum(spent) / 3600, 6),
        began=latest["began"],
        failures=failures,
    )


def together(standings: list[Standing]) -> Standing:
    """The sums; the longest of what remains, because shards run side by side."""
    failures: Counter[str] = Counter()
    for one in standings:
        failures.update(one.failures)
    etas = [one.eta for one in standings if one.eta is not None]
    return Standing(
        manifest="",
        shard="all",
        at_work=any(one.at_work for one in standings),
        photos=sum(one.photos for one in standings),
        done=sum(one.done for one in standings),
        kept=sum(one.kept for one in standings),
        failed=sum(one.failed for one in standings),
        waiting=sum(one.waiting for one in standings),
        megapixels=round(sum(one.megapixels for one in standings), 3),
        rate=round(sum(one.rate for one in standings if one.at_work), 3),
        eta=max(etas, default=None),
        hours=round(sum(one.hours for one in standings), 6),
        began=min((one.began for one in standings if one.began), default=0.0),
        failures=dict(failures.most_common(FAILURES)),
    )


_STATES = (
    "SELECT state, count(*) AS photos, total(bytes) AS bytes, total(megapixels) AS megapixels FROM photos"
    " WHERE seen = ? GROUP BY state"
)
_FAILURES = (
    "SELECT code, count(*) AS photos FROM photos WHERE seen = ? AND state IN ('failed', 'quarantined') GROUP BY code"
)
_SINCE = (
    "SELECT max(changed) AS latest, total(CASE WHEN state = 'done' THEN megapixels END) AS megapixels FROM photos"
    " WHERE changed >= ?"
)


def _seconds(run: sqlite3.Row, latest: float | None, at_work: bool) -> float:
    """How long a run took; one that was killed until the last photo that it noted."""
    end = time.time() if at_work else run["ended"] or latest or run["began"]
    return max(0.0, float(end) - float(run["began"]))


def _locked(path: Path) -> bool:
    if not path.exists():
        return False
    probe = Lock(path)
    free = probe.take()
    probe.release()
    return not free


def _latest_division(found: list[Path]) -> list[Path]:
    """Of manifests in one folder those of the division that was at work last: the others' photos are among its own."""
    divisions: dict[str, list[Path]] = {}
    for path in found:
        divisions.setdefault(path.stem.partition("-of-")[2], []).append(path)
    if len(divisions) < 2:
        return found
    return max(divisions.values(), key=lambda paths: max(map(_began, paths)))


def _began(path: Path) -> float:
    with contextlib.closing(open_to_read(path)) as database:
        return float(database.execute("SELECT coalesce(max(began), 0) FROM runs").fetchone()[0])


def lines(standings: list[Standing], price: float | None) -> Iterator[tuple[str, ...]]:
    """The table's rows: the shards, and all together where there are several."""
    for one in [*standings, together(standings)] if len(standings) > 1 else standings:
        cost = () if price is None else (f"{one.hours * price:.2f}",)
        eta = "" if one.eta is None else f"{one.eta / 3600:.1f} h"
        yield (
            one.shard, "*" if one.at_work else "", f"{one.photos:,}", f"{one.done + one.kept:,}", f"{one.failed:,}",
            f"{one.waiting:,}", megapixels(one.megapixels), megapixels(one.rate), eta, f"{one.hours:.2f}", *cost,
        )  # fmt: skip
