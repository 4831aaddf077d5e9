"""The source distribution holds what its own tests read."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked() -> set[str]:
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: there is nothing to compare a source distribution with")
    return {name for name in found.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_sdist_holds_everything_and_runs_its_tests(tmp_path: Path) -> None:
    names = tracked()
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed (pip install 'gigamatte[test]')")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (made,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    inside = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert names - inside <= {".gitignore"}
    # what reads files outside src and tests, from the unpacked sources
    few = ["tests/unit/messages", "tests/docs/test_chinese_pages.py", "tests/unit/test_sdist.py"]
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *few]
    own = {**os.environ, "PYTHONPATH": str(unpacked / "src")}
    ended = subprocess.run(line, cwd=unpacked, env=own, capture_output=True, text=True, check=False, timeout=280)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert "this is no checkout" in ended.stdout
