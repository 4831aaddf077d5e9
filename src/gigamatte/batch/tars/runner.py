"""Runs a batch in lots: each is cut like any folder, and becomes tar shards or files; then the next.

IN are tar shards, or whatever else names photos. Each lot has a manifest: `batch status`, `export` and `--report` read
all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gigamatte.batch import places
from gigamatte.batch.counts import Counts
from gigamatte.batch.lists.folder import MARK
from gigamatte.batch.lock import lock_shard
from gigamatte.batch.one import failure
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Meter
from gigamatte.batch.reader import Reader, Rows
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.tars.cutting import Cutting, Ended, Results
from gigamatte.batch.tars.engines import LotEngine, MakeLots
from gigamatte.batch.tars.lots import TARS, Home, Lot
from gigamatte.batch.tars.names import is_tar
from gigamatte.batch.tars.record import read_finished
from gigamatte.batch.tars.sources import Listed, Lots, Shards
from gigamatte.batch.tars.spread_sets import SpreadSets, Work
from gigamatte.errors import GigamatteError, InputError, MissingInput, UsageError


def run_tars(
    plan: Plan,
    make_engine: MakeLots,
    listener: Listener,
    results: Results,
    *,
    finish: Callable[[Rows, Summary], None] | None = None,
) -> Summary:
    """Do what ``plan`` says, with tar shards as IN, or with results as tar shards, or both.

    ``make_engine``: see ``lots_for``. Raises like ``run_batch``, and UsageError for what does not go with shards.
    """
    check(plan)
    plan.make_folders()
    folder = plan.manifest_folder / TARS
    folder.mkdir(exist_ok=True)
    run = _Run(plan, folder, results, listener)
    try:
        places.mark(plan.out, f"{MARK}/output", f"results of gigamatte batch {plan.source}\n")
        lock = lock_shard(plan.manifest_folder, plan.shard)
        try:
            scratch = folder / f"{plan.shard[0]}-of-{plan.shard[1]}.scratch"
            engine = make_engine(run.cutting, listener, scratch)
            try:
                summary = run.go(engine)
            finally:
                engine.end()
            known = [home.manifest for home in run.homes if home.manifest.exists()]
            if finish is not None and summary.total and known:
                with Reader(known) as reader:
                    finish(reader, summary)
            return summary
        finally:
            lock.release()
    finally:
        run.close()


def check(plan: Plan) -> None:
    """Raises UsageError for what does not go with lots."""
    said = {"--column": plan.column, "a folder of masks": plan.masks} if is_tar(plan.source) else {}
    wrong = next((name for name, value in said.items() if value), None)
    if wrong is not None:
        raise UsageError(f"{wrong} does not go with tar shards", "unpack them first, or leave it out")


class _Run:
    def __init__(self, plan: Plan, folder: Path, results: Results, listener: Listener) -> None:
        self._plan, self._folder, self._listener = plan, folder, listener
        self.cutting = Cutting(plan, results)
        #: tar shards that could not be read, and their stamps then
        self._broken: dict[str, str] = {}
        self._whole = Summary(manifest=str(folder), watched=plan.watch)
        self.homes: list[Home] = []
        self._sets = SpreadSets()
        self.lots: Lots = (
            Shards(plan, self._is_known) if is_tar(plan.source) else Listed(plan, folder, results.limits.photos)
        )

    def go(self, engine: LotEngine) -> Summary:
        """Cut all lots. Raises what makes going on impossible."""
        began, first = time.monotonic(), True
        try:
            while first or self._plan.watch:
                for work, ended in engine.cut(self._to_do(first=first)):
                    self._take(work, ended)
                    if self._ends():
                        break
                if self._ends() or self._settle(engine):
                    break
                if self._plan.watch:
                    time.sleep(self._plan.every)
                first = False
        except KeyboardInterrupt:
            self._whole = replace(self._whole, interrupted=True)
        except GigamatteError as error:
            if self._whole.total == 0:
                raise
            self._stop(error)
        return replace(self._whole, seconds=round(time.monotonic() - began, 3))

    def close(self) -> None:
        """Free what is held."""
        self.lots.close()
        self._sets.close()

    def _ends(self) -> bool:
        return self._whole.interrupted or bool(self._whole.stopped)

    def _settle(self, engine: LotEngine) -> bool:
        """Cut photos once more whose set has another scale, now that all of it is known. Whether the run ends."""
        uneven = self._sets.uneven()
        lots = (self.lots.lot(stem, place) for stem, place in uneven)
        for work, ended in engine.cut(self._sets.again(lot, self._home(lot)) for lot in lots):
            if isinstance(ended, GigamatteError):
                self._stop(ended)
            else:
                words = {name: getattr(ended, name) for name in ("interrupted", "stopped", "hint", "stopped_code")}
                self._whole = replace(self._whole, **words)
                self._note_sets(work.lot)
            if self._ends():
                break
        return self._ends()

    def _home(self, lot: Lot) -> Home:
        return Home(self._folder / lot.stem)

    def _note_sets(self, lot: Lot) -> None:
        """Hear what a lot that is done has of each set."""
        found = read_finished(self._home(lot).finished) if self._plan.options.consistent else None
        if found is not None:
            self._sets.note(lot, found.sets)

    def _to_do(self, *, first: bool) -> Iterator[Work]:
        """Lots that are not known to be right; the others are counted."""
        for lot in self.lots.look(first=first):
            home = self._home(lot)
            if first or home not in self.homes:
                self.homes.append(home)
            known = self.cutting.known(lot, home)
            if known is None:
                yield self._sets.first(lot, home)
            else:
                self._whole = _sum(self._whole, known)
                self._note_sets(lot)
        for text in self.lots.warnings() if first else ():
            self._listener.warned(text)

    def _take(self, work: Work, ended: Ended) -> None:
        lot = work.lot
        if isinstance(ended, Summary):
            self._whole = _sum(self._whole, ended)
            self._note_sets(lot)
        elif isinstance(ended, InputError) and not isinstance(ended, MissingInput):
            self._leave(lot, ended)
        elif self._whole.total == 0:
            raise ended
        else:
            self._stop(ended)

    def _leave(self, lot: Lot, error: InputError) -> None:
        """A tar shard that cannot be read costs itself and no other."""
        if self._plan.watch:
            self._broken[lot.stem] = lot.now()
        self._whole = replace(self._whole, total=self._whole.total + 1, failed=self._whole.failed + 1)
        self._listener.ended(failure(f"{lot.stem}.tar", error), Meter(Counts()).now(), again=False)

    def _stop(self, error: GigamatteError) -> None:
        self._whole = replace(self._whole, stopped=error.written[0], hint=error.written[1], stopped_code=error.code)

    def _is_known(self, lot: Lot) -> bool:
        if self._broken.get(lot.stem) == lot.now():
            return True
        return self.cutting.known(lot, self._home(lot)) is not None


def _sum(whole: Summary, one: Summary) -> Summary:
    numbers = ("total", "done", "unchanged", "kept", "failed", "waiting", "megapixels")
    added = {name: getattr(whole, name) + getattr(one, name) for name in numbers}
    added["megapixels"] = round(added["megapixels"], 3)
    words = {name: getattr(one, name) for name in ("interrupted", "stopped", "hint", "stopped_code")}
    return replace(whole, **added, **words)
