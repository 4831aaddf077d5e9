"""gigamatte against rembg and the ImageMagick recipe, all given the same photo and the same coarse mask.

Only what follows the network is compared, from file to file, each in a fresh process: rembg with and without alpha
matting (its own functions, its own venv), ImageMagick's enlarge, blur and level, and `gigamatte cut --mask`.

--cases is a folder of cases (photo.*, coarse.png, alpha.png, perhaps foreground.png). Speed is measured on one of them,
laid out in mirrored copies until it has the megapixels that are asked for (6 MP → 24 = 2×2, 96 = 4×4 copies): every
pixel stays a real one. Quality is measured on all cases at their own size.
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.cases import Case, find_cases, read_alpha, read_colours
from gigamatte.evaluate.contour import raggedness
from gigamatte.evaluate.halo import colour_error
from gigamatte.evaluate.metrics import band_of, score
from gigamatte.evaluate.report import geometric_mean
from gigamatte.evaluate.table import Cell
from report import (
    ROOT,
    Run,
    arguments,
    machine,
    median_run,
    pixels,
    program,
    publish,
    publish_readme,
    run_child,
    show,
)

GIGAMATTE, GUIDED = "gigamatte", "gigamatte --refine guided"
NAIVE, MATTING, MAGICK = "rembg", "rembg -a (alpha matting)", "ImageMagick recipe"
CLEANED = "rembg -dc (decontaminate)"
SAID = """Geometric means over the cases; {base} = 1; lower is better. Raggedness is how far the contour's
differs from the exact one's; the colour error (halo) is that of α times colour in the band, on the cases whose exact
colours are known."""
Contestants = dict[str, Callable[[Path, Path, Path], list[str]]]


def main() -> None:
    options = parsed()
    contestants = entered(options)
    with tempfile.TemporaryDirectory(prefix="gigamatte-bench-", dir=options.scratch) as folder:
        warm_up(contestants, Path(folder))
        tables = []
        if options.megapixels:
            tables.append(speed(options, contestants, Path(folder)))
            publish("side-by-side-speed", "Speed and memory", tables[-1], options.page)
        if not options.no_quality:
            tables.append(quality(options, contestants, Path(folder)))
            publish("side-by-side-quality", "Quality on the same masks", tables[-1], options.page)
        if options.readme:
            publish_readme("\n\n".join([*tables, machine()]))


def parsed() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="folder of cases, see above")
    parser.add_argument("--speed-case", nargs="*", default=["product_3000_0", "portrait_3000_0"], metavar="CASE")
    parser.add_argument("--megapixels", type=float, nargs="*", default=[24, 96], help="none: no speed")
    parser.add_argument("--rembg-venv", type=Path, help="rembg's venv; made with pip where it does not exist")
    parser.add_argument("--memory-gb", type=float, default=20, help="limit of the address space of each child")
    parser.add_argument("--only", nargs="*", help="names of the contestants that take part")
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--readme", action="store_true", help="put the tables into the README as well")
    parser.add_argument("--scratch", type=Path, help="folder for the pictures")
    return parser.parse_args()


def entered(options: argparse.Namespace) -> Contestants:
    """The command of each contestant, given (photo, mask, output)."""

    def cut(photo: Path, mask: Path, out: Path) -> list[str]:
        return [program(), "cut", str(photo), "--mask", str(mask), "-o", str(out), "--overwrite"]

    found: Contestants = {GIGAMATTE: cut, GUIDED: lambda *files: [*cut(*files), "--refine", "guided"]}
    if options.rembg_venv:
        python = rembg_python(options.rembg_venv)
        child = str(Path(__file__).with_name("rembg_child.py"))
        found[NAIVE] = lambda p, m, o: [python, child, str(p), str(m), str(o), "naive"]
        found[CLEANED] = lambda p, m, o: [python, child, str(p), str(m), str(o), "decontaminate"]
        found[MATTING] = lambda p, m, o: [python, child, str(p), str(m), str(o), "matting"]
    else:
        print("without --rembg-venv rembg does not take part", file=sys.stderr)
    if magick := imagemagick():
        found[MAGICK] = lambda p, m, o: magick_command(magick, p, m, o)
    else:
        print("ImageMagick is not installed and does not take part", file=sys.stderr)
    return {name: make for name, make in found.items() if not options.only or name in options.only}


def rembg_python(venv: Path) -> str:
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "rembg[cpu]>=2.0.86", "pymatting"], check=True)
    return str(python)


def imagemagick() -> str | None:
    """A real ImageMagick: a program called convert may also be something else."""
    for name in ("magick", "/usr/bin/convert", "convert"):
        command = shutil.which(name)
        if command:
            answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
            if answer.stdout.startswith("Version: ImageMagick"):
                return command
    return None


def magick_command(magick: str, photo: Path, mask: Path, out: Path) -> list[str]:
    height, width = pixels(photo).shape[:2]
    stretched = ["(", str(mask), "-resize", f"{width}x{height}!", ")"]
    steep = ["-alpha", "on", "-channel", "A", "-blur", "0x0.8", "-level", "10%,90%", "+channel"]
    return [magick, str(photo), *stretched, "-alpha", "off", "-compose", "CopyOpacity", "-composite", *steep, str(out)]


def warm_up(contestants: Contestants, folder: Path) -> None:
    """Run once on a tiny picture: rembg's libraries compile code at the first use, which is not to be measured."""
    y, x = np.mgrid[:120, :160]
    disc = (np.hypot(x - 80, y - 60) < 40).astype(np.uint8) * 255
    cv2.imwrite(str(folder / "warm.png"), np.dstack([disc, 255 - disc, disc]))
    cv2.imwrite(str(folder / "warm-mask.png"), disc[::4, ::4])
    for name, make in contestants.items():
        run = run_child(make(folder / "warm.png", folder / "warm-mask.png", folder / "warm-out.png"))
        if run.failure:
            sys.exit(f"{name} does not run: {run.failure}")


def speed(options: argparse.Namespace, contestants: Contestants, folder: Path) -> str:
    rows: list[list[Cell]] = []
    cases = {case.name: case for case in find_cases(options.cases)}
    if missing := [name for name in options.speed_case if name not in cases]:
        sys.exit(f"{options.cases} has no case {', '.join(missing)}; choose others with --speed-case")
    for megapixels in options.megapixels:
        for name in options.speed_case:
            photo, mask, size = laid_out(cases[name], megapixels, folder)
            rows += measured(f"{name}, {size}", photo, mask, contestants, options, folder)
    head = ["photo", "contestant", "wall s", "CPU s", "peak MB", "times slower", "times the memory"]
    return show(head, rows)


def measured(
    label: str, photo: Path, mask: Path, contestants: Contestants, options: argparse.Namespace, folder: Path
) -> list[list[Cell]]:
    runs: dict[str, Run] = {}
    for name, make in contestants.items():
        command = make(photo, mask, folder / "out.png")
        runs[name] = median_run(partial(run_child, command, memory_gb=options.memory_gb), options.repeats)
        print(label, name, runs[name], file=sys.stderr)
    ours = runs.get(GIGAMATTE)
    rows: list[list[Cell]] = []
    for name, run in runs.items():
        if run.failure:
            rows.append([label, name, f"failed within {options.memory_gb:.0f} GB ({run.failure})", *[None] * 4])
            continue
        against: list[Cell] = [None, None]
        if ours is not None and name != GIGAMATTE and not ours.failure:
            against = [run.wall / ours.wall, run.peak_mb / ours.peak_mb]
        rows.append([label, name, run.wall, run.cpu, round(run.peak_mb), *against])
    return rows


def one_case(description: str | None) -> tuple[argparse.Namespace, Case]:
    """The command line of a benchmark of one case at one size, and that case."""
    parser = arguments(description)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="folder of cases with foreground.png")
    parser.add_argument("--case", default="product_3000_0")
    parser.add_argument("--megapixels", type=float, default=24)
    options = parser.parse_args()
    (case,) = [case for case in find_cases(options.cases) if case.name == options.case]
    return options, case


def laid_out(case: Case, megapixels: float, folder: Path) -> tuple[Path, Path, str]:
    """A photo of about ``megapixels`` made of mirrored copies of the case, as a JPEG, and its mask."""
    if case.coarse is None:
        raise FileNotFoundError(f"the case {case.name} has no coarse.png")
    picture, mask = pixels(case.photo), pixels(case.coarse, cv2.IMREAD_GRAYSCALE)
    copies = max(1, round(math.sqrt(megapixels * 1e6 / (picture.shape[0] * picture.shape[1]))))
    photo, coarse = folder / f"{case.name}-{copies}.jpg", folder / f"{case.name}-{copies}-mask.png"
    large = mirrored(picture, copies)
    cv2.imwrite(str(photo), large, [cv2.IMWRITE_JPEG_QUALITY, 95])
    cv2.imwrite(str(coarse), mirrored(mask, copies))
    return photo, coarse, f"{large.shape[0] * large.shape[1] / 1e6:.2g} MP"


def mirrored(picture: NDArray[np.uint8], copies: int) -> NDArray[np.uint8]:
    row = np.concatenate([picture[:, ::-1] if i % 2 else picture for i in range(copies)], axis=1)
    return np.concatenate([row[::-1] if i % 2 else row for i in range(copies)], axis=0)


def quality(options: argparse.Namespace, contestants: Contestants, folder: Path) -> str:
    """Geometric means over all cases of each error's ratio to plain rembg (or to the first contestant)."""
    names = ("sad", "grad", "conn", "raggedness", "colour error")
    errors: dict[str, dict[str, dict[str, float]]] = {name: {} for name in contestants}
    for case in find_cases(options.cases):
        if case.coarse is None:
            continue
        for name, make in contestants.items():
            out = folder / "out.png"
            out.unlink(missing_ok=True)
            run = run_child(make(case.photo, case.coarse, out), memory_gb=options.memory_gb)
            if run.failure:
                print(f"{name} failed on {case.name}: {run.failure}", file=sys.stderr)
                continue
            errors[name][case.name] = judged(case, out)
    base = NAIVE if NAIVE in contestants else next(iter(contestants))
    rows: list[list[Cell]] = []
    for name, found in errors.items():
        ratios: list[Cell] = []
        for error in names:
            both = [
                (values[error], errors[base][case][error])
                for case, values in found.items()
                if case in errors[base] and error in values and error in errors[base][case]
            ]
            ratios.append(geometric_mean([ours / theirs for ours, theirs in both if ours and theirs]))
        rows.append([name, len(found), *ratios])
    table = show(["contestant", "cases", *(f"{error} (ratio)" for error in names)], rows)
    return f"{table}\n\n{SAID.format(base=base)}"


def judged(case: Case, out: Path) -> dict[str, float]:
    truth, alpha = read_alpha(case.alpha), read_alpha(out)
    scores = score(alpha, truth)
    found = {"sad": scores.sad, "grad": scores.grad, "conn": scores.conn}
    found["raggedness"] = abs(raggedness(alpha) - raggedness(truth))
    if case.foreground is not None:
        colours, pure = read_colours(out), read_colours(case.foreground)
        found["colour error"] = colour_error(colours, alpha, pure, truth, band_of(truth))
    return found


if __name__ == "__main__":
    main()
