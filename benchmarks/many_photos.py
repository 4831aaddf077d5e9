"""Many tiny photos in one run: photos a CPU second, memory at a tenth, half and the end, and whether listing overlaps.

    python benchmarks/many_photos.py --photos 20000
    python benchmarks/many_photos.py --photos 100000 --alone

Photos are 16×16 and get a mask, so that next to nothing is the cutting itself: what is measured is everything around
it. ``parent`` is the process that lists, remembers and tells; ``children`` are those that cut. With ``--alone`` nothing
is cut: an engine says of each photo that it is done.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from gigamatte.batch.counts import Counts
from gigamatte.batch.plan import Plan
from gigamatte.batch.progress import Progress
from gigamatte.batch.runner import run_batch
from gigamatte.batch.task import Outcome, Task
from gigamatte.options import Options
from processes import children, memory
from report import parser

SIDE = 16


def make(folder: Path, photos: int) -> Path:
    """Photos in folders of a thousand, each with a colour of its own; gives their mask."""
    for number in range(photos):
        picture = np.full((SIDE, SIDE, 3), (number % 251, number // 251 % 251, number // 63001 % 251), np.uint8)
        picture[4:12, 4:12] = (30, 40, 220)
        path = folder / "in" / f"{number // 1000:04}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[4:12, 4:12] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    return folder / "mask.png"


def watched(said: IO[str], pid: int, photos: int) -> dict[str, Any]:
    """Memory at a tenth, half and the end, as the events say of the batch."""
    marks, found, done, listed_after = {photos // 10, photos // 2, photos - 1}, dict[str, Any](), 0, None
    for line in said:
        event = json.loads(line)
        if event["event"] == "started":
            listed_after = done
        if event["event"] == "summary":
            found["summary"] = {name: event[name] for name in ("total", "done", "failed", "exit_code", "seconds")}
        if event["event"] != "photo":
            continue
        done += 1
        if done in marks:
            below = sum(map(memory, children(pid)))
            found[f"mb_at_{round(100 * done / photos)}_percent"] = {
                "parent": round(memory(pid) / 1e6), "children": round(below / 1e6),
            }  # fmt: skip
    return {"photos_cut_before_the_list_was_complete": listed_after, **found}


class Engine:
    """Cuts nothing."""

    def start(self) -> None:
        pass

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        seconds = dict.fromkeys(("read", "network", "matte", "colours", "write", "total"), 0.001)
        receipt = {"width": SIDE, "height": SIDE, "seconds": seconds, "warnings": [], "doubt": {"score": 0.1}}
        for task in tasks:
            if task is not None:
                own = {**receipt, "input": task.source, "output": task.target}
                yield Outcome(task.key, "done", "f" * 64, task.key, "a" * 64, 100, "100-1", own, files=(task.target,))

    def close(self) -> None:
        pass


class Marks:
    """Notes this process's memory on the way, and how many photos were done when the list was complete."""

    def __init__(self, photos: int) -> None:
        self.found: dict[str, Any] = {}
        self._done, self._photos = 0, photos
        self._marks = (photos // 10, photos // 2, photos - 1)

    def started(self, counts: Counts) -> None:  # noqa: ARG002
        self.found["photos_cut_before_the_list_was_complete"] = self._done

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:  # noqa: ARG002
        self._done += 1
        if self._done in self._marks:
            self.found[f"mb_at_{round(100 * self._done / self._photos)}_percent"] = round(memory(os.getpid()) / 1e6)

    def listed(self, photos: int) -> None:
        pass

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        pass

    def written(self, files: Sequence[str]) -> None:
        pass

    def warned(self, text: str) -> None:
        print(text, file=sys.stderr)


def alone(folder: Path, mask: Path, photos: int) -> dict[str, Any]:
    """All but the cutting, in this process."""
    marks, before = Marks(photos), time.process_time()
    plan = Plan(str(folder / "in"), str(folder / "out"), Options(mask=str(mask)))
    summary = run_batch(plan, lambda _: Engine(), marks)
    used = time.process_time() - before
    return {
        "photos": summary.done,
        "cpu_seconds": round(used, 1),
        "us_a_photo": round(1e6 * used / photos),
        **marks.found,
    }


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--photos", type=int, default=20_000)
    words.add_argument("--alone", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        mask = make(folder, asked.photos)
        if asked.alone:
            print(json.dumps(alone(folder, mask, asked.photos), indent=1))
            return
        command = [sys.executable, "-m", "gigamatte", "batch", str(folder / "in"), str(folder / "out")]
        command += ["--mask", str(mask), "--refine", "off", "--memory", "4G", "--json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found = watched(process.stdout, process.pid, asked.photos)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        manifest = folder / "out" / ".gigamatte" / "1-of-1.sqlite"
        totals = {
            "photos": asked.photos,
            "cpu_seconds": round(used, 1),
            "photos_a_cpu_second": round(asked.photos / used, 1),
            "manifest_bytes_a_photo": round(manifest.stat().st_size / asked.photos, 1),
        }
        print(json.dumps(totals | found, indent=1))


if __name__ == "__main__":
    main()
