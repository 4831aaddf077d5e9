"""The child process: reads jobs from its stdin, cuts several photos at once in threads, answers on its stdout.

Decoding one photo, asking the network about the next and encoding a third overlap, because libvips, OpenCV and the
runtimes release Python's global lock while they work. When the parent ends, for whatever reason, stdin closes, and the
child ends too.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import sys
import threading
import time
import traceback
from typing import BinaryIO

from gigamatte import system
from gigamatte.errors import BudgetExceeded, Cancelled, GigamatteError, WorkerDied
from gigamatte.option_names import as_typed
from gigamatte.types import Receipt
from gigamatte.worker.edits import Edits
from gigamatte.worker.films import cut_film, look_at, write_frame
from gigamatte.worker.removers import Removers
from gigamatte.worker.signals import leave_to_parent
from gigamatte.worker.task import FRAMES
from gigamatte.worker.view import SeenMeanwhile, write_check, write_view
from gigamatte.worker.wire import (
    Check,
    Edit,
    FilmFrame,
    FilmJob,
    FilmLook,
    Job,
    Message,
    View,
    pack_error,
    receive,
    send,
    unpack_options,
    unpack_work,
)

#: seconds between two reports of progress within one stage
REPORT_EVERY = 0.1


def main() -> None:
    """Entry point of the child process; returns on the parent's request or when the parent has ended."""
    faulthandler.enable()
    system.share_heaps()
    # signals reach whole process groups; the parent decides whether the photos in flight are finished
    leave_to_parent()
    incoming, outgoing = _own_pipes()
    start = receive(incoming)
    if start is None:
        return
    _limit_memory(start["memory"])
    from gigamatte.photo.read import harden

    harden()
    with as_typed():  # warnings are sent as they were written; the parent translates them for its own users
        Child(incoming, outgoing, threads=start["inflight"], memory=start["memory"]).run()


class Child:
    """Serves one parent over two streams."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, *, threads: int, memory: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._threads, self._memory = threads, memory
        self._removers = Removers()
        self._edits = Edits(self._removers)
        self._work: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._cancelled: set[int] = set()
        #: photos whose progress nobody wants to hear
        self._quiet: set[int] = set()

    def run(self) -> None:
        """Read messages until the parent says close or is gone. Photos that are still being cut are abandoned."""
        for number in range(self._threads):
            threading.Thread(target=self._worker, name=f"cut-{number}", daemon=True).start()
        self._say({"event": "ready"})
        while (message := receive(self._incoming)) is not None and message["do"] != "close":
            if message["do"] == "cancel":
                self._cancelled.add(message["id"])
            else:
                self._work.put(message)
        # nothing needs to be removed: result files are written without a name and get one when they are complete
        sys.stderr.flush()
        os._exit(0)

    def _worker(self) -> None:
        while True:
            message = self._work.get()
            try:
                answer = self._answer(message)
            except GigamatteError as error:
                answer = {"event": "failed", "error": pack_error(error)}
            except MemoryError:
                died = WorkerDied("ran out of memory", "use a smaller photo, or allow more memory")
                answer = {"event": "failed", "error": pack_error(died)}
            except Exception as error:
                traceback.print_exc()
                odd = GigamatteError(f"unexpected {type(error).__name__}: {error}", "this is a bug: please report it")
                answer = {"event": "failed", "error": pack_error(odd)}
            self._cancelled.discard(message["id"])
            self._quiet.discard(message["id"])
            self._say({**answer, "id": message["id"]})
            system.release_memory()  # else memory grew by about a megabyte with each photo

    def _answer(self, message: Message) -> Message:
        if message["do"] == "warm":
            self._removers.warm(unpack_options(message["options"]))
            return {"event": "warmed"}
        work = unpack_work(message["work"])
        if message.get("quiet"):
            self._quiet.add(message["id"])
        match work:
            case View():
                receipt = self.view(work, message["id"])
            case Check():
                receipt = self.examine(work, message["id"])
            case Edit():
                receipt = self.edit(work, message["id"])
            case FilmJob():
                receipt = self.film(work, message["id"])
            case FilmLook() | FilmFrame():
                self._say({"event": "started", "id": message["id"]})
                receipt = look_at(work) if isinstance(work, FilmLook) else write_frame(work)
            case _:
                receipt = self.cut(work, message["id"])
        return {"event": "done", "receipt": receipt.as_dict()}

    def cut(self, job: Job, number: int) -> Receipt:
        """Cut one photo. Tests replace this method by one that crashes or hangs."""
        given = job.mask or job.options.mask
        with self._removers.lend(job.options, network=given is None and job.options.kind == "photo") as remover:
            self._say({"event": "started", "id": number})
            self._check_decoding(job)
            watch = _Watch(self, number)
            mask = None if job.mask is None else str(job.mask)
            with SeenMeanwhile(job.view) as seen:
                receipt = remover.process(
                    str(job.source), job.target, mask=mask, overwrite=job.overwrite, watch=watch,
                    alongside=seen.alongside,
                )  # fmt: skip
                seen.keep()
            return receipt

    def film(self, job: FilmJob, number: int) -> Receipt:
        """Cut one film."""
        with self._removers.lend(job.options, network=job.options.kind == "photo") as remover:
            self._say({"event": "started", "id": number})
            return cut_film(job, remover, self._memory, _Watch(self, number))

    def view(self, view: View, number: int) -> Receipt:
        """Cut one picture into tiles."""
        self._say({"event": "started", "id": number})
        return write_view(view)

    def examine(self, check: Check, number: int) -> Receipt:
        """Check a finished picture against a preset."""
        self._say({"event": "started", "id": number})
        return write_check(check)

    def edit(self, edit: Edit, number: int) -> Receipt:
        """Cut a photo that is being worked on again."""
        self._say({"event": "started", "id": number})
        return self._edits.cut(edit, _Watch(self, number))

    def _check_decoding(self, job: Job) -> None:
        """Refuse, from the header, what would not fit: progressive JPEG and interlaced PNG are decoded whole."""
        from gigamatte.photo.read import open_photo

        photo = open_photo(str(job.source), max_pixels=job.options.max_pixels, ignore_alpha=job.options.ignore_alpha)
        if photo.decode_bytes > self._memory // 2:
            raise BudgetExceeded(
                f"{photo.name}: this kind of {photo.format.upper()} is decoded whole, which takes "
                f"{photo.decode_bytes / 1e9:.1f} GB; allowed are {self._memory / 2e9:.1f}",
                "save it without progressive or interlaced encoding",
            )

    def check(self, number: int) -> None:
        """Raise Cancelled when the parent asked for it."""
        if number in self._cancelled:
            raise Cancelled("cancelled")

    def report(self, number: int, stage: str, fraction: float) -> None:
        """Tell the parent how far a photo is. A film's frames keep it alive, whether anybody listens or not."""
        if number not in self._quiet or stage == FRAMES:
            self._say({"event": "progress", "id": number, "stage": stage, "fraction": fraction})

    def _say(self, message: Message) -> None:
        # that the parent has ended is noticed where messages are read
        with self._sending, contextlib.suppress(BrokenPipeError):
            send(self._outgoing, message)


class _Watch:
    """``watch`` of one photo: cancels between tiles, reports at most every ``REPORT_EVERY`` seconds of one stage."""

    def __init__(self, child: Child, number: int) -> None:
        self._child, self._number = child, number
        self._stage, self._last = "", 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        self._child.check(self._number)
        now = time.monotonic()
        if stage == FRAMES or stage != self._stage or now - self._last >= REPORT_EVERY or fraction >= 1:
            self._stage, self._last = stage, now
            self._child.report(self._number, stage, fraction)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Private copies of stdin and stdout; afterwards a library that prints does so on stderr."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def _limit_memory(memory: int) -> None:
    """Let the system refuse memory beyond 1.5 times the limit plus 1 GiB, which may be used up between two checks."""
    if sys.platform == "win32":
        return
    import resource

    most = memory + memory // 2 + (1 << 30)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most < hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
