"""What a canvas costs: the same cut from file to file at full size and on a canvas, in child processes that alternate.

    python benchmarks/canvas.py --cases FOLDER [--names CASE …] [--megapixels 24 100] [--repeats 3] [--canvas 2000x2000]

Each case in mirrored copies, whose subjects span the photo, and its subject alone on a white ground; with a mask, and
the latter with the embedded network too; on nothing and on white. CPU seconds of all threads are medians, memory is
the highest.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from factor import on_white
from gigamatte.evaluate.cases import Case, find_cases
from gigamatte.evaluate.table import Cell
from report import Run, arguments, publish, run_child, show
from side_by_side import laid_out

WAYS = ("full size", "canvas")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="folder of cases with foreground.png")
    parser.add_argument("--names", nargs="*", help="the cases to take (default: all)")
    parser.add_argument("--megapixels", type=float, nargs="*", default=[24, 100])
    parser.add_argument("--canvas", default="2000x2000")
    options = parser.parse_args()
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory(prefix="gigamatte-bench-") as folder:
        for megapixels in options.megapixels:
            for case in find_cases(options.cases):
                if not options.names or case.name in options.names:
                    rows += measured(case, megapixels, Path(folder), options.canvas, options.repeats)
    heads = [
        "photo",
        "subject found by",
        "ground",
        "full size, CPU s",
        "canvas, CPU s",
        "ratio",
        "full size, MB",
        "canvas, MB",
    ]
    publish("canvas", f"On a canvas of {options.canvas} against full size", show(heads, rows), options.page)


def measured(case: Case, megapixels: float, folder: Path, canvas: str, repeats: int) -> list[list[Cell]]:
    spanning, spanned, size = laid_out(case, megapixels, folder)
    alone, found = on_white(case, megapixels, folder)
    rows: list[list[Cell]] = []
    for ground in ("none", "white"):
        rows.append(
            [f"{case.name}, {size}", "mask", ground, *compared(spanning, spanned, ground, folder, canvas, repeats)]
        )
        for by, mask in (("mask", found), ("network", None)):
            name = f"{case.name} on white, {megapixels:g} MP"
            rows.append([name, by, ground, *compared(alone, mask, ground, folder, canvas, repeats)])
        print(*rows[-3:], sep="\n", file=sys.stderr)
    return rows


def compared(photo: Path, mask: Path | None, ground: str, folder: Path, canvas: str, repeats: int) -> list[Cell]:
    """CPU seconds at full size and on the canvas, their ratio, and the memory of both."""
    command = [sys.executable, "-m", "gigamatte", "cut", str(photo), "--overwrite", "-o", str(folder / "out.png")]
    command += [] if mask is None else ["--mask", str(mask)]
    command += [] if ground == "none" else ["--background", ground]
    ways = {"full size": command, "canvas": [*command, "--canvas", canvas]}
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            runs[way].append(run_child(ways[way]))
            if runs[way][-1].failure:
                raise SystemExit(f"{' '.join(ways[way])}: {runs[way][-1].failure}")
    full, small = (statistics.median(run.cpu for run in runs[way]) for way in WAYS)
    return [full, small, small / full, *(round(max(run.peak_mb for run in runs[way])) for way in WAYS)]


if __name__ == "__main__":
    main()
