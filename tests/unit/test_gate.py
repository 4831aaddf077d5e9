"""The gate runs a test twice only where the second environment can change what it does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci"
pytestmark = pytest.mark.skipif(not CI.exists(), reason="the gate's own files are not in this copy")

A, B, OTHER = "tests/a.py::test_one", "tests/a.py::test_two[x y]", "tests/b.py::test_three"


@pytest.fixture(autouse=True)
def _gate(monkeypatch):
    monkeypatch.syspath_prepend(str(CI))


def left_out(tmp_path, *misses, passed=(A, B, OTHER)):
    from again import left_out

    (tmp_path / "passed").write_text("".join(f"{test!r}\n" * 3 for test in passed))
    (tmp_path / "misses").write_text("".join("\t".join(line) + "\n" for line in misses))
    return left_out(str(tmp_path / "passed"), str(tmp_path / "misses"))


def test_what_asked_for_nothing_is_left_out(tmp_path):
    assert left_out(tmp_path) == {repr(A), repr(B), repr(OTHER)}
    assert left_out(tmp_path, ("no_such_package", A, "call", "src/a.py")) == {repr(A), repr(B), repr(OTHER)}


def test_a_test_that_asked_for_what_is_there_now_runs_again(tmp_path):
    assert left_out(tmp_path, ("numpy", A, "call", "src/a.py")) == {repr(B), repr(OTHER)}
    assert left_out(tmp_path, ("opencv_python.headless", B, "call", "src/a.py")) == {repr(A), repr(OTHER)}


def test_what_a_child_or_a_fixture_asked_counts_for_the_whole_file(tmp_path):
    assert left_out(tmp_path, ("numpy", A, "file", "src/a.py")) == {repr(OTHER)}
    assert left_out(tmp_path, ("numpy", "tests/b.py", "file", "tests/b.py")) == {repr(A), repr(B)}


@pytest.mark.parametrize("cuda", [False, True])
def test_who_only_asked_for_cuda_runs_again_where_there_is_some(tmp_path, monkeypatch, cuda):
    import again

    monkeypatch.setattr(again, "built_for_cuda", lambda: cuda)
    kept = {repr(B), repr(OTHER)} if cuda else {repr(A), repr(B), repr(OTHER)}
    assert left_out(tmp_path, ("numpy", A, "call", again.CUDA)) == kept


def test_whether_there_is_cuda_is_asked_as_the_engines_do():
    from again import built_for_cuda

    from gigamatte.network.engines.select import gpu_listed

    assert built_for_cuda() == gpu_listed()


def test_the_question_for_cuda_is_known_by_its_function(tmp_path):
    """A network opened on any device that there is asks for nothing else."""
    from misses import CUDA

    (tmp_path / "misses.py").write_bytes((CI / "misses.py").read_bytes())
    program = (
        f"import sys, misses; misses.begin({str(CI.parent)!r})\n"
        "class Hidden:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'onnxruntime': misses._Last.find_spec(name); raise ImportError(name)\n"
        "sys.meta_path.insert(0, Hidden)\n"
        "from gigamatte.network.engines.probe import probe_network\n"
        "from gigamatte.network.engines.select import open_engine\n"
        "open_engine(probe_network())\n"
    )
    environment = os.environ | {"PYTEST_CURRENT_TEST": f"{B} (call)"}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    lines = [line.split("\t") for line in (tmp_path / "misses.txt").read_text().splitlines()]
    assert {(name, test, asker) for name, test, _, asker in lines} == {("onnxruntime", B, CUDA)}


def test_what_a_child_asked_counts_for_its_test_if_no_other_one_can_meet_it(tmp_path, monkeypatch):
    import misses

    monkeypatch.setattr(misses, "_HERE", tmp_path / "misses.py")
    monkeypatch.setattr(misses, "_looked", 0)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    gone = subprocess.Popen(["true"])
    gone.wait()
    with subprocess.Popen(["sleep", "600"]) as there:
        lines = {
            "ended": ("numpy", A, f"child gw1 {gone.pid}", "src/a.py"),
            "lives": ("numpy", A, f"child gw1 {there.pid}", "src/a.py"),
            "earlier": ("numpy", B, f"child gw1 {gone.pid}", "src/a.py"),
            "other": ("numpy", OTHER, f"child gw0 {there.pid}", "src/a.py"),
        }
        counted = {}
        for case, line in lines.items():
            record = tmp_path / "misses.txt"
            before = record.read_text() if record.exists() else ""
            record.write_text(before + "\t".join(line) + "\n")
            misses.ended(A)
            added = record.read_text()[len(before) :].splitlines()[1:]
            counted[case] = [line.split("\t")[1:3] for line in added]
        there.kill()
    assert counted == {"ended": [], "lives": [[A, "file"]], "earlier": [[B, "file"]], "other": []}
    assert left_out(tmp_path, lines["ended"]) == {repr(B), repr(OTHER)}


def test_what_nobody_can_be_blamed_for_counts_for_all(tmp_path):
    assert left_out(tmp_path, ("numpy", "*", "file", "src/a.py")) == set()


def test_skipped_and_failed_tests_run_again(tmp_path):
    (tmp_path / "misses").write_text("")
    (tmp_path / "passed").write_text(f"{A!r}\n" * 2 + f"{B!r}\n" * 3)  # of a skipped one, the call is missing
    from again import left_out

    assert left_out(str(tmp_path / "passed"), str(tmp_path / "misses")) == {repr(B)}


def test_a_file_is_not_collected_where_nothing_of_it_is_left_to_run(tmp_path):
    from again import whole_files

    (tmp_path / "misses").write_text("")
    skipped = "tests/c.py::test_skipped"
    (tmp_path / "passed").write_text(f"{A!r}\n" * 3 + f"{OTHER!r}\n" * 3 + f"{skipped!r}\n")
    assert whole_files(str(tmp_path / "passed"), str(tmp_path / "misses")) == {"tests/a.py", "tests/b.py"}
    (tmp_path / "asked").write_text(f"numpy\t{A}\tcall\tsrc/a.py\n")
    assert whole_files(str(tmp_path / "passed"), str(tmp_path / "asked")) == {"tests/b.py"}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def ask():\n    import no_such_package\n", "no_such_package"),
        ("import importlib.util\ndef ask():\n    importlib.util.find_spec('no_such_package')\n", "no_such_package"),
        ("import importlib.metadata\ndef ask():\n    importlib.metadata.version('no-such.one')\n", "no-such.one"),
        ("def ask():\n    import numpy\n", None),
        ("import functools\n@functools.cache\ndef ask():\n    import no_such_package\n", "*"),
        ("try:\n    import no_such_package\nexcept ImportError:\n    pass\ndef ask(): ...\n", "*"),
    ],
)
def test_what_is_not_found_is_recorded_with_its_test(tmp_path, code, found):
    """In a child process, as the tests' children are."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "asks.py").write_text(code)
    (tmp_path / "misses.py").write_bytes((CI / "misses.py").read_bytes())
    program = (
        f"import misses; misses.begin({str(tmp_path)!r})\nimport sys; sys.path.insert(0, 'src')\nimport asks\n"
        "try:\n    asks.ask()\nexcept ImportError:\n    pass\n"
    )
    environment = os.environ | {"PYTEST_CURRENT_TEST": f"{B} (call)"}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    record = tmp_path / "misses.txt"
    if found is None:
        assert not record.exists()
        return
    name = "no_such_package" if found == "*" else found
    test, where, asker = ("*" if found == "*" else B), r"child \S* \d+", re.escape(os.path.join("src", "asks.py"))
    assert re.fullmatch("\t".join((name, re.escape(test), where, asker)) + "\n", record.read_text())


def test_the_gate_says_how_many_it_leaves_out(tmp_path):
    left_out(tmp_path)
    command = [sys.executable, str(CI / "again.py"), str(tmp_path / "passed"), str(tmp_path / "misses")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "3 tests passed in step 1 and are the same here\n"


SIDE_BY_SIDE = """
set -euo pipefail
work=$1
{functions}
beside good eval 'echo one'
ended
beside bad eval 'echo two; false; echo never'
beside long eval 'echo $BASHPID >"$work/../group"; sleep 600'
until [ -s "$work/../group" ]; do sleep 0.01; done
ended
echo never
"""


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_runs_side_by_side_is_shown_and_a_failure_ends_the_rest(tmp_path):
    lines = (CI / "run").read_text("utf-8").splitlines()
    first, last = lines.index("declare -A running=()"), lines.index("}")
    functions = "\n".join(lines[first : last + 1])
    assert all(f"\n{name}() {{" in functions for name in ("beside", "ended"))
    command = ["bash", "-c", SIDE_BY_SIDE.replace("{functions}", functions), "gate", str(tmp_path / "work")]
    (tmp_path / "work").mkdir()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "one\ntwo\n"), done.stderr
    group = int((tmp_path / "group").read_text())
    until = time.monotonic() + 60
    while alive(group):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_share_of_lines_that_tests_reach_is_joined_and_held_to_its_floors(tmp_path, monkeypatch, capsys):
    """Of two steps, each of which reaches other lines; a module that nothing imports counts too."""
    coverage = pytest.importorskip("coverage")
    import reached

    room = tmp_path / "src" / "made" / "room"
    room.mkdir(parents=True)
    (tmp_path / "src" / "made" / "alone.py").write_text("a = 1\nb = 2\n")
    (room / "never.py").write_text("a = 1\n")
    (room / "some.py").write_text("import sys\nif sys.argv[1:]:\n    a = 1\nelse:\n    a = 2\n    b = 3\n")
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.run]\nsource = ['src']\nrelative_files = true\n")
    monkeypatch.chdir(tmp_path)
    for step, words in (("one", ["word"]), ("two", [])):
        command = [sys.executable, "-m", "coverage", "run", f"--data-file=data/.coverage.{step}", str(room / "some.py")]
        (tmp_path / "data").mkdir(exist_ok=True)
        subprocess.run(
            [*command, *words], check=True, env=os.environ | {"PYTHONPATH": str(Path(coverage.__file__).parents[1])}
        )
    said = {}
    for floors, code in (
        ("whole 62\nmodules 0\nroom 83\n", 0),
        ("whole 63\nmodules 0\nroom 83\n", 1),
        ("whole 0\nroom 0\n", 1),
    ):
        (tmp_path / "floors").write_text("# the least\n" + floors)
        assert reached.main("data", "floors", Path("src/made"), lines=code == 0) == code
        said[floors] = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert said["whole 62\nmodules 0\nroom 83\n"] == [
        "src/made/alone.py: 1, 2",
        "src/made/room/never.py: 1",
        "whole         62.5 % of     8 lines, floor 62",
        "modules        0.0 % of     2 lines, floor 0",
        "room          83.3 % of     6 lines, floor 83",
    ]
    assert "whole         62.5 % of     8 lines, floor 63: too little" in said["whole 63\nmodules 0\nroom 83\n"]
    assert "modules        0.0 % of     2 lines, has no floor" in said["whole 0\nroom 0\n"]


def test_every_folder_of_the_package_has_a_floor():
    from reached import ALONE, WHOLE, floors_of

    package = CI.parent / "src" / "gigamatte"
    folders = {path.name for path in package.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert floors_of((CI / "floors.txt").read_text("utf-8")).keys() == folders | {ALONE, WHOLE}
