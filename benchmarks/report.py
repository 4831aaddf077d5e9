"""What the benchmark scripts share: measuring a child process, naming the machine, writing docs/benchmarks.md.

The figures in docs/benchmarks.md are never edited by hand: each script replaces the section between its own markers.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte import __version__
from gigamatte.evaluate.table import Cell, markdown_table, text_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Run:
    """One child process from start to exit. ``failure`` is empty when it ended well."""

    wall: float
    cpu: float
    peak_mb: float
    failure: str = ""
    stdout: str = ""


def run_child(
    command: Sequence[str], *, memory_gb: float = 0, seconds: float = 3600, environ: Mapping[str, str] | None = None
) -> Run:
    """Runs ``command`` and measures wall seconds, CPU seconds and peak resident memory, its own children included.

    ``memory_gb`` limits its address space, ``seconds`` its CPU time; 0 is no limit.
    """

    def limit() -> None:
        if memory_gb:
            resource.setrlimit(resource.RLIMIT_AS, (int(memory_gb * 1e9), int(memory_gb * 1e9)))
        if seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))

    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        child = subprocess.Popen(
            list(command), stdout=out, stderr=err, preexec_fn=limit, env={**os.environ, **(environ or {})}
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        failure = ""
        if child.returncode:
            lines = err.read().strip().splitlines()
            failure = f"exit {child.returncode}: {lines[-1][:200] if lines else 'no message'}"
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, failure, out.read())


def median_run(make: Callable[[], Run], repeats: int) -> Run:
    """The medians of ``repeats`` runs (of the peak: the highest); the first failure ends it."""
    runs: list[Run] = []
    for _ in range(repeats):
        run = make()
        if run.failure:
            return run
        runs.append(run)
    wall, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
    return Run(wall, cpu, max(run.peak_mb for run in runs), "", runs[-1].stdout)


def machine() -> str:
    """The machine in one line: processor, cores, memory, system, versions."""
    model = platform.processor() or platform.machine()
    memory = ""
    if Path("/proc/cpuinfo").exists():
        names = [
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
        kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {kilobytes / 1e6:.0f} GB"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{model}, {cores} cores{memory}, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, gigamatte {__version__}"
    )


def publish(section: str, title: str, text: str, page: Path) -> None:
    """Replaces (or adds) a section of the page, with the machine and the day."""
    begin, end = f"<!-- begin {section} -->", f"<!-- end {section} -->"
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    words = [os.path.relpath(word, ROOT) if os.path.isabs(word) else word for word in sys.argv[1:]]
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *words])
    body = f"{begin}\n## {title}\n\n{text.strip()}\n\nMeasured {day} on {machine()}, by\n`{command}`.\n{end}"
    old = page.read_text(encoding="utf-8") if page.exists() else HEAD
    if begin in old:
        before, rest = old.split(begin, 1)
        new = before + body + rest.split(end, 1)[1]
    else:
        new = f"{old.rstrip()}\n\n{body}\n"
    page.write_text(new, encoding="utf-8")
    print(f"{page}: section {section}")


def publish_readme(text: str) -> None:
    """Replaces the measured part of README.md and README.zh-CN.md, between their benchmark markers."""
    begin, end = "<!-- benchmarks:start -->", "<!-- benchmarks:end -->"
    for name in ("README.md", "README.zh-CN.md"):
        page = ROOT / name
        old = page.read_text(encoding="utf-8")
        if begin not in old or end not in old:
            sys.exit(f"{name} has no place for the table: {begin} … {end}")
        before, rest = old.split(begin, 1)
        page.write_text(f"{before}{begin}\n{text.strip()}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


HEAD = """# Benchmarks

Every table here is written by the script that is named under it; none is edited by hand. A child process is measured
from its start to its exit: wall and CPU seconds, and the most memory (resident set) it ever held.

Not in the tables: backgroundremover and transparent-background. Both fetch their networks at the first use and take
no mask from elsewhere, so that they run neither offline nor on the same masks; what backgroundremover does after its
network (closed-form matting on trimap and photo) is what `rembg -a` does.
"""


def pixels(path: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """A picture as OpenCV reads it: (row, column[, BGR]) uint8."""
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise FileNotFoundError(f"cannot read the picture {path}")
    return np.asarray(picture, np.uint8)


def show(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Prints a table and returns it as Markdown."""
    print(text_table(head, rows))
    return markdown_table(head, rows)


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is a script's docstring, line by line."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of the scripts that make a section of the page."""
    words = parser(description)
    words.add_argument("--page", type=Path, default=PAGE, help="the page whose section is replaced")
    words.add_argument("--repeats", type=int, default=3, help="runs per figure; medians are reported")
    return words


def program() -> str:
    """The installed ``gigamatte`` command of this Python."""
    return str(Path(sys.executable).parent / "gigamatte")
