"""Writes what pip would install as constraints, or says what is newer than them.

python constrain.py write REPORT.json     constraints.txt from the report of `pip install --dry-run --report`
python constrain.py newer                 what is installed here in another version than constraints.txt has
"""

import importlib.metadata
import json
import re
import sys
from pathlib import Path

FILE = Path(__file__).with_name("constraints.txt")
HEAD = """\
# What the gate installs, so that a release of a dependency does not break it overnight.
# `make newest` tries the newest of everything and writes this file anew where all tests pass.
"""


def plain(name: str) -> str:
    """A package's name as all its spellings compare (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write(report: str) -> int:
    """Replace constraints.txt."""
    installs = json.loads(Path(report).read_text("utf-8"))["install"]
    found = {plain(item["metadata"]["name"]): item["metadata"]["version"] for item in installs}
    lines = [f"{name}=={version}" for name, version in sorted(found.items()) if name != "gigamatte"]
    FILE.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
    return 0


def newer() -> int:
    """Print what differs from constraints.txt, a package a line."""
    pinned = dict(line.split("==") for line in FILE.read_text("utf-8").splitlines() if "==" in line and line[0] != "#")
    for distribution in sorted(importlib.metadata.distributions(), key=lambda one: plain(one.name)):
        name = plain(distribution.name)
        if pinned.get(name) not in (None, distribution.version):
            print(f"{name}: {pinned[name]} → {distribution.version}")
    return 0


if __name__ == "__main__":
    raise SystemExit(write(sys.argv[2]) if sys.argv[1] == "write" else newer())
