"""How work on threads meets the end of the process.

Python waits for ordinary threads, but takes no more work into its thread pools meanwhile: ``Pool`` does. It kills
daemon threads, which ends the whole process with SIGABRT where one returns from C++ at that moment: so the end waits
until each has come to a place where it can stay for ever.
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

#: seconds that the end of the process waits for daemon threads at most: a large network's one answer
PATIENCE = 60.0

_changed = threading.Condition()
#: daemon threads that may be in native code, and how deep the calls of ``working`` are nested in each
_working: dict[int, int] = {}
_ending = False


@contextlib.contextmanager
def working() -> Iterator[None]:
    """Around work in native libraries that a daemon thread may be doing when the process ends."""
    if not threading.current_thread().daemon:
        yield
        return
    stay_if_ending()
    _enter()
    try:
        yield
    except BaseException:
        stay_if_ending()  # what fails because the process ends is not told
        raise
    finally:
        _leave()


def watched(watch: Watch | None) -> Watch:
    """A ``watch`` at which a daemon thread stays when the process ends; the caller's own is not waited for."""

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

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Do it on one of the threads, or at once where Python starts no more of them."""
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
    """Be waited for, unless the end has come meanwhile: looked at and written down in one."""
    with _changed:
        if not _ending:
            _working[threading.get_ident()] = depth
            return
    stay_if_ending()


def _enter() -> None:
    _go_on(_working.get(threading.get_ident(), 0) + 1)
    # once more each time, so that it comes before whatever the libraries have registered since
    atexit.unregister(_wait)
    atexit.register(_wait)


def _leave() -> None:
    with _changed:
        depth = _working.pop(threading.get_ident(), 1) - 1
        if depth:
            _working[threading.get_ident()] = depth
        _changed.notify_all()


def _forget() -> None:
    """In a forked child, where the other threads do not exist."""
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
