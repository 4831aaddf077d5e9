"""The child process from the supervisor's side: start it, send it messages, measure its memory, end it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, cast

from gigamatte import system
from gigamatte.worker.signals import held_back
from gigamatte.worker.wire import Message, receive, send

log = logging.getLogger("gigamatte.worker")

#: seconds a child may take to start
START_SECONDS = 120.0
#: lines of the child's stderr that are kept for a report of its death
KEPT_LINES = 40
#: of Linux' words about a process, in KiB
_HELD = re.compile(rb"^(?:RssAnon|RssShmem|VmSwap):\s*(\d+)", re.MULTILINE)


class ChildProcess:
    """One running child. ``heard(self, message)`` and, once, ``gone(self)`` are called from its own thread."""

    def __init__(
        self,
        entry: str,
        *,
        memory: int,
        inflight: int,
        heard: Callable[[ChildProcess, Message], None],
        gone: Callable[[ChildProcess], None],
    ) -> None:
        command, environment = system.python_child(entry)
        with held_back():
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        self.ready = False
        self.started = time.monotonic()
        #: photos it was given so far
        self.photos = 0
        #: why it was killed, in words; empty when it died by itself
        self.killed_for = ""
        self.stderr: deque[str] = deque(maxlen=KEPT_LINES)
        self._heard, self._gone = heard, gone
        self._sending = threading.Lock()
        self._to, self._from, self._errors = (
            cast(BinaryIO, pipe) for pipe in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self.send({"memory": memory, "inflight": inflight})
        threading.Thread(target=self._listen, name="gigamatte-child", daemon=True).start()
        threading.Thread(target=self._keep_stderr, name="gigamatte-child-stderr", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def send(self, message: Message) -> None:
        """Send a message; one to a child that has just died is lost, which ``gone`` takes care of."""
        with self._sending, contextlib.suppress(OSError, ValueError):
            send(self._to, message)

    def kill(self, why: str = "") -> None:
        """End it at once."""
        self.killed_for = self.killed_for or why
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self, patience: float = 5.0) -> None:
        """Let it end by itself, and kill it when it does not within ``patience`` seconds."""
        self.send({"do": "close"})
        with contextlib.suppress(OSError):
            self._to.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def memory(self) -> int | None:
        """Bytes of memory that only this process holds; None where the system does not tell."""
        return memory_of(self.pid)

    def check(self, most: int) -> None:
        """Kill it when it does not start, or holds more than ``most`` bytes."""
        if not self.ready and time.monotonic() - self.started > START_SECONDS:
            self.kill(f"took longer than {START_SECONDS:g} s to start")
        held = self.memory()
        if held is not None and held > most:
            self.kill(f"was stopped at {held / 1e9:.2f} GB, allowed are {most / 1e9:.2f}")

    def how_it_ended(self) -> str:
        """In words: the reason it was killed for, the signal, or the exit code."""
        if self.killed_for:
            return self.killed_for
        code = self._process.returncode
        if code is not None and code < 0:
            try:
                return f"crashed ({signal.Signals(-code).name})"
            except ValueError:
                return f"crashed (signal {-code})"
        return f"ended with exit code {code}"

    def _listen(self) -> None:
        try:
            while (message := receive(self._from)) is not None:
                self._heard(self, message)
        except (OSError, ValueError) as error:
            log.error("the pipe of worker process %d broke: %s", self.pid, error)
            self.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()
        self._gone(self)

    def _keep_stderr(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._errors:
            for line in self._errors:
                text = line.decode("utf-8", "replace").rstrip()
                self.stderr.append(text)
                log.info("worker process %d: %s", self.pid, text)


def memory_of(pid: int) -> int | None:
    """Bytes a process holds that cannot be dropped: anonymous, shared and swapped memory, not files it has mapped.

    Linux tells them apart; elsewhere it is what ``ps`` calls the resident set; None where there is neither.
    """
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            return sum(1024 * int(number) for number in _HELD.findall(file.read()))
    except OSError:
        if os.path.exists("/proc/self/status"):
            return None
    if shutil.which("ps") is None:
        return None
    asked = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(asked.stdout) * 1024 if asked.stdout.strip().isdigit() else None
