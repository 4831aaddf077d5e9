"""Prints --ignore=FILE for each test file that need not run twice: python again.py REPORT.xml

A file whose tests all passed in the base install, none of them skipped, and whose room no extra changes, has been
tested: with every extra installed the same code runs again.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

#: rooms whose code is the same whatever extras are installed
ROOMS = ("unit/photo", "unit/matte", "unit/cutout", "unit/viewer", "unit/evaluate", "unit/cache", "unit/training")


def main(report: str) -> None:
    """Print the options, one a line."""
    whole: dict[str, bool] = {}
    for case in ET.parse(report).iter("testcase"):
        # a module that was skipped whole has no class, and stands in the name's place
        parts = (case.get("classname") or case.get("name") or "").split(".")
        file = next(
            (path for n in range(len(parts), 0, -1) if (path := Path(*parts[:n]).with_suffix(".py")).is_file()), None
        )
        if file is not None:
            passed = not any(case.find(other) is not None for other in ("skipped", "failure", "error"))
            whole[str(file)] = whole.get(str(file), True) and passed
    for name, passed in sorted(whole.items()):
        if passed and name.startswith(tuple(f"tests/{room}/" for room in ROOMS)):
            print(f"--ignore={name}")


if __name__ == "__main__":
    main(sys.argv[1])
