"""Functions that differ between operating systems; each says what it does where the system has no such call."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Any

from gigamatte import cgroup

_seek_lock = threading.Lock()


def peak_rss_mb() -> float:
    """The most memory (resident set, 10⁶ bytes) this process has held; 0.0 where the system does not tell."""
    # Linux' getrusage also counts what the parent held before this program was started in its place
    own = _proc_bytes("/proc/self/status", "VmHWM:")
    if own is not None:
        return own / 1e6
    try:
        import resource
    except ImportError:
        return _windows_peak_mb()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes
    return (peak if sys.platform == "darwin" else peak * 1024) / 1e6


def cpu_count() -> int:
    """How many CPUs this process may use: affinity and the quotas of its control groups respected, at least 1."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup.cpu_quota()
    return max(1, min(count, int(quota + 0.5)) if quota else count)


def available_memory() -> int | None:
    """Bytes that may still be allocated without swapping, the container's limit respected; None if unknown."""
    free = _proc_bytes("/proc/meminfo", "MemAvailable:")
    room = cgroup.memory_room()
    if room is not None:
        return room if free is None else min(free, room)
    return free


def total_memory() -> int | None:
    """Bytes of memory that the machine, or the container, has in all; None if unknown."""
    whole, limit = _proc_bytes("/proc/meminfo", "MemTotal:"), cgroup.memory_limit()
    return whole if limit is None else limit if whole is None else min(whole, limit)


def release_memory() -> None:
    """Return freed memory to the system. glibc keeps some for each thread; on other systems this does nothing."""
    _ask_allocator("malloc_trim", 0)


def return_zero_pages(least: int = 64 << 20) -> None:
    """Return pages that hold zeros alone, in pieces of memory of at least ``least`` bytes; they read as zeros again.

    Only for processes in which nothing else runs: a page that another thread wrote meanwhile would be lost. On systems
    other than Linux this does nothing.
    """
    if sys.platform != "linux":
        return
    import ctypes

    import numpy as np

    madvise, dont_need = ctypes.CDLL(None).madvise, 4  # MADV_DONTNEED of mman.h
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    page = os.sysconf("SC_PAGE_SIZE")
    for start, end in _private_memory(least):
        memory: Any = (ctypes.c_char * (end - start)).from_address(start)
        values = np.frombuffer(memory, np.uint64)
        empty = ~values.reshape(-1, page // 8).any(axis=1)
        edges = np.flatnonzero(np.diff(empty.astype(np.int8), prepend=0, append=0))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            madvise(start + first * page, (last - first) * page, dont_need)


def _private_memory(least: int) -> list[tuple[int, int]]:
    """(first address, end) of Linux' mappings of this process that no file is behind, readable and written."""
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, node, *name = line.split()
        start, end = (int(one, 16) for one in place.split("-"))
        if rights == "rw-p" and node == "0" and not name and end - start >= least:
            found.append((start, end))
    return found


def python_child(entry: str) -> tuple[list[str], dict[str, str]]:
    """(command, environment) of a process of ours that runs ``main`` of the module ``entry``.

    It imports what this process would; -P keeps the current folder out, -c keeps __main__ ours.
    """
    path = os.pathsep.join(part for part in sys.path if part)
    return [sys.executable, "-P", "-c", f"from {entry} import main; main()"], {**os.environ, "PYTHONPATH": path}


def share_heaps(most: int = 2) -> None:
    """Let all threads of this process allocate from at most ``most`` heaps. Call it early, in our own processes only.

    glibc gives each thread a heap of its own and does not return a heap to the system while any of it is in use: a
    process grew by two megabytes with each photo. On other systems this does nothing.
    """
    arena_max = -8  # M_ARENA_MAX of malloc.h
    _ask_allocator("mallopt", arena_max, most)


def _ask_allocator(name: str, *arguments: int) -> None:
    """Call a function of glibc's allocator, where there is one."""
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # another C library
        getattr(ctypes.CDLL(None), name)(*arguments)


def home() -> Path:
    """The user's home folder; where there is none (no HOME, no account), a path below which no file can exist."""
    try:
        return Path.home()
    except RuntimeError:
        # below a device, so that not even root can make it
        return Path(os.devnull) / "no-home"


def expanded(path: str) -> Path:
    """A path that a user named, with a leading ``~`` replaced; left as it is where there is no such home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def fsync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut. Windows and some network folders have no such call: skipped."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_at(descriptor: int, count: int, offset: int) -> bytes:
    """``count`` bytes of an open file from ``offset``, without disturbing other threads; OSError if it is shorter."""
    if hasattr(os, "pread"):
        data = os.pread(descriptor, count, offset)
        # a read may be cut short by a signal or by the 2 GiB limit of one call
        while len(data) < count:
            more = os.pread(descriptor, count - len(data), offset + len(data))
            if not more:
                raise OSError(f"the scratch file ended {count - len(data)} bytes early")
            data += more
        return data
    with _seek_lock:
        os.lseek(descriptor, offset, os.SEEK_SET)
        data = os.read(descriptor, count)
        while len(data) < count:
            more = os.read(descriptor, count - len(data))
            if not more:
                raise OSError(f"the scratch file ended {count - len(data)} bytes early")
            data += more
    return data


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """Write all of ``data`` (bytes) to an open file at ``offset``, without disturbing other threads."""
    while data.nbytes:
        if hasattr(os, "pwrite"):
            done = os.pwrite(descriptor, data, offset)
        else:
            with _seek_lock:
                os.lseek(descriptor, offset, os.SEEK_SET)
                done = os.write(descriptor, data)
        data, offset = data[done:], offset + done


def _proc_bytes(path: str, name: str) -> int | None:
    """The value of a line like ``MemAvailable:  123 kB``; None on systems without such a file."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)


def _windows_peak_mb() -> float:
    import ctypes

    class Counters(ctypes.Structure):
        # PROCESS_MEMORY_COUNTERS of psapi.h
        _fields_ = (
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            ("peak", ctypes.c_size_t),
            ("rest", ctypes.c_size_t * 7),
        )

    libraries = getattr(ctypes, "windll", None)
    if libraries is None:
        return 0.0
    counters = Counters(size=ctypes.sizeof(Counters))
    libraries.kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(libraries.kernel32.GetCurrentProcess())
    known = libraries.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size)
    return counters.peak / 1e6 if known else 0.0
