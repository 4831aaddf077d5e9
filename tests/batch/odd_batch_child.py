"""A child process that crashes, hangs or fails on photos with certain names, and else is the real one."""

import os
import signal
import time

from gigamatte.types import Receipt
from gigamatte.worker import child
from gigamatte.worker.wire import Job


class OddChild(child.Child):
    def cut(self, job: Job, number: int) -> Receipt:
        name = job.source.name
        if name.startswith("crash"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if name.startswith("hang"):
            self._say({"event": "started", "id": number})
            time.sleep(600)
        if name.startswith("greedy"):
            self._say({"event": "started", "id": number})
            hoard = []
            while True:
                hoard.append(bytearray(64 << 20))
                hoard[-1][::4096] = b"x" * len(hoard[-1][::4096])
        if name.startswith("half"):  # one file of a pair is there when it fails
            job.target.with_name(f"{job.target.stem}.colour.png").write_bytes(b"half of it")
            raise RuntimeError("something odd after the first file")
        if name.startswith("raise"):
            raise RuntimeError("something odd")
        return super().cut(job, number)


def main() -> None:
    child.Child = OddChild  # type: ignore[misc]
    child.main()
