"""Refuses to work in a process that was forked after the libraries had started threads.

OpenVINO, libvips and OpenCV each keep a pool of native threads. ``fork`` copies the memory that describes the pools,
but of the threads only the one that called it (POSIX.1-2017, fork), so a library in the child would wait for ever for
threads that do not exist. A process that forks before its first photo is not affected.
"""

from __future__ import annotations

import os

from gigamatte.errors import UsageError

#: id of the process in which the libraries first started threads; None: they have not yet
_begun: int | None = None


def refuse_after_fork() -> None:
    """Raise UsageError in a process that was forked from one in which ``threads_begin`` was called."""
    # no os.register_at_fork: servers that fork in C do not call it
    if _begun is not None and _begun != os.getpid():
        raise UsageError(
            "this process was forked from one that had already worked on a photo: it would wait for ever",
            "fork before the first photo, or start processes with 'spawn' or 'forkserver'; see docs/python.md",
        )


def threads_begin() -> None:
    """Call this before work that makes the libraries start threads. Raises like ``refuse_after_fork``."""
    global _begun
    refuse_after_fork()
    _begun = os.getpid()
