"""Cuts lots on a Ray cluster: each actor takes a whole lot and works in a folder of its own machine.

What an actor gets and gives is a lot's home without its work: the manifest and what became of it, and how it went. A
machine that dies costs the lots that it had in hand, which others do again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from gigamatte.batch.counts import Counts
from gigamatte.batch.division import BY_CLUSTER, Pool
from gigamatte.batch.limits import Limits
from gigamatte.batch.local import LocalEngine
from gigamatte.batch.one import Worker, WorkerArguments
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Progress
from gigamatte.batch.ray import Cluster
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.tars.cutting import Cutting, Ended, Results
from gigamatte.batch.tars.inside import SharedEngine
from gigamatte.batch.tars.lots import Home, Lot
from gigamatte.batch.tars.record import read_finished
from gigamatte.batch.tars.spread_sets import Work
from gigamatte.batch.task import Outcome
from gigamatte.errors import GigamatteError, every_kind
from gigamatte.workflow.files import new_file

#: lots of one Ray dataset: the driver holds their photos' names, and a machine that was lost is noticed meanwhile
WINDOW = 128
#: what an actor is given for a lot
_GIVEN = ("lot", "scales", "settling", "manifest", "finished")


class RayLots:
    """Cuts lots on the cluster at ``address`` with the workers of ``pool``."""

    def __init__(
        self, cutting: Cutting, listener: Listener, plan: Plan, *, address: str, pool: Pool = BY_CLUSTER,
        entry: str = "gigamatte.worker.child",
    ) -> None:  # fmt: skip
        self._cluster = Cluster(plan.limits, address=address, pool=pool, gpu=plan.options.device != "cpu")
        self._cutting, self._listener, self._plan, self._entry = cutting, listener, plan, entry
        self._started = False

    def cut(self, works: Iterator[Work]) -> Iterator[tuple[Work, Ended]]:
        """Each lot and what became of it, in the order in which they come back from the cluster."""
        while window := list(islice(works, WINDOW)):
            if not self._started:
                self._cluster.start()
                self._started = True
            waiting = {work.lot.stem: work for work in window}
            items = [_row(work) for work in window]
            arguments = (self._plan, self._cutting.results, self._cluster.limits, self._entry)
            for row in self._cluster.mapped(items, LotCutter, arguments, 1):
                work = waiting.pop(row["stem"], None)
                if work is None:
                    continue  # a row may come twice: another machine has repeated what a lost one had finished
                yield work, self._taken(row, work.home)
            for work in waiting.values():
                yield work, GigamatteError(f"the cluster lost {work.lot.stem}", "the same command goes on from here")

    def end(self) -> None:
        """Leave the cluster."""
        self._cluster.close()

    def _taken(self, row: dict[str, Any], home: Home) -> Ended:
        home.folder.mkdir(parents=True, exist_ok=True)
        for path, data in ((home.manifest, row["manifest"]), (home.finished, row["finished"])):
            if data:
                with new_file(path, overwrite=True) as file:
                    file.write(data)
        ended = json.loads(row["ended"])
        _replay(ended["events"], self._listener)
        if "error" in ended:
            kind = every_kind().get(ended["error"]["kind"], GigamatteError)
            return kind(ended["error"]["message"], ended["error"]["hint"])
        return Summary(**ended["summary"])


class LotCutter:
    """What an actor runs. It raises no exception, because one would end the whole job."""

    def __init__(self, plan: Plan, results: Results, limits: Limits, entry: str) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="gigamatte-lots-"))
        plan = replace(plan, watch=False)
        self._cutting = Cutting(plan, results)
        out = plan.out if results.files else str(self._home)
        given = WorkerArguments(plan.options, limits, out, plan.needs_network, entry)

        def engine(scratch: Path) -> LocalEngine:
            return LocalEngine([partial(Worker, given, scratch=scratch)])

        self._engine = SharedEngine(engine, self._home / "scratch")

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """A row for each lot."""
        found = [self._one(*row) for row in zip(*(batch[name] for name in _GIVEN), strict=True)]
        return {name: [row[name] for row in found] for name in ("stem", "ended", "manifest", "finished")}

    def _one(self, text: Any, scales: Any, settling: Any, manifest: Any, finished: Any) -> dict[str, Any]:
        lot, events = Lot.from_dict(json.loads(str(text))), Events()
        home = Home(self._home / "lots" / lot.stem)
        work = Work(lot, home, json.loads(str(scales)).get, settling=bool(settling))
        ended: dict[str, Any] = {}
        try:
            home.folder.mkdir(parents=True)
            for path, data in ((home.manifest, manifest), (home.finished, finished)):
                if data:
                    path.write_bytes(bytes(data))
            ended["summary"] = asdict(self._cutting.cut(work, self._engine.make, events))
        except GigamatteError as error:
            ended["error"] = {"kind": type(error).__name__, "message": error.written[0], "hint": error.written[1]}
        except Exception as error:
            message = f"unexpected {type(error).__name__}: {error}"
            ended["error"] = {"kind": "GigamatteError", "message": message, "hint": ""}
        row = {
            "stem": lot.stem,
            "ended": json.dumps({**ended, "events": events.all}),
            "manifest": _bytes(home.manifest),
            "finished": _bytes(home.finished),
        }
        shutil.rmtree(home.folder, ignore_errors=True)
        return row


class Events:
    """A listener that writes down what it hears, as plain JSON."""

    def __init__(self) -> None:
        self.all: list[list[Any]] = []

    def listed(self, photos: int) -> None:
        """Called for one lot only."""

    def started(self, counts: Counts) -> None:
        """Record how many photos there are to cut."""
        self.all.append(["started", asdict(counts)])

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """Record photos that failed before and are not tried again."""
        self.all.append(["left_alone", photos, count])

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """Record what became of one photo."""
        self.all.append(["ended", outcome.as_dict(), progress.as_dict(), again])

    def written(self, files: Sequence[str]) -> None:
        """Record the tar shards that were written."""
        self.all.append(["written", list(files)])

    def warned(self, text: str) -> None:
        """Record a warning."""
        self.all.append(["warned", text])


def _replay(events: list[list[Any]], listener: Listener) -> None:
    for kind, *values in events:
        if kind == "started":
            listener.started(Counts(**values[0]))
        elif kind == "ended":
            listener.ended(Outcome(**values[0]), Progress(**values[1]), again=values[2])
        elif kind == "left_alone":
            listener.left_alone(values[0], values[1])
        elif kind == "written":
            listener.written(values[0])
        else:
            listener.warned(values[0])


def _row(work: Work) -> dict[str, Any]:
    home = work.home
    before = read_finished(home.finished)
    scales = work.scales(before.sets if before is not None else {})
    values = (
        json.dumps(work.lot.as_dict()), json.dumps(scales), work.settling, _bytes(home.manifest), _bytes(home.finished)
    )  # fmt: skip
    return dict(zip(_GIVEN, values, strict=True))


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
