"""The steps for one photo: fetch, hash, cut in the supervised child, verify, publish."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gigamatte.batch import films, hint_files, places
from gigamatte.batch.fingerprint import fingerprint
from gigamatte.batch.limits import LEAST_MEMORY, Limits
from gigamatte.batch.lost_place import suspect_of
from gigamatte.batch.memory import BASE, Budget, cost
from gigamatte.batch.pair import files_of, joined, together
from gigamatte.batch.scratch import Scratch
from gigamatte.batch.task import Known, Outcome, Task, Verdict
from gigamatte.batch.verified import verified
from gigamatte.errors import (
    BudgetExceeded,
    Cancelled,
    DiskFailed,
    GigamatteError,
    InputError,
    NetworkUnavailable,
    NoSubject,
    ResultEdited,
    ResultExists,
    ScratchFull,
    UnsupportedInput,
    UsageError,
    WorkerNotStarted,
    WriteError,
)
from gigamatte.hints import hints_in
from gigamatte.options import Options
from gigamatte.photo.header_size import header_size
from gigamatte.types import Receipt
from gigamatte.worker.supervisor import Supervisor
from gigamatte.worker.wire import FilmJob, Job
from gigamatte.write_errors import not_written

#: this content with these options will fail the same way next time
_FINAL = (UnsupportedInput, BudgetExceeded, NoSubject, UsageError)
#: every other photo would fail the same way
EVERYBODY = (NetworkUnavailable, ScratchFull, DiskFailed, WorkerNotStarted)
#: letters of a failure's message that are kept, at most
LONGEST = 2000
#: more photos than are ever at work at once
_ROOM = 1 << 20
#: bytes of the memory that are for the process around the child
AROUND = 256 << 20


@dataclass(frozen=True, slots=True)
class WorkerArguments:
    """What each worker of a batch is made with, on this machine or on another one."""

    options: Options
    limits: Limits
    #: the folder or URI that results stay in
    out: str
    #: whether photos need a network (not with masks)
    network: bool = True
    #: the child's module
    entry: str = "gigamatte.worker.child"


class Worker:
    """A supervised child and what belongs around it. Threads share it, as many as should overlap.

    ``scratch`` holds local copies of what lies elsewhere; ``room`` is shared by the workers of a machine, whose photos
    share its scratch disk.
    """

    def __init__(self, given: WorkerArguments, *, scratch: Path | None = None, room: Budget | None = None) -> None:
        options, limits = given.options, given.limits.settled()
        #: photos at once in the child
        self.inflight = limits.inflight or 1
        # the child's part; the rest is for this process and its hashing
        child = (limits.memory or LEAST_MEMORY) - AROUND
        self._options, self._out, self._pair = options, given.out, options.only == "pair"
        self._budget = Budget(child - BASE)
        self._room = room or scratch_room()
        self._needs_network = given.network
        self._scratch = Path(tempfile.mkdtemp(prefix="gigamatte-batch-", dir=scratch))
        self.supervisor = Supervisor(
            options if given.network else None,
            memory=child,
            seconds=limits.seconds,
            inflight=self.inflight,
            entry=given.entry,
        )

    def start(self) -> None:
        """Wait until the network is loaded. Raises NetworkUnavailable, WorkerDied."""
        if self._needs_network:
            self.supervisor.warmed.result()

    def close(self) -> None:
        """End the child, abandoning what it is doing."""
        self.supervisor.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def process(self, task: Task) -> Outcome | None:
        """Cut one photo. None when everything is being stopped; every other end is an outcome."""
        began = time.perf_counter()
        copies: list[str] = []
        try:
            outcome = self._process(task, copies)
        except Cancelled:
            return None
        except GigamatteError as error:
            outcome = self._with_stale(task, failure(task.key, error))
        except MemoryError:
            outcome = failure(task.key, GigamatteError("out of memory around the worker process"))
        except Exception as error:  # an unexpected error of one photo never ends the batch
            outcome = failure(task.key, GigamatteError(f"unexpected {type(error).__name__}: {error}"))
        for copy in copies:  # a local copy of an object has a name of ours, which the user does not know
            outcome = dataclasses.replace(outcome, message=outcome.message.replace(copy, task.key.rpartition("/")[2]))
        return dataclasses.replace(outcome, seconds=round(time.perf_counter() - began, 3))

    def _process(self, task: Task, copies: list[str]) -> Outcome:
        with Scratch(self._scratch) as scratch:
            photo, stamp = scratch.photo(task.source)
            if places.is_uri(task.source):
                copies.append(photo.name)
            mask = scratch.local(task.mask) if task.mask else None
            hints, hints_stamp = scratch.photo(task.hints) if task.hints else (None, None)
            stamp = hint_files.both(stamp, hints_stamp)
            content = fingerprint(photo, mask, hints)
            files = files_of(task.target, self._pair)
            if task.known is not None and task.known.fingerprint == content and _stand(files, task.known, scratch):
                return Outcome(task.key, "same", content, stamp, task.known.sha256, out_stamp=_stamp(files))
            if not task.replace:
                try:
                    _check_ours(task, files, content, scratch)
                except ResultEdited as kept:
                    return Outcome(
                        task.key, "kept", content, stamp, out_stamp=_stamp(files), code=kept.code,
                        message=kept.written[0], hint=kept.written[1],
                    )  # fmt: skip
            job = self._job_of(task, photo, mask, hints)
            if places.is_uri(task.target):
                target = scratch.draft(task.target)
                written = scratch.note(files_of(str(target), self._pair))
                receipt = self._cut(dataclasses.replace(job, target=target))
                sha256, length = verified(written, receipt)
                self._unchanged(task, stamp)
                out_stamp = _published(written, files)
            else:
                with together(files):
                    receipt = self._cut(dataclasses.replace(job, target=_checked(task.target, files, self._out)))
                    sha256, length = verified(files, receipt)
                    self._unchanged(task, stamp)
                out_stamp = _stamp(files)
        plain = dataclasses.replace(receipt, input=task.source, output=task.target).as_dict()
        return Outcome(task.key, "done", content, stamp, sha256, length, out_stamp, plain, files=files)

    def _unchanged(self, task: Task, stamp: str) -> None:
        """Of an object a copy was fetched in one piece; a file may be written to while it is read."""
        if places.is_uri(task.source):
            return
        if hint_files.stamp_of(task.source, hinted=task.hints is not None)[1] != stamp:
            raise InputError(f"{task.key} changed while it was read", "is it still being copied?")

    def _with_stale(self, task: Task, outcome: Outcome) -> Outcome:
        """Told that an earlier result stays where this failure leaves it."""
        if not task.earlier or outcome.code == ResultExists.code or outcome.verdict == "stop":
            return outcome
        with contextlib.suppress(InputError):
            stays = any(map(places.exists, files_of(task.target, self._pair)))
            return dataclasses.replace(outcome, stale=stays)
        return outcome

    def _job_of(self, task: Task, photo: Path, mask: Path | None, hints: Path | None) -> Job | FilmJob:
        """The work, with what is this photo's own."""
        options = self._options if task.scale is None else dataclasses.replace(self._options, scale=task.scale)
        if films.is_film(task.key):
            return films.job_of(photo, Path(task.target), options, hints)
        options = options if hints is None else dataclasses.replace(options, hints=hints_in(hints))
        # checked above, so a result that a child wrote before it died does not stop the next try
        return Job(photo, Path(task.target), options, mask=mask, overwrite=True)

    def _cut(self, job: Job | FilmJob) -> Receipt:
        try:
            with self._room.hold(1), self._budget.hold(cost(header_size(job.source))):
                return self.supervisor.submit(job).result()
        except ScratchFull:  # this photo may fit when no other one uses the disk
            with self._room.hold(_ROOM):
                return self.supervisor.submit(job).result()


def scratch_room() -> Budget:
    """Lets photos use the scratch disk side by side, or one that needs all of it alone."""
    return Budget(_ROOM)


def failure(key: str, error: GigamatteError) -> Outcome:
    """An outcome for an error, with what it means for this photo and for all others."""
    verdict: Verdict = "retry"
    if isinstance(error, EVERYBODY):
        verdict = "stop"
    elif isinstance(error, (*_FINAL, ResultExists)):
        verdict = "final"
    suspect = suspect_of(error)
    return Outcome(
        key,
        "failed",
        code=error.code,
        message=error.written[0][:LONGEST],
        hint=error.written[1],
        verdict=verdict,
        suspect=suspect,
    )


def _check_ours(task: Task, files: tuple[str, ...], content: str, scratch: Scratch) -> None:
    """Raises ResultEdited or ResultExists unless what lies there is, byte for byte, what was written for this photo."""
    for index, file in enumerate(files):
        if not places.exists(file):
            continue
        remembered = task.written[index] if task.written else ()
        own = [one for one in remembered if task.source == one.source or content == one.fingerprint]
        if not own:
            raise ResultExists(f"{file} exists and is not from this batch", "allow it with --overwrite")
        found = places.sha256_of(scratch.local(file))
        if all(one.sha256 != found for one in own):
            raise ResultEdited(f"{file} was changed after it was written, and is kept", "--overwrite replaces it")


def _stand(files: tuple[str, ...], known: Known, scratch: Scratch) -> bool:
    """Whether an earlier result is still what it was."""
    try:
        return joined(places.sha256_of(scratch.local(file)) for file in files) == known.sha256
    except InputError:
        return False


def _published(written: tuple[str, ...], files: tuple[str, ...]) -> str:
    """Copy a result's files to their store: the stamps there. Half a pair is taken away again."""
    stamps: list[str] = []
    try:
        for path, file in zip(written, files, strict=True):
            stamps.append(places.publish(Path(path), file))
    except BaseException:
        for file in files[: len(stamps)]:
            with contextlib.suppress(GigamatteError):
                places.remove(file)
        raise
    return joined(stamps) or ""


def _stamp(files: tuple[str, ...]) -> str:
    return joined(map(places.output_stamp, files)) or ""


def _checked(target: str, files: tuple[str, ...], out: str) -> Path:
    """The target, its folder made. Raises WriteError when a link would lead out of the output folder."""
    path = Path(target)
    if not Path(out).is_dir():  # a missing OUT means an unmounted disk: a new folder would lie on another one
        raise WriteError(f"the output folder {out} has gone")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        inside = path.parent.resolve().is_relative_to(Path(out).resolve())
    except OSError as error:
        raise not_written(f"{path.parent} cannot be made: {error.strerror}", "", error) from error
    link = target if not inside else next(filter(os.path.islink, files), None)
    if link is not None:
        raise WriteError(f"{link} leads out of the output folder through a link", "remove the link")
    return path
