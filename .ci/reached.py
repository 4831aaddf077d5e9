"""Which share of the package's lines the tests reach: of the whole, and of each room and door; fails below the floors.

    python reached.py FOLDER FLOORS.txt [--lines]

Joins the data that each step's tests left in FOLDER (``.coverage.*``). ``--lines`` names the lines that are not
reached. FLOORS.txt has a line for the whole and for each folder of the package: its name and the least percentage.
What child processes run is not counted: a tracer in each of them would cost more than all the rest.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import coverage

WHOLE = "whole"
#: modules that lie in no folder of the package
ALONE = "modules"


def floors_of(text: str) -> dict[str, float]:
    """{name: least percentage}."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {name: float(least) for name, least in rows}


def joined(folder: Path) -> coverage.Coverage:
    """The data of all steps as one; they stay as they are."""
    found = coverage.Coverage(data_file=str(folder / "joined"))
    found.combine([str(path) for path in sorted(folder.glob(".coverage*"))], keep=True)
    return found


def lines_of(found: coverage.Coverage, package: Path) -> Iterator[tuple[str, Path, int, list[int]]]:
    """(room, file, its lines of code, those not reached) of each module, files that no test imports among them."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        _, code, _, missing, _ = found.analysis2(str(path))
        yield parts[0] if len(parts) > 1 else ALONE, path, len(code), missing


def main(folder: str, floors_file: str, package: Path = Path("src/gigamatte"), *, lines: bool = False) -> int:
    """Print the shares; the exit code is 1 where one is below its floor, or has none."""
    floors = floors_of(Path(floors_file).read_text("utf-8"))
    code, missed = dict.fromkeys([WHOLE], 0), dict.fromkeys([WHOLE], 0)
    for room, path, count, missing in lines_of(joined(Path(folder)), package):
        for name in (WHOLE, room):
            code[name], missed[name] = code.get(name, 0) + count, missed.get(name, 0) + len(missing)
        if lines and missing:
            print(f"{path}: {', '.join(map(str, missing))}")
    failed = 0
    for name, count in code.items():
        share, least = 100 * (1 - missed[name] / max(1, count)), floors.get(name)
        wrong = least is None or share < least
        failed |= wrong
        floor = "has no floor" if least is None else f"floor {least:g}"
        print(f"{name:12} {share:5.1f} % of {count:5} lines, {floor}{': too little' if wrong and least else ''}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3], lines="--lines" in sys.argv[3:]))
