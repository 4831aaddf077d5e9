"""A pytest plugin: what passed in the base install, and did not ask for an extra, is not run again with all of them.

In the base install, GATE_PASSED=FILE notes the tests that passed there, and ``misses.py`` which of them asked for a
package that was not there. With every extra installed, GATE_TESTED=FILE:MISSES leaves out those that passed and asked
for nothing that is installed now: the same code would run again. So it would where a test only wanted to know whether
there is CUDA, and the answer is still no. ``python again.py FILE MISSES`` counts them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from misses import CUDA

#: files whose tests try more where the whole suite runs (GIGAMATTE_FUZZ)
MORE = ("tests/unit/photo/test_fuzz_formats.py",)
#: writes down which packages are installed, and does nothing else with it
NOTED = os.path.join("src", "gigamatte", "batch", "circumstances.py")


def pytest_configure() -> None:
    """Say which process runs the tests."""
    if importlib.util.find_spec("gate_misses") is not None:
        import gate_misses

        gate_misses.tests = os.getpid()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Say which file is being imported."""
    if importlib.util.find_spec("gate_misses") is not None:
        import gate_misses

        gate_misses.collecting = collector.nodeid
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Say which test has ended, fixtures included."""
    result = yield
    if importlib.util.find_spec("gate_misses") is not None:
        import gate_misses

        gate_misses.ended(item.nodeid)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note each step of a test that passed: three lines make a whole one."""
    if "GATE_PASSED" in os.environ and "PYTEST_XDIST_WORKER" not in os.environ and report.outcome == "passed":
        with open(os.environ["GATE_PASSED"], "a", encoding="utf-8") as file:
            file.write(f"{report.nodeid!r}\n")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import a file all of whose tests are left out: four processes would."""
    if "GATE_TESTED" not in os.environ or collection_path.suffix != ".py":
        return None
    name = collection_path.relative_to(config.rootpath).as_posix()
    return True if name in whole_files(*os.environ["GATE_TESTED"].split(os.pathsep)) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was tested."""
    if "GATE_TESTED" not in os.environ:
        return
    tested = left_out(*os.environ["GATE_TESTED"].split(os.pathsep))
    again = [item for item in items if repr(item.nodeid) not in tested]
    config.hook.pytest_deselected(items=[item for item in items if repr(item.nodeid) in tested])
    items[:] = again


@functools.cache
def whole_files(passed: str, misses: str) -> set[str]:
    """The files of which nothing is left to run: a skipped test is noted too, by the step that ends it."""
    tested = left_out(passed, misses)
    known = Path(passed).read_text("utf-8").splitlines()
    return {line[1:].partition("::")[0] for line in known} - {
        line[1:].partition("::")[0] for line in known if line not in tested
    }


def left_out(passed: str, misses: str) -> set[str]:
    """The quoted ids of tests that need not run again, from the two files."""
    counts = Counter(Path(passed).read_text("utf-8").splitlines())
    whole = {line for line, steps in counts.items() if steps == 3 and not line[1:].startswith(MORE)}
    files, tests = set[str](), set[str]()
    for line in Path(misses).read_text("utf-8").splitlines():
        name, test, where, asker = line.split("\t")
        if asker == NOTED or not installed(name) or (asker == CUDA and not built_for_cuda()):
            continue
        if test == "*":
            return set()
        tests.add(repr(test))
        if where == "file":
            files.add(test.partition("::")[0])
    return {line for line in whole if line not in tests and line[1:].partition("::")[0] not in files}


@functools.cache
def installed(name: str) -> bool:
    """Whether a module or a distribution of this name is there now."""
    if name.isidentifier() and importlib.util.find_spec(name) is not None:
        return True
    wanted = re.sub(r"[-_.]+", "-", name).lower()
    return any(re.sub(r"[-_.]+", "-", one.name).lower() == wanted for one in importlib.metadata.distributions())


@functools.cache
def built_for_cuda() -> bool:
    """Whether the ONNX Runtime that is there now was; asked in another process, so that this one imports nothing."""
    code = "from gigamatte.network.engines.select import gpu_listed; print(gpu_listed())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout != "False\n"


if __name__ == "__main__":
    print(len(left_out(*sys.argv[1:3])), "tests passed in step 1 and are the same here")
