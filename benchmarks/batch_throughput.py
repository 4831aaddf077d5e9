"""Batch throughput and peak memory: overlapped against one photo after another, and against rembg's own batch.

    python benchmarks/batch_throughput.py --photos 200 --size 4000x3000 --rembg /path/to/venv --json figures.json

Everything is made here: the photos, and a small network that both programs load, so that nothing is downloaded and the
networks' own speeds do not matter. Run it alone on the machine. The photos of a run are kept in --work and used again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from gigamatte import system
from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.testing.networks import smoothed_red
from gigamatte.testing.photos import made_photo
from gigamatte.types import Size
from report import parser, publish

#: photos that are really different; the others differ from them in brightness and noise
DISTINCT = 8
SIDE = 320
#: hairs of a subject: about a third of a photo's tiles are undecided
STRANDS = 12

SERIAL = """
import json, sys
from pathlib import Path
from gigamatte.options import Options
from gigamatte.remover import Remover
source, out, model = map(Path, sys.argv[1:])
out.mkdir(parents=True)
with Remover(Options(model=str(model))) as remover:
    for path in sorted(source.glob('*.jpg')):
        receipt = remover.process(path, out / f"{path.stem}.cutout.png")
        print(json.dumps(receipt.as_dict()), flush=True)
"""


@dataclass
class Run:
    """What one program did. ``megabytes``: the most that it and its children held together, resident, 10⁶ bytes."""

    name: str
    photos: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    photos_a_second: float
    stages: dict[str, float] | None = None


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--photos", type=int, default=200)
    words.add_argument("--size", default="4000x3000", help="width x height")
    words.add_argument("--jobs", type=int, default=0, help="photos at work at once; 0 = the command's own choice")
    words.add_argument("--memory", default="4G")
    words.add_argument("--rembg", type=Path, help="a virtual environment with rembg[cpu,cli]")
    words.add_argument(
        "--rembg-photos", type=int, default=60, help="how many of the photos rembg cuts; its rate is flat"
    )
    words.add_argument("--work", type=Path, default=Path("build/batch_throughput"))
    words.add_argument("--json", type=Path, help="write the figures here, too")
    words.add_argument("--page", type=Path, help="put the table into this page")
    given = words.parse_args()
    size = Size(*(int(side) for side in given.size.split("x")))
    source, model = make_photos(given.work, given.photos, size), make_network(given.work)
    runs = [serial(given.work, source, model), overlapped(given.work, source, model, given.jobs, given.memory)]
    if given.rembg:
        few = given.rembg_photos
        some = source if few >= given.photos else make_photos(given.work, few, size)
        runs.append(rembg(given.work, some, model, given.rembg))
    figures = judge(runs, size)
    show(figures)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))
    if given.page:
        publish(
            "batch", f"Batches of {given.photos} photos of {size.megapixels:.0f} MP", page_text(figures), given.page
        )


def make_photos(work: Path, count: int, size: Size) -> Path:
    """``count`` JPEGs of ``size``; those of an earlier run of the same kind are used again."""
    folder = work / f"photos-{count}-{size.width}x{size.height}"
    if (work / f"{folder.name}.whole").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    small = Size(max(64, size.width // 4), max(64, size.height // 4))
    bases = [made_photo(small, strands=STRANDS, seed=seed).photo for seed in range(min(DISTINCT, count))]
    chance = np.random.default_rng(0)
    grain = chance.normal(0, 4, (*size.shape, 3)).astype(np.float32)
    for number in range(count):
        large = cv2.resize(bases[number % len(bases)], (size.width, size.height), interpolation=cv2.INTER_CUBIC)
        noisy = large.astype(np.float32) * chance.uniform(0.8, 1.1) + np.roll(grain, number * 37, axis=1)
        pixels = np.clip(noisy, 0, 255).astype(np.uint8)[..., ::-1]
        cv2.imwrite(str(folder / f"photo{number:04}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
    (work / f"{folder.name}.whole").touch()
    return folder


def make_network(work: Path) -> Path:
    """A network that takes red for the subject and is sure of it; called as rembg calls u2net (ImageNet, 320 × 320)."""
    path = work / "red.onnx"
    path.write_bytes(smoothed_red(SIDE, (9.0, 3.0, -9.0)))
    return path


def serial(work: Path, source: Path, model: Path) -> Run:
    """One process, one photo after the other."""
    out = fresh(work / "serial")
    run, text = measured("gigamatte, serial", [sys.executable, "-c", SERIAL, source, out, model], source, out)
    receipts = [json.loads(line) for line in text.splitlines()]
    names = [name for name in receipts[0]["seconds"] if name != "total"]
    # the first photo also loads the network
    later = receipts[1:] or receipts
    run.stages = {name: round(sum(each["seconds"][name] for each in later) / len(later), 4) for name in names}
    return run


def overlapped(work: Path, source: Path, model: Path, jobs: int, memory: str) -> Run:
    """The batch command."""
    out = fresh(work / "overlapped")
    words = ["batch", source, out, "--model", model, "--memory", memory, "--jobs", jobs, "--json"]
    run, text = measured("gigamatte batch", [sys.executable, "-m", "gigamatte", *words], source, out)
    summary = json.loads(text.splitlines()[-1])
    if summary["exit_code"] != 0:
        raise SystemExit(f"the batch failed: {summary}")
    return run


def rembg(work: Path, source: Path, model: Path, environment: Path) -> Run:
    """rembg's batch with the same network."""
    out = fresh(work / "rembg")
    extra = json.dumps({"model_path": str(model.resolve())})
    words = [environment / "bin" / "rembg", "p", "-m", "u2net_custom", "-x", extra, source, out]
    # rembg loads models from its own folder only
    home = {name: str(model.resolve().parent) for name in ("REMBG_HOME", "U2NET_HOME")}
    return measured("rembg p", words, source, out, home)[0]


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def measured(
    name: str, words: list[object], source: Path, out: Path, environment: dict[str, str] | None = None
) -> tuple[Run, str]:
    """Run a program to its end: wall and CPU seconds, and the memory of its whole family."""
    before = os.times()
    began = time.perf_counter()
    surroundings = {**os.environ, **(environment or {})}
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True, env=surroundings)
    family = Family(process.pid)
    text, _ = process.communicate()
    seconds = time.perf_counter() - began
    megabytes = family.stop()
    if process.returncode:
        raise SystemExit(f"{name} ended with exit code {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    photos = sum(1 for path in source.iterdir() if path.suffix == ".jpg")
    written = sum(1 for path in out.rglob("*.png"))
    if written != photos:
        raise SystemExit(f"{name} wrote {written} pictures of {photos}")
    rate = round(photos / seconds, 4)
    return Run(name, photos, round(seconds, 2), round(cpu, 2), round(megabytes, 1), rate), text


class Family:
    """Watches how much memory a process and all its descendants hold together (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._ended = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """The most, in 10⁶ bytes."""
        self._ended.set()
        self._thread.join()
        return self._most / 1e6

    def _watch(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while not self._ended.wait(0.05):
            members, held = [self._pid], 0
            while members:
                pid = members.pop()
                try:
                    held += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
                    for task in Path(f"/proc/{pid}/task").iterdir():
                        members += map(int, (task / "children").read_text().split())
                except OSError:
                    continue  # it has just ended
            self._most = max(self._most, held)


def judge(runs: list[Run], size: Size) -> dict[str, object]:
    """The figures, and what overlapping could reach at best: the slowest stage, or all processors busy."""
    one, many = runs[0], runs[1]
    stages = one.stages or {}
    slowest = max(stages, key=lambda name: stages[name])
    cpu = one.cpu_seconds / one.photos
    bound = min(1 / stages[slowest], system.cpu_count() / cpu)
    return {
        "megapixels": round(size.megapixels, 2),
        "processors": system.cpu_count(),
        "runs": [asdict(run) for run in runs],
        "slowest_stage": slowest,
        "cpu_seconds_a_photo": round(cpu, 3),
        "bound_photos_a_second": round(bound, 4),
        "reached": round(many.photos_a_second / bound, 3),
        "speedup": round(many.photos_a_second / one.photos_a_second, 3),
    }


def page_text(figures: dict[str, object]) -> str:
    """The figures as Markdown."""
    runs = figures["runs"]
    assert isinstance(runs, list)
    rows: list[list[Cell]] = [
        [
            run["name"],
            run["photos"],
            run["photos_a_second"],
            run["photos_a_second"] * float(str(figures["megapixels"])),
            run["cpu_seconds"] / run["photos"],
            round(run["megabytes"]),
        ]
        for run in runs
    ]
    return markdown_table(["way", "photos", "photos/s", "MP/s", "CPU s a photo", "peak MB"], rows) + (
        f"\n\nStages, one photo after another, seconds: {runs[0]['stages']}. Overlapping could reach "
        f"{figures['bound_photos_a_second']}\nphotos a second at best and reached {figures['reached']} of that, "
        f"{figures['speedup']} times the serial rate."
    )


def show(figures: dict[str, object]) -> None:
    runs = figures["runs"]
    assert isinstance(runs, list)
    print(f"{'':24}{'photos/s':>10}{'MP/s':>10}{'CPU s/photo':>14}{'peak MB':>10}")
    for run in runs:
        rate = run["photos_a_second"]
        megapixels = rate * float(str(figures["megapixels"]))
        cpu = run["cpu_seconds"] / run["photos"]
        print(f"{run['name']:24}{rate:10.3f}{megapixels:10.1f}{cpu:14.2f}{run['megabytes']:10.0f}")
    print(f"stages, one after another: {runs[0]['stages']}")
    print(
        f"overlapping could reach {figures['bound_photos_a_second']} photos/s at best and reached {figures['reached']} "
        f"of that, {figures['speedup']} times the serial rate"
    )


if __name__ == "__main__":
    main()
