"""What this machine grants to inference: CPU threads, and whether its CPU multiplies in bfloat16."""

from __future__ import annotations

import os
from pathlib import Path


def granted_threads() -> int:
    """CPUs this process may use: its affinity mask, narrowed by a container's quota (cgroup v2); at least 1."""
    # macOS and Windows have no affinity mask to ask for
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _quota() or count))


def _quota() -> int | None:
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if limit == "max" else max(1, round(int(limit) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return None


def bf16_support() -> str | None:
    """The instruction set that multiplies bfloat16 on this CPU (amx_bf16, avx512_bf16), or None.

    Known on Linux only; elsewhere the runtime's own list of capabilities decides.
    """
    flags = _cpu_flags()
    return next((name for name in ("amx_bf16", "avx512_bf16") if name in flags), None)


def _cpu_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()
