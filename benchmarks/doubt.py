"""Measures how well the receipt's doubt finds bad cutouts: its rank correlation with the true error.

    python benchmarks/doubt.py --cases FOLDER

Each case has an exact alpha and is cut with the embedded network, as a user's photo would be. Ranks as in Spearman
(1904), ties averaged.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.cases import find_cases, read_alpha
from gigamatte.evaluate.metrics import unit_alpha
from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.options import Options
from gigamatte.remover import Remover
from report import ROOT, arguments, publish

HEAD = ("error of the cutout", "cases", "rank correlation of `doubt.score`")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="folder of cases: photo.*, alpha.png")
    options = parser.parse_args()
    doubts, areas, errors = [], [], []
    with Remover(Options(keep_empty=True)) as remover:
        for case in find_cases(options.cases):
            truth = read_alpha(case.alpha)
            with remover.cut(case.photo) as cutout:
                found, doubt = unit_alpha(cutout.alpha), cutout.receipt.doubt["score"]
            doubts.append(doubt)
            areas.append(float(truth.mean()))
            errors.append(float(np.abs(found - truth).mean()))
            print(f"{case.name}: doubt {doubt:.3f}, error {errors[-1] / areas[-1]:.3f} of the subject", flush=True)
    relative = np.array(errors) / np.array(areas)
    rows: list[list[Cell]] = [
        ["sum of absolute differences, as a part of the subject", len(doubts), agreement(doubts, relative)],
        ["mean absolute difference over the picture", len(doubts), agreement(doubts, np.array(errors))],
    ]
    publish("doubt", "Does doubt find the bad cutouts?", markdown_table(HEAD, rows), options.page)


def agreement(first: list[float], second: NDArray[np.float64]) -> float:
    """Spearman's rank correlation."""
    return float(np.corrcoef(ranks(np.array(first)), ranks(second))[0, 1])


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in order, from 0; equal values share the mean of their places."""
    order = np.sort(values)
    return (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") - 1) / 2


if __name__ == "__main__":
    main()
