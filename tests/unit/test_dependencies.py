"""What is declared, what the gate installs, and what its run with the lowest versions installs, agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / ".ci" / "constraints.txt"

pytestmark = pytest.mark.skipif(not CONSTRAINTS.exists(), reason="the gate's own files are not in this copy")


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    chosen = [line for name in extras or optional for line in optional[name]]
    requirements = [Requirement(line) for line in [*project["dependencies"], *chosen]]
    return [one for one in requirements if one.name != "gigamatte"]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    return {plain(line.split("==")[0]): line.split("==")[1] for line in text.split() if "==" in line}


def test_the_gate_pins_every_dependency_that_is_declared() -> None:
    pinned = pins(CONSTRAINTS.read_text("utf-8"))
    for one in declared():
        if one.name == "onnxruntime-gpu":  # lies over onnxruntime: never installed beside it
            continue
        assert plain(one.name) in pinned, f"{one} has no pin: make newest"
        assert one.specifier.contains(pinned[plain(one.name)], prereleases=True), one


def test_the_lowest_versions_are_what_is_declared() -> None:
    extras = ("onnx", "heif", "serve", "test-formats", "test")
    command = [sys.executable, str(ROOT / ".ci" / "lowest.py"), *extras]
    lowest = pins(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    for one in declared(*extras):
        (bound,) = [clause.version for clause in one.specifier if clause.operator == ">="]
        assert lowest[plain(one.name)] == bound
    # the first that goes with NumPy 2
    assert lowest["opencv-python-headless"] == "4.10.0.84"
