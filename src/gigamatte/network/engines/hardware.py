"""Finds out whether this machine's CPU multiplies in bfloat16, and by which instructions, for ``gigamatte doctor``."""

from __future__ import annotations


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
