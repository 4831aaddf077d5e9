"""Prints the lowest declared version of everything that an install names, as pip's constraints: python lowest.py EXTRA…

That is the project's own dependencies and those of the extras; for what these need in turn, constraints.txt holds.
"""

import re
import sys
import tomllib
from pathlib import Path

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:>=\s*([0-9][^,;\s]*))?")


def lowest(project: dict[str, object], extras: list[str]) -> dict[str, str]:
    """Name → lowest version. An extra that names another one of this project brings that one's in."""
    optional: dict[str, list[str]] = project["optional-dependencies"]  # type: ignore[assignment]
    lines: list[str] = list(project["dependencies"])  # type: ignore[call-overload]
    waiting, seen = list(extras), set()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for line in optional[extra]:
            own = re.fullmatch(rf"{project['name']}\[([^\]]*)\]", line)
            if own:
                waiting += [name.strip() for name in own[1].split(",")]
            else:
                lines.append(line)
    found = {}
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is None or match[2] is None:
            raise SystemExit(f"{line!r} declares no lowest version")
        found[match[1]] = match[2]
    return found


def main() -> int:
    """Print one constraint a line."""
    here = Path(__file__).parent
    project = tomllib.loads(here.parent.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    pins = {_plain(name): version for name, version in lowest(project, sys.argv[1:]).items()}
    for line in here.joinpath("constraints.txt").read_text("utf-8").splitlines():
        name, _, version = line.partition("==")
        if version:
            pins.setdefault(_plain(name), version)
    for name, version in sorted(pins.items()):
        print(f"{name}=={version}")
    return 0


def _plain(name: str) -> str:
    """A package's name as all its spellings compare (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    raise SystemExit(main())
