"""The limits that a container or a service manager sets for this process: Linux control groups, versions 2 and 1.

A quota may be set on the process's own group (systemd's CPUQuota) or on any above it; the smallest holds. In a
container the process may see its own group as the root, or see the host's path although only its own group is mounted.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def cpu_quota(root: Path = _ROOT) -> float | None:
    """How many CPUs this process may use, e.g. 1.5; None: no limit. ``root`` is the folder of ``proc`` and ``sys``.

    The system's own files are read once a second at most: many small photos ask each.
    """
    return _quota_at(int(time.monotonic())) if root == _ROOT else _quota(root)


@functools.lru_cache(maxsize=1)
def _quota_at(second: int) -> float | None:
    del second
    return _quota(_ROOT)


def _quota(root: Path) -> float | None:
    quotas: list[float] = []
    for folder in _groups(root, ""):
        words = _words(folder / "cpu.max")
        if len(words) >= 2 and words[0] != "max":
            quotas += _ratio(words[0], words[1])
    for folder in _groups(root, "cpu"):
        quotas += _ratio(*(" ".join(_words(folder / f"cpu.cfs_{part}_us")) for part in ("quota", "period")))
    return min(quotas, default=None)


def memory_room(root: Path = _ROOT) -> int | None:
    """Bytes that this process's groups still let it allocate; None where there is no limit."""
    return min((max(0, limit - used) for limit, used in _memory(root) if used is not None), default=None)


def memory_limit(root: Path = _ROOT) -> int | None:
    """Bytes that this process's groups let it hold in all; None where there is no limit."""
    return min((limit for limit, _ in _memory(root)), default=None)


def _memory(root: Path) -> Iterator[tuple[int, int | None]]:
    """(limit, used) of each group that has a limit."""
    for controller, limit, used in (
        ("", "memory.max", "memory.current"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        for folder in _groups(root, controller):
            maximum = _number(folder / limit)
            # version 1 writes "no limit" as the largest number of pages
            if maximum is not None and maximum < 1 << 60:
                yield maximum, _number(folder / used)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's own group and of those above it, for one controller; "" is version 2."""
    mounted = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if controller not in (names.split(",") if names else [""]) or (number == "0") != (controller == ""):
            continue
        bases = [mounted] if controller == "" else [mounted / names, mounted / controller]
        base = next((folder for folder in bases if folder.is_dir()), None)
        if base is None:
            continue
        parts = PurePosixPath(path).parts[1:]
        if ".." not in parts:
            yield from (base.joinpath(*parts[:depth]) for depth in range(len(parts), 0, -1))
        yield base


def _ratio(quota: str, period: str) -> list[float]:
    try:
        wanted, every = int(quota), int(period)
    except ValueError:
        return []
    return [wanted / every] if wanted > 0 and every > 0 else []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""


def _words(path: Path) -> list[str]:
    return _text(path).split()


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None
