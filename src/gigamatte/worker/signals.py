"""Signals that ask to stop. They are for the parent, and reach the child too when a whole process group gets them.

A supervisor's stopasgroup, ``timeout``, systemd's default KillMode and a terminal all speak to the group. The parent
decides what becomes of the photos in flight; when it goes away, the child's stdin ends and so does the child.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def leave_to_parent() -> None:
    """From now on none of them ends this process. For the child, early, from its main thread."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """A process that is started here gets none of them until it calls ``leave_to_parent``; what came is then dropped.

    Without it there is a moment, while the child's Python starts, in which they would end it. Windows has no masks.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
