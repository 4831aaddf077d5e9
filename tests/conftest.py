"""What all tests share."""

from __future__ import annotations

import contextlib
import signal

# Started in the background by a shell, a process ignores Ctrl-C, and so would every child that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    with contextlib.suppress(ValueError):  # only a main thread may say so
        signal.signal(signal.SIGINT, signal.default_int_handler)
