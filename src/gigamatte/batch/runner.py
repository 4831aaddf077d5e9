"""Runs a batch from the list to the summary. The manifest is written here only, in one thread."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gigamatte import __version__
from gigamatte.batch import places
from gigamatte.batch.circumstances import circumstances
from gigamatte.batch.counts import Counts
from gigamatte.batch.fingerprint import config_hash
from gigamatte.batch.lister import Lister
from gigamatte.batch.lists.folder import MARK
from gigamatte.batch.lists.sources import root_of
from gigamatte.batch.lock import lock_shard, shard_name
from gigamatte.batch.lost_place import STREAK, lost_place
from gigamatte.batch.manifest import ATTEMPTS, Manifest
from gigamatte.batch.one import failure
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Meter
from gigamatte.batch.result_stamps import photo_stamps, stamps_at
from gigamatte.batch.sets import ScaleOf, Sets, no_scale
from gigamatte.batch.summary import Listener, Summary
from gigamatte.batch.task import BatchEngine, Outcome, Task
from gigamatte.errors import GigamatteError, TookTooLong, WorkerDied, WriteError

#: photos that are claimed at once
CLAIM = 32
#: seconds that a list has to come to its end before the first photo is cut; and those between two looks at it
LISTING, LOOK = 1.0, 0.2
#: outcomes, and seconds, that may wait to be written down together
FLUSH_COUNT, FLUSH_SECONDS = 32, 0.5
#: after so many photos in a row that end the worker, the worker itself is taken to be broken
DEATHS = 20
_DEATHS = frozenset({WorkerDied.code, TookTooLong.code})


def run_batch(
    plan: Plan,
    make_engine: Callable[[Path], BatchEngine],
    listener: Listener,
    *,
    finish: Callable[[Manifest, Summary], None] | None = None,
    elsewhere: ScaleOf = no_scale,
) -> Summary:
    """Do what ``plan`` says with the engine that ``make_engine(scratch folder)`` gives.

    ``elsewhere``: scales of sets that go on in other batches. ``finish`` sees the manifest at the end, for reports.
    Ctrl-C ends it in order: the summary says so. Raises UsageError (also when another batch is at work here),
    MissingInput, NetworkUnavailable, WriteError, WorkerDied when it cannot begin.
    """
    config = config_hash(plan.options, masks=plan.masks is not None)
    plan.make_folders()
    # fails before the first photo is read: a wrong bucket name, a folder that this user may not write to
    places.mark(plan.out, f"{MARK}/output", f"results of gigamatte batch {plan.source}\n")
    folder, name = plan.manifest_folder, shard_name(plan.shard)
    lock = lock_shard(folder, plan.shard)
    scratch = folder / f"{name}.scratch"
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        with Manifest(folder / f"{name}.sqlite") as manifest:
            run = _Run(plan, config, manifest, listener, scratch, elsewhere)
            summary = run.go(make_engine)
            if finish is not None and summary.total:
                finish(manifest, summary)
            return summary
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        lock.release()


class _Run:
    def __init__(
        self, plan: Plan, config: str, manifest: Manifest, listener: Listener, scratch: Path, elsewhere: ScaleOf
    ) -> None:
        self._plan, self._config, self._manifest, self._listener = plan, config, manifest, listener
        self._scratch, self._sets = scratch, Sets(manifest, listener, plan.options.consistent, elsewhere)
        self._root, self._mask_of = root_of(plan.source), plan.mask_of()
        self._unwritten: list[Outcome] = []
        self._flushed = time.monotonic()
        #: bytes of photos that are being cut
        self._bytes: dict[str, int] = {}
        self._refused: list[Outcome] = []
        #: failures that the place may have caused and not the photos: noted when this is known
        self._held: list[Outcome] = []
        self._done = self._deaths = 0
        self._megapixels = 0.0
        self._stop: Outcome | None = None
        self._lister = Lister(plan, manifest, config)
        self._meter, self._told = Meter(Counts()), False

    def go(self, make_engine: Callable[[Path], BatchEngine]) -> Summary:
        began = time.monotonic()
        interrupted, working, engine = False, False, None
        lister = self._lister
        try:
            self._tidy()
            lister.start()
            if self._something_waits():
                self._scratch.mkdir(exist_ok=True)
                engine = make_engine(self._scratch)
                engine.start()
                working = True
                self._wait_for_a_short_list(began + LISTING)
                self._passes(engine)
            self._hear_list()
        except KeyboardInterrupt:
            interrupted = True
        except GigamatteError as error:  # the manifest's disk is full, or the cluster cannot be reached
            if not working:
                raise
            self._stop = self._stop or failure("", error)
        finally:
            lister.close()
            if engine is not None:
                engine.close()
        return self._close(interrupted, time.monotonic() - began)

    def _tidy(self) -> None:
        """Clean up what an earlier run did not finish, and take over what other divisions have noted."""
        plan = self._plan
        conditions = circumstances(plan.options, plan.limits)
        command, listing = f"{plan.source} → {plan.out}", plan.listing_hash(self._config)
        for file in self._manifest.begin(command, __version__, conditions, same_list=plan.redo, listing=listing):
            places.remove_partials(plan.place(file))
        for other in plan.manifest_folder.glob("*-of-*.sqlite"):
            if other.stem.split("-of-")[1] != str(plan.shard[1]):
                self._manifest.adopt(other)

    def _something_waits(self) -> bool:
        while not (self._hear_list() and self._lister.ended):
            if self._manifest.waits() or self._manifest.bring_forward(CLAIM, photo_stamps):
                return True
            self._lister.wait(0.05)
        # sets whose run was cut off before they were settled
        return self._manifest.waits() or self._sets.settle() > 0

    def _wait_for_a_short_list(self, until: float) -> None:
        """Wait a moment for a short list to end, so that its figures are shown before the first photo's result."""
        while not self._hear_list() and time.monotonic() < until:
            self._lister.wait(0.05)

    def _hear_list(self) -> bool:
        """Pass on what the listing thread has found since. Whether it is done; raises the error that stopped it."""
        complete = self._lister.complete
        counts = self._lister.counts()
        if counts.total != self._meter.found:
            self._meter.listed(counts)
            self._listener.listed(counts.total)
        for text in self._lister.warnings():
            self._listener.warned(text)
        if complete and not self._told:
            self._told = True
            self._manifest.listed()
            self._listener.started(counts)
            if left := self._lister.given_up():
                self._listener.left_alone(left, self._lister.given_up_count)
        return complete

    def _passes(self, engine: BatchEngine) -> None:
        """Every photo once, then once more those whose failure may pass; then those whose set has another scale."""
        self._attempts(engine)
        if not self._stopping() and self._sets.settle():
            self._attempts(engine)

    def _attempts(self, engine: BatchEngine) -> None:
        for _ in range(ATTEMPTS):
            for outcome in engine.process(self._tasks()):
                self._take(outcome)
            self._take_refused()
            self._settle_held()
            self._flush()
            if self._stopping() or not self._manifest.try_again():
                return

    def _stopping(self) -> bool:
        return self._stop is not None

    def _tasks(self) -> Iterator[Task | None]:
        plan = self._plan
        while not self._stopping():
            self._take_refused()
            self._flush()
            ended, complete = self._lister.ended, self._hear_list()  # in this order: the list may end meanwhile
            tasks = self._manifest.claim(CLAIM, plan.place, stamps_at, overwrite=plan.overwrite, complete=complete)
            if not tasks and ended:
                return
            if not tasks and not complete and self._manifest.bring_forward(CLAIM, photo_stamps):
                continue
            if not tasks:
                self._lister.wait(LOOK)
                if complete and not self._bytes:
                    self._manifest.try_again()  # nothing else to do: what failed once is tried once more
                    self._sets.settle()
                yield None
            for task in tasks:
                self._hear_list()
                if self._stopping():
                    return
                self._bytes[task.key] = task.bytes
                try:
                    mask = self._mask_of(task.key)
                except GigamatteError as error:
                    self._refused.append(replace(failure(task.key, error), stale=task.earlier))
                    continue
                yield self._sets.of(task if mask is None else replace(task, mask=mask))

    def _take_refused(self) -> None:
        while self._refused:
            self._take(self._refused.pop())

    def _take(self, outcome: Outcome) -> None:
        if outcome.key not in self._bytes:
            return  # an outcome may come twice: an engine repeats photos that a lost machine had finished
        if outcome.suspect and outcome.verdict != "stop":
            self._held.append(outcome)
            if len(self._held) % STREAK == 0:
                self._settle_held()
            return
        if outcome.state != "failed":
            self._release_held()  # the place can be read: the photos themselves caused these failures
        self._note(outcome)

    def _settle_held(self) -> None:
        """Stop when the place has gone. The photos' failures are not noted then: they wait for the next run."""
        error = lost_place(self._plan, self._root, self._held) if self._held else None
        if error is None:
            self._release_held()
        else:
            self._stop = self._stop or replace(failure("", error), verdict="stop")

    def _release_held(self) -> None:
        while self._held:
            self._note(self._held.pop(0))

    def _note(self, outcome: Outcome) -> None:
        if (read := self._bytes.pop(outcome.key, None)) is None:
            return
        self._unwritten.append(outcome)
        self._megapixels += outcome.megapixels if outcome.state == "done" else 0
        self._judge(outcome)
        if len(self._unwritten) >= FLUSH_COUNT or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self._flush()
        if self._sets.noted(outcome):
            return  # it was counted, and reported, when it was cut first
        self._done += outcome.state == "done"
        if outcome.verdict != "stop" or outcome.state != "failed":
            again = outcome.state == "failed" and self._manifest.will_retry(outcome)
            self._meter.add(outcome, read, final=not again)
            self._listener.ended(outcome, self._meter.now(), again=again)

    def _judge(self, outcome: Outcome) -> None:
        """Stop the batch when the error is not due to this photo."""
        self._deaths = self._deaths + 1 if outcome.code in _DEATHS else 0
        if outcome.state == "failed" and outcome.verdict == "stop":
            self._stop = self._stop or outcome
        elif self._deaths >= DEATHS:
            hint = "is --memory too small for these photos, or the --device broken? Run again to go on"
            message = f"{DEATHS} photos in a row ended the worker process; the last: {outcome.message}"
            self._stop = self._stop or replace(outcome, message=message, hint=hint)

    def _flush(self) -> None:
        if self._unwritten:
            self._manifest.record(self._unwritten)
            self._unwritten.clear()
        self._flushed = time.monotonic()

    def _close(self, interrupted: bool, seconds: float) -> Summary:
        counts = Counts()
        try:
            self._flush()
            self._manifest.give_back()
            self._manifest.end()
            counts = self._manifest.counts()
        except WriteError as error:
            # photos that stay marked as running are found and done again by the next run
            self._stop = self._stop or failure("", error)
            with contextlib.suppress(Exception):
                counts = self._manifest.counts()
        return Summary(
            total=counts.total,
            done=self._done,
            unchanged=max(0, counts.done - self._done),
            kept=counts.kept,
            failed=counts.failed + counts.quarantined,
            waiting=counts.waiting,
            megapixels=round(self._megapixels, 3),
            seconds=round(seconds, 3),
            manifest=str(self._manifest.path),
            interrupted=interrupted,
            watched=self._plan.watch,
            stopped=self._stop.message if self._stop else "",
            hint=self._stop.hint if self._stop else "",
            stopped_code=self._stop.code if self._stop else "",
        )
