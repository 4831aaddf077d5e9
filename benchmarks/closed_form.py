"""The default refiner against closed-form matting on cases with exact alpha, from the same coarse masks.

    python benchmarks/closed_form.py --cases FOLDER --rembg-venv VENV

Closed-form matting is that of Levin, Lischinski and Weiss (2008), by pymatting, in a venv of its own (or rembg's).
It takes a trimap: what the coarse mask leaves undecided, and four mask pixels around, is unknown.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.cases import Case, find_cases, read_alpha
from gigamatte.evaluate.metrics import Scores, score, unit_alpha
from gigamatte.evaluate.report import geometric_mean
from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.remover import Remover
from report import ROOT, arguments, pixels, publish, run_child
from side_by_side import rembg_python

HEAD = ("case", "closed-form SAD", "ours SAD", "closed-form Grad", "ours Grad")
#: in pixels of the mask
UNKNOWN_AROUND = 4


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="photo.*, coarse.png, alpha.png each")
    parser.add_argument("--rembg-venv", type=Path, required=True, help="a virtual environment with pymatting")
    options = parser.parse_args()
    python = rembg_python(options.rembg_venv)
    rows: list[list[Cell]] = []
    with Remover() as remover:
        for case in find_cases(options.cases):
            if case.coarse is None:
                continue
            truth = read_alpha(case.alpha)
            coarse = pixels(case.coarse, cv2.IMREAD_GRAYSCALE)
            base, theirs = score(enlarged(coarse, truth), truth), score(closed_form(python, case, coarse, truth), truth)
            with remover.cut(case.photo, mask=case.coarse) as cutout:
                ours = score(cutout.alpha, truth)
            rows.append([case.name, *ratios(theirs, ours, base)])
            print(*rows[-1], flush=True)
    publish("closed-form", "Against closed-form matting", written(rows), options.page)


def enlarged(coarse: NDArray[np.uint8], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask enlarged by bicubic interpolation: what all errors are divided by."""
    large = cv2.resize(unit_alpha(coarse), truth.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(large.clip(0, 1), np.float32)


def closed_form(python: str, case: Case, coarse: NDArray[np.uint8], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Its alpha, float32 (row, column)."""
    undecided = ((coarse > 0) & (coarse < 255)).astype(np.uint8)
    unknown = cv2.dilate(undecided, np.ones((2 * UNKNOWN_AROUND + 1,) * 2, np.uint8)) > 0
    trimap = np.where(unknown, 128, np.where(coarse > 127, 255, 0)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "trimap.png", Path(folder) / "alpha.png"
        cv2.imwrite(str(asked), cv2.resize(trimap, truth.shape[::-1], interpolation=cv2.INTER_NEAREST))
        child = str(Path(__file__).with_name("closed_form_child.py"))
        run = run_child([python, child, str(case.photo), str(asked), str(answer)])
        if run.failure:
            raise SystemExit(f"{case.name}: closed-form matting failed: {run.failure}")
        return read_alpha(answer)


def ratios(theirs: Scores, ours: Scores, base: Scores) -> list[Cell]:
    return [theirs.sad / base.sad, ours.sad / base.sad, theirs.grad / base.grad, ours.grad / base.grad]


def written(rows: list[list[Cell]]) -> str:
    """The table, its geometric means, and how often ours is the better one."""
    values = np.array([row[1:] for row in rows], float)
    means: list[Cell] = ["geometric mean", *(geometric_mean(list(column)) for column in values.T)]
    sad, grad = values[:, 1] < values[:, 0], values[:, 3] < values[:, 2]
    both = (sad & grad).sum()
    won = f"Ours is better in SAD on {sad.sum()} of {len(rows)}, in Grad on {grad.sum()}, in both on {both}."
    table = markdown_table(HEAD, [*rows, means])
    return f"Errors over the whole picture as ratios to the same mask enlarged.\n\n{table}\n\n{won}"


if __name__ == "__main__":
    main()
