"""Supervisor: gives photos to one child process, watches it, and replaces it when it dies.

When a photo crashes the child, hangs, or needs too much memory, only that photo fails. The others in flight are tried
again, each alone in a fresh child; a photo that ends the child while it is alone there has caused the crash.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future

from gigamatte import system
from gigamatte.closable import Closable
from gigamatte.errors import Cancelled, UsageError, WorkerNotStarted
from gigamatte.options import Options
from gigamatte.worker.process import ChildProcess
from gigamatte.worker.task import FRAMES, Progress, Stats, Task, Verdicts
from gigamatte.worker.wire import Message, Work, pack_options, pack_work, unpack_error, unpack_receipt

log = logging.getLogger("gigamatte.worker")
#: part of the memory that is free at the start which the child may have, unless said otherwise
MEMORY_SHARE = 0.8
#: seconds a child may take to load a network
LOAD_SECONDS = 900.0
#: seconds between asking a photo that is out of time to stop and killing the child
GRACE = 3.0
#: seconds between two looks at the child
LOOK_EVERY = 0.05 if sys.platform == "linux" else 1.0  # running ps takes processor time
#: after so many children in a row that die before they get a photo, every waiting photo fails
START_ATTEMPTS = 3


class Supervisor(Closable):
    """Cuts photos in one child process that it watches. Threads may share it; close it, or use it as a context.

    ``options``: whose network is loaded at the start (see ``warmed``). ``memory``: bytes the child may hold (default:
    most of what is free). ``seconds`` one photo may take, or one frame of a film. ``inflight`` photos at once.
    ``recycle``: photos after which the child is replaced. ``entry``: the module whose ``main`` is the child.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        memory: int | None = None,
        seconds: float = 600.0,
        inflight: int = 2,
        recycle: int = 1000,
        entry: str = "gigamatte.worker.child",
    ) -> None:
        if memory is None:
            memory = int(MEMORY_SHARE * (system.available_memory() or 4 << 30))
        for name, value, low in (("memory", memory, 64 << 20), ("inflight", inflight, 1), ("recycle", recycle, 1)):
            if value < low:
                raise UsageError(f"the worker's {name} is at least {low}, found {value}")
        if seconds <= 0:
            raise UsageError(f"the worker's seconds are above 0, found {seconds}")
        self.memory, self.seconds, self.inflight, self.recycle = memory, seconds, inflight, recycle
        #: done when the network of ``options`` has been loaded and run once; raises what kept it from that
        self.warmed: Future[None] = Future()
        self._options, self._entry = options, entry
        self._lock = threading.RLock()
        self._numbers = 0
        self._waiting: deque[Task] = deque()
        self._suspects: deque[Task] = deque()
        self._running: dict[int, Task] = {}
        self._child: ChildProcess | None = None
        self._closed = False
        self._false_starts = self._deaths = self._recycled = 0
        self._verdicts = Verdicts()
        self._idle = threading.Condition(self._lock)
        with self._lock:
            self._start()
        threading.Thread(target=self._watch, name="gigamatte-supervisor", daemon=True).start()

    def submit(self, job: Work, progress: Progress | None = None, *, first: bool = False) -> Task:
        """Queue a photo, before all others with ``first``.

        The task's result is its receipt; it raises what cutting raised, WorkerDied, or Cancelled.
        """
        with self._lock:
            if self._closed:
                raise UsageError("the worker is closed")
            self._numbers += 1
            task = Task(self._cancel, self._numbers, job, progress)
            (self._waiting.appendleft if first else self._waiting.append)(task)
            if self._child is None:
                self._false_starts = 0  # starting a child was given up: a new photo is a reason to try again
                self._start()
            self._pump()
        self._verdicts.settle()
        return task

    def stats(self) -> Stats:
        """The supervisor's figures at this moment."""
        with self._lock:
            child = self._child
            held = child.memory() if child is not None else None
            waiting = len(self._waiting) + len(self._suspects)
            up = child is not None and child.ready
            return Stats(waiting, len(self._running), self._deaths, self._recycled, held or 0, up)

    @property
    def given_up(self) -> bool:
        """Whether there is no child, since none could be started; the next photo is a reason to try again."""
        with self._lock:
            return self._child is None and not self._closed

    def close(self, patience: float = 0.0) -> None:
        """Cancel what waits, give what is running ``patience`` seconds to finish, and end the child."""
        with self._lock:
            self._closed = True
            for task in (*self._suspects, *self._waiting):
                self._verdicts.fail(task, Cancelled("the worker was closed"))
            self._suspects.clear()
            self._waiting.clear()
            until = time.monotonic() + patience
            while self._running and (left := until - time.monotonic()) > 0:
                self._idle.wait(left)
            for task in self._running.values():
                self._verdicts.fail(task, Cancelled("the worker was closed"))
            self._running.clear()
            child, self._child = self._child, None
            if not self.warmed.done():
                self._verdicts.add(lambda: self.warmed.set_exception(Cancelled("the worker was closed")))
        self._verdicts.settle()
        if child is not None:
            child.close()

    # ---- everything below this line is called with the lock held, unless it says otherwise ----

    def _start(self) -> None:
        self._child = ChildProcess(
            self._entry, memory=self.memory, inflight=self.inflight, heard=self._heard, gone=self._gone
        )
        # a suspected photo runs in a child that has cut no other photo
        if self._options is not None and not self._suspects:
            self._child.send({"do": "warm", "id": 0, "options": pack_options(self._options)})

    def _pump(self) -> None:
        """Give the child what it may have now."""
        child = self._child
        if self._closed or child is None or not child.ready:
            return
        if self._suspects:
            # a suspect runs alone, in a child that has cut nothing before
            if not self._running:
                if child.photos:
                    self._replace(child)
                else:
                    self._give(child, self._suspects.popleft())
            return
        while self._waiting and len(self._running) < self.inflight:
            if child.photos >= self.recycle:
                if not self._running:
                    self._recycled += 1
                    self._replace(child)
                return
            self._give(child, self._waiting.popleft())

    def _give(self, child: ChildProcess, task: Task) -> None:
        child.photos += 1
        task.given, task.began = time.monotonic(), 0.0
        self._running[task.number] = task
        quiet = {} if task.is_followed else {"quiet": True}
        child.send({"do": "cut", "id": task.number, "work": pack_work(task.job), **quiet})

    def _replace(self, child: ChildProcess) -> None:
        self._child = None
        threading.Thread(target=child.close, name="gigamatte-retire", daemon=True).start()
        self._start()

    def _cancel(self, task: Task) -> bool:
        with self._lock:
            if task.done():
                return False
            task.cancelling = True
            for line in (self._waiting, self._suspects):
                if task in line:
                    line.remove(task)
                    self._verdicts.fail(task, Cancelled("cancelled"))
            if task.number in self._running and self._child is not None:
                self._child.send({"do": "cancel", "id": task.number})
        self._verdicts.settle()
        return True

    def _heard(self, child: ChildProcess, message: Message) -> None:
        with self._lock:
            if child is not self._child:
                return
            event, number = message["event"], message.get("id", 0)
            task = self._running.get(number)
            if event == "ready":
                child.ready = True
            elif number == 0:
                self._false_starts = 0
                self._hear_warmed(message)
            elif task is None:
                return
            elif event == "started":
                task.began = time.monotonic()
            elif event in ("done", "failed"):
                del self._running[number]
                self._false_starts = 0
                self._idle.notify_all()
                self._verdict_of(task, message)
            self._pump()
        self._verdicts.settle()
        if event == "progress" and task is not None:
            if message["stage"] == FRAMES:
                task.began = time.monotonic()  # each frame of a film has the time of a photo
            task.report(message["stage"], message["fraction"])

    def _hear_warmed(self, message: Message) -> None:
        if self.warmed.done():
            return
        if message["event"] == "warmed":
            self._verdicts.add(lambda: self.warmed.set_result(None))
        else:
            error = unpack_error(message["error"])
            self._verdicts.add(lambda: self.warmed.set_exception(error))

    def _verdict_of(self, task: Task, message: Message) -> None:
        if message["event"] == "done":
            receipt = unpack_receipt(message["receipt"])
            return self._verdicts.add(lambda: task.set_result(receipt))
        if task.asked_to_stop and not task.cancelling:
            return self._verdicts.fail(task, task.late(self.seconds))
        return self._verdicts.fail(task, unpack_error(message["error"]))

    def _gone(self, child: ChildProcess) -> None:
        with self._lock:
            if child is not self._child:
                return
            self._child = None
            if not self._closed:
                self._deaths += 1
                log.warning("worker process %d %s with %d photos", child.pid, child.how_it_ended(), len(self._running))
                self._sort_out(child)
                if self._false_starts < START_ATTEMPTS:
                    self._start()
            self._idle.notify_all()
        self._verdicts.settle()

    def _sort_out(self, child: ChildProcess) -> None:
        """Decide what becomes of the photos that were in flight when the child died."""
        tasks, self._running = list(self._running.values()), {}
        for task in tasks:
            if task.cancelling:
                self._verdicts.fail(task, Cancelled("cancelled"))
            elif task.asked_to_stop:
                self._verdicts.fail(task, task.late(self.seconds))
            elif child.photos == 1:
                self._verdicts.fail(task, task.died(child.how_it_ended()))
            elif any(other.asked_to_stop for other in tasks):
                self._waiting.appendleft(task)  # another photo is known to have hung: this one is not suspected
            else:
                self._suspects.append(task)
        if not tasks:
            self._hear_false_start(child)

    def _hear_false_start(self, child: ChildProcess) -> None:
        self._false_starts += 1
        if self._false_starts < START_ATTEMPTS:
            return
        last = next((line for line in reversed(child.stderr) if line.strip()), "it said nothing")
        died = WorkerNotStarted(f"the worker process does not start: it {child.how_it_ended()}: {last}")
        for task in (*self._suspects, *self._waiting):
            self._verdicts.fail(task, died)
        self._suspects.clear()
        self._waiting.clear()
        if not self.warmed.done():
            self._verdicts.add(lambda: self.warmed.set_exception(died))

    def _watch(self) -> None:
        """Called without the lock, in a thread of its own: look after memory and time."""
        while True:
            time.sleep(LOOK_EVERY)
            with self._lock:
                if self._closed:
                    return
                child = self._child
                if child is not None:
                    self._look(child)

    def _look(self, child: ChildProcess) -> None:
        now = time.monotonic()
        child.check(self.memory)
        for task in self._running.values():
            begun = task.began or task.given + LOAD_SECONDS
            if task.asked_to_stop and now - task.asked_to_stop > GRACE:
                child.kill("hung")
            elif not task.asked_to_stop and now - begun > self.seconds:
                task.asked_to_stop = now
                child.send({"do": "cancel", "id": task.number})
