"""A worker process that fails in the way that the photo's name says, for tests of the supervisor.

``abort…`` crashes, ``hog…`` takes memory without end, ``hang…`` never returns, ``slow…`` works until it is
cancelled, ``noisy…`` prints where only messages belong; everything else is cut as usual.
``entry="gigamatte.testing.misbehaving_child"`` makes a Supervisor use it.
"""

from __future__ import annotations

import os
import time

from gigamatte.types import Receipt
from gigamatte.worker import child
from gigamatte.worker.wire import Job

_cut = child.Child.cut


def main() -> None:
    """Entry point of the child process."""
    if os.environ.get("GIGAMATTE_TEST_NO_START"):
        raise SystemExit(3)
    child.Child.cut = cut  # type: ignore[method-assign]
    child.main()


def cut(self: child.Child, job: Job, number: int) -> Receipt:
    """Misbehave, or cut."""
    name = job.source.stem
    if name.startswith(("abort", "hog", "hang", "slow")):
        self._say({"event": "started", "id": number})
    if name.startswith("abort"):
        time.sleep(0.3)  # others are in flight by now
        os.abort()
    if name.startswith("hog"):
        hoard = []
        while True:
            hoard.append(bytearray(os.urandom(1 << 20) * 16))
            time.sleep(0.01)
    if name.startswith("hang"):
        while True:
            time.sleep(1)
    if name.startswith("slow"):
        for step in range(10_000):
            self.check(number)
            self.report(number, "matte", step / 10_000)
            time.sleep(0.01)
    if name.startswith("noisy"):
        print("a library speaks on stdout", flush=True)
        os.write(1, b"and another one below Python\n")
    return _cut(self, job, number)
