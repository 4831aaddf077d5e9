"""Signals that ask a process to stop: in the child they are ignored, because the parent handles them.

supervisord's stopasgroup, ``timeout``, systemd's default KillMode and a terminal all send them to the whole process
group, so to the child too. The parent decides whether the photos in flight are finished; when it ends, the child's
stdin closes, and the child ends.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def leave_to_parent() -> None:
    """From now on ignore these signals. To be called early in the child, from its main thread."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """A process that is started here gets none of these signals until it calls ``leave_to_parent``, which drops them.

    Without this they could end the child while its Python starts. Windows has no signal masks: there it does nothing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
