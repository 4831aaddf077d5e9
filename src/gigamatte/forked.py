"""Notices a fork after the libraries' threads have begun: they do not exist in the child, which would wait for ever.

OpenVINO, libvips and OpenCV each keep a pool of native threads. ``fork`` copies the memory that says so, but only the
thread that called it (POSIX.1-2017, fork). A process that forks before its first photo is fine.
"""

from __future__ import annotations

import os

from gigamatte.errors import UsageError

#: the process in which the libraries' threads were first put to work; None: in none yet
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
    """To be called before the libraries' threads are put to work. Raises like ``refuse_after_fork``."""
    global _begun
    refuse_after_fork()
    _begun = os.getpid()
