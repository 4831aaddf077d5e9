"""Makes work on threads safe while the process ends.

When a process ends, Python waits for ordinary threads, but its thread pools refuse new work meanwhile; ``Pool``
accepts it. Python stops daemon threads wherever they are, and a daemon thread that returns from C++ at that moment
ends the whole process with SIGABRT. So the end of the process waits until each daemon thread is outside native code
and blocked.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from gigamatte.types import Watch

Result = TypeVar("Result")

#: seconds that the end of the process waits for daemon threads at most: as long as a large network takes for one photo
PATIENCE = 60.0

_changed = threading.Condition()
#: daemon threads that may be in native code, and how deep the calls of ``native_work`` are nested in each
_working: dict[int, int] = {}
_ending = False


@contextlib.contextmanager
def native_work() -> Iterator[None]:
    """Around work in native libraries that a daemon thread may be doing when the process ends."""
    if not threading.current_thread().daemon:
        yield
        return
    stay_if_ending()
    _enter()
    try:
        yield
    except BaseException:
        stay_if_ending()  # an error that arises because the process ends is not reported
        raise
    finally:
        _leave()


def watched(watch: Watch | None) -> Watch:
    """A ``watch`` that blocks a daemon thread when the process ends, before it calls the caller's ``watch``."""

    def report(stage: str, fraction: float) -> None:
        stay_if_ending()
        if watch is not None:
            with _resting():
                watch(stage, fraction)

    return report


def stay_if_ending() -> None:
    """When the process ends, a daemon thread does not return from here."""
    if _ending and threading.current_thread().daemon:
        with _changed:
            _working.pop(threading.get_ident(), None)
            _changed.notify_all()
        threading.Event().wait()


class Pool(ThreadPoolExecutor):
    """Threads that also do what an ordinary thread asks of them after the main thread has ended."""

    _closed = False

    @property
    def threads(self) -> int:
        """How many threads there are at most."""
        return self._max_workers

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Call ``fn`` on one of the threads, or in the caller's thread where Python starts no more threads."""
        try:
            return super().submit(fn, *args, **kwargs)
        except RuntimeError:
            if self._closed:
                raise
        stay_if_ending()
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work."""
        self._closed = True
        super().shutdown(wait, cancel_futures=cancel_futures)


@contextlib.contextmanager
def _resting() -> Iterator[None]:
    with _changed:
        depth = _working.pop(threading.get_ident(), 0)
        _changed.notify_all()
    try:
        yield
    finally:
        if depth:
            _go_on(depth)


def _go_on(depth: int) -> None:
    """Let the end of the process wait for this thread, unless it has begun: checked and recorded under one lock."""
    with _changed:
        if not _ending:
            _working[threading.get_ident()] = depth
            return
    stay_if_ending()


def _enter() -> None:
    _go_on(_working.get(threading.get_ident(), 0) + 1)
    # registered again each time, so that it runs before what libraries have registered since
    atexit.unregister(_wait)
    atexit.register(_wait)


def _leave() -> None:
    with _changed:
        depth = _working.pop(threading.get_ident(), 1) - 1
        if depth:
            _working[threading.get_ident()] = depth
        _changed.notify_all()


def _forget() -> None:
    """Forget all threads: in a forked child the others do not exist."""
    global _changed
    _changed = threading.Condition()
    _working.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _wait() -> None:
    global _ending
    with _changed:
        _ending = True
        _changed.wait_for(lambda: not _working, PATIENCE)
