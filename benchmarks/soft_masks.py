"""Compares refining a correct soft mask, and a coarse one, with enlarging it as other tools do.

    python benchmarks/soft_masks.py --cases FOLDER [--exact 1/1 1/2 1/3 1/4 1/6] [--squares 1024 2048]

The exact alpha of every case, reduced by area, 8 bits, is the mask; so is the case's own coarse mask. Lanczos (what
rembg does with a network's answer) is the measure: SAD and Grad over the whole picture as ratios to it, and to the
coarse mask enlarged. --squares are the answers of perfect networks, in a section of their own; of photos whose longer
side is no longer there is no such row. "enlarged" is then the bound of every tool that enlarges its network's answer.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from gigamatte.evaluate.cases import Case, find_cases, read_alpha
from gigamatte.evaluate.metrics import gradient_error, sad, unit_alpha
from gigamatte.evaluate.reduced import Reduction
from gigamatte.evaluate.report import enlarged, geometric_mean
from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.matte.cascade.reading import alpha_in
from gigamatte.matte.cascade.resolve import resolve, trust_in
from gigamatte.matte.mask.user_mask import as_coarse
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.guided import GuidedRefiner
from gigamatte.matte.refiners.select import open_refiner
from gigamatte.matte.refiners.upscale import UpscaleRefiner
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.mask import read_mask
from gigamatte.photo.read import open_photo
from gigamatte.types import FloatArray, PixelArray
from report import ROOT, arguments, publish

ENLARGED = "enlarged"
#: the cases' own masks
COARSE = "coarse (blurred, steepened)"
PARTS = """SAD and Grad over the whole picture, geometric means of the ratios to the same mask enlarged by Lanczos: what
any tool reaches that only enlarges its network's answer. Then the ratios to the case's coarse mask enlarged. Lower is
better.

"""
SQUARES = """The mask is the exact alpha at a network's size: no network is as good. Its row "enlarged" is the bound of
every tool that only enlarges its network's answer, however good that network is. SAD and Grad over the whole picture,
geometric means of the ratios to that bound, then to the case's coarse mask (512 pixels on the longer side) enlarged.
Lower is better.

"""
#: a result counts as worse from so much more than Lanczos on
WORSE = 1.02
#: errors below this, of masks of the photo's own size, are only roundings
LEAST = 0.01


def masks(case: Case, truth: FloatArray, exact: list[Reduction]) -> dict[str, PixelArray]:
    """The exact alpha at every size, and the coarse mask of the case."""
    found: dict[str, PixelArray] = {
        str(reduction): reduction.mask(truth)
        for reduction in exact
        if reduction.side is None or reduction.side < max(truth.shape)
    }
    if case.coarse is not None:
        found[COARSE] = read_mask(case.coarse, max_pixels=10**9).values
    return found


def errors(alpha: FloatArray, truth: FloatArray) -> list[float]:
    return [max(LEAST, sad(alpha, truth)), max(LEAST, gradient_error(alpha, truth))]


def measured(case: Case, ways: dict[str, Refiner], exact: list[Reduction]) -> dict[tuple[str, str], list[float]]:
    """(mask, way) → SAD and Grad, of the mask enlarged too, and the part of the mask's soft pixels that is kept."""
    truth = read_alpha(case.alpha)
    found: dict[tuple[str, str], list[float]] = {}
    levels = PhotoLevels(open_photo(case.photo, max_pixels=10**9))
    try:
        for name, values in masks(case, truth, exact).items():
            found[name, ENLARGED] = [*errors(enlarged(unit_alpha(values), truth.shape), truth), 0]
            coarse, _ = as_coarse(values, levels.size(0))
            for way, refiner in ways.items():
                trust = trust_in(coarse, levels, refiner)
                matte, _ = resolve(coarse, levels, refiner, threads=os.cpu_count() or 1, trust=trust)
                found[name, way] = [*errors(alpha_in(matte, matte.size.box), truth), trust.share]
    finally:
        levels.close()
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="photo.*, alpha.png, coarse.png each")
    parser.add_argument("--exact", nargs="*", default=["1/1", "1/2", "1/3", "1/4", "1/6"], help="parts of the sides")
    parser.add_argument("--squares", nargs="*", default=[], help="sides of a network's input, in pixels")
    options = parser.parse_args()
    threads = os.cpu_count() or 1
    ways: dict[str, Refiner] = {
        "gigamatte": open_refiner(
            "neural", lambda model: OpenVinoEngine.open(model, threads=threads, precision="auto")
        ),
        "--refine guided": GuidedRefiner(),
        "--refine off": UpscaleRefiner(),
    }
    rows: dict[tuple[str, str], list[list[float]]] = {}
    for case in find_cases(options.cases):
        found = measured(case, ways, [Reduction.parsed(text) for text in options.exact + options.squares])
        for (mask, way), (*row, kept) in found.items():
            ratios = [np.array(row) / found[base, ENLARGED][:2] for base in (mask, COARSE) if (base, ENLARGED) in found]
            rows.setdefault((mask, way), []).append([*np.concatenate(ratios), kept])
        print(case.name, flush=True)
    squares = {name: found for name, found in rows.items() if name[0] == COARSE or is_square(name[0])}
    if options.exact:
        parts = {name: found for name, found in rows.items() if not is_square(name[0])}
        publish("soft-masks", "Masks that are right and soft", written(parts, PARTS), options.page)
    if options.squares:
        publish(
            "soft-squares", "A perfect network's answer, enlarged and refined", written(squares, SQUARES), options.page
        )


def is_square(mask: str) -> bool:
    """Whether the mask of this name is a network's square."""
    return mask.endswith("²")


def written(rows: dict[tuple[str, str], list[list[float]]], said: str) -> str:
    """What is ``said`` and the table: geometric means, how many are worse than Lanczos, how many masks were kept."""
    lines: list[list[Cell]] = []
    for (mask, way), found in rows.items():
        table = np.array(found)
        means: list[Cell] = [geometric_mean(list(column)) for column in table[:, :-1].T]
        worse: list[Cell] = [int((column > WORSE).sum()) for column in table[:, :2].T]
        kept = None if way == ENLARGED else int((table[:, -1] > 0).sum())
        lines.append([mask, way, len(found), *means[:2], *worse, *(means[2:] or [None, None]), kept])
    head = ["mask", "contestant", "cases", "SAD", "Grad", "worse in SAD", "worse in Grad"]
    head += ["SAD over the coarse mask's", "Grad over the coarse mask's", "kept as a matte"]
    return said + markdown_table(head, lines)


if __name__ == "__main__":
    main()
