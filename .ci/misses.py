"""Records which packages this project asks for and does not find: only tests that asked can differ with more installed.

``python misses.py install`` makes every Python process of the environment load this module when it starts, children of
tests included. It stands last among the finders of modules, so that it is asked only for what no other one has, and
appends a line to misses.txt beside itself: the package, the test during which it was asked for (as pytest says it, or
``*`` where it cannot be said), whether that was in the test's own call (``call``), in a process that the call started
(``child WORKER PID``) or elsewhere (``file``), and the file that asked (or CUDA).

Questions that third-party packages ask for themselves are not recorded.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from types import FrameType
from typing import Any

#: the process that runs the tests, and what it is collecting; set by the plugin ``again``
tests = 0
collecting = ""
#: the checkout, with a separator behind it
_root = ""
#: bytes of misses.txt that ``ended`` has looked at
_looked = 0
_HERE = Path(__file__)
#: the function that asks for ONNX Runtime only to learn whether it was built for CUDA
CUDA = os.path.join("src", "gigamatte", "network", "engines", "select.py") + "::gpu_listed"
#: frames of the import system stand between the question and who asks it
_IMPORTING = (f"{os.sep}importlib{os.sep}", "<frozen", "<string>", str(_HERE))


def install() -> None:
    """Copy this file into the environment, with a line that Python reads whenever it starts."""
    folder = Path(sysconfig.get_paths()["purelib"])
    name = "gate_misses"
    (folder / f"{name}.py").write_bytes(_HERE.read_bytes())
    (folder / f"{name}.pth").write_text(f"import {name}; {name}.begin({str(_HERE.parent.parent)!r})\n", "utf-8")


class _Last:
    """Finds nothing, and records that it was asked."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if "." not in name:
            _record(name)

    @staticmethod
    def find_distributions(context: Any = None) -> tuple[()]:
        if getattr(context, "name", None):
            _record(context.name)
        return ()


def begin(root: str) -> None:
    """Record what files of the checkout at ``root`` ask for from now on."""
    global _root
    _root = root + os.sep
    sys.meta_path.append(_Last)  # type: ignore[arg-type]


def _record(name: str) -> None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and any(part in frame.f_code.co_filename for part in _IMPORTING):
        frame = frame.f_back
    if frame is None or not frame.f_code.co_filename.startswith(_root):
        return
    asker = frame.f_code.co_filename.removeprefix(_root)
    test = os.environ.get("PYTEST_CURRENT_TEST", "") or f"{collecting} (collect)"
    where = "file"
    if test.endswith("(call)"):
        own = os.getpid() == tests
        where = "call" if own else f"child {os.environ.get('PYTEST_XDIST_WORKER', '')} {os.getpid()}"
    # asked once for all who come later: while a module of the package is imported, or where the answer is stored
    once = frame.f_code.co_name == "<module>" or hasattr(frame.f_globals.get(frame.f_code.co_name), "cache_info")
    if test.startswith(" ") or (once and asker.startswith("src")):
        test = "*"
    if _asks_for_cuda(frame):
        asker = CUDA
    line = "\t".join((name, test.rpartition(" ")[0] or test, where, asker)) + "\n"
    try:
        with _HERE.with_suffix(".txt").open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError:  # a test that allows no file to be written
        os.write(2, f"gate_misses: {line}".encode())


def ended(test: str) -> None:
    """Count what a child asked for the whole file where other tests may meet it: it lives on, or began earlier."""
    global _looked
    record, own = _HERE.with_suffix(".txt"), f"child {os.environ.get('PYTEST_XDIST_WORKER', '')} "
    if not record.exists() or record.stat().st_size == _looked:
        return
    with record.open("rb") as file:
        file.seek(_looked)
        whole = b"".join(line for line in file if line.endswith(b"\n"))
        _looked += len(whole)
    for line in whole.decode().splitlines():
        name, asked, where, asker = line.split("\t")
        if where.startswith(own) and (asked != test or _alive(int(where.removeprefix(own)))):
            with record.open("a", encoding="utf-8") as file:
                file.write("\t".join((name, asked, "file", asker)) + "\n")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _asks_for_cuda(frame: FrameType | None) -> bool:
    path, _, name = CUDA.partition("::")
    while frame is not None:
        if frame.f_code.co_name == name and frame.f_code.co_filename == _root + path:
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__" and sys.argv[1:] == ["install"]:
    install()
