"""Memory of a process and of those below it, as Linux tells it while they run."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

#: seconds between two looks at a process
LOOKS = 0.05


def memory(pid: int) -> int:
    """Bytes of a process that are in memory and its own; 0 when it has ended."""
    return _rollup(pid, "Private_Clean", "Private_Dirty")


def proportional(pid: int) -> int:
    """Bytes of a process that are in memory, of what several share its part (PSS); 0 when it has ended."""
    return _rollup(pid, "Pss:")


def _rollup(pid: int, *names: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))


def children(pid: int) -> list[int]:
    """All processes below one."""
    own = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):  # those of each thread that has started some
        with contextlib.suppress(OSError):
            own += [int(word) for word in thread.read_text("ascii").split()]
    return own + [deeper for child in own for deeper in children(child)]


def most_memory(command: Sequence[str]) -> float:
    """The most that a program and all processes below it held together, PSS, in 10⁶ bytes; it has to end well."""
    most = 0
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            most = max(most, sum(proportional(pid) for pid in (child.pid, *children(child.pid))))
            time.sleep(LOOKS)
    if child.returncode:
        raise SystemExit(f"{command[:3]} ended with {child.returncode}")
    return most / 1e6
