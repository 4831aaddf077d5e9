"""What only the operating system can do."""

import platform
import subprocess
import sys

import pytest

HEAPS = """
import ctypes, sys, threading
from gigamatte import system
system.share_heaps()
ready, over = threading.Barrier(7), threading.Event()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
def use():
    libc.malloc(50_000)
    ready.wait()
    over.wait()
threads = [threading.Thread(target=use) for _ in range(6)]
for thread in threads:
    thread.start()
ready.wait()
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
over.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of glibc")
def test_six_threads_share_two_heaps(tmp_path):
    report = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, str(report)], check=True, timeout=60)
    assert 1 <= report.read_text().count("<heap nr=") <= 2
    without = HEAPS.replace("system.share_heaps()", "")
    subprocess.run([sys.executable, "-c", without, str(report)], check=True, timeout=60)
    assert report.read_text().count("<heap nr=") > 2


ZEROS = """
import numpy as np
from pathlib import Path
from gigamatte import system
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
written = np.empty(25_000_000, np.uint64)
written[:] = 0
written[::2_000_000] = 7
before = held()
system.return_zero_pages()
assert before - held() > 190_000_000, (before, held())
assert written.sum() == 13 * 7 and (written[::2_000_000] == 7).all()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux gives pages back")
def test_pages_of_zeros_are_returned_and_nothing_else():
    subprocess.run([sys.executable, "-c", ZEROS], check=True, timeout=60)
