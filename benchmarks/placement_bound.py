"""Measures how near to the exact alpha a refiner can come with a network's masks if their contours lay exactly.

    python benchmarks/placement_bound.py --cases FOLDER [--model locator] [--near 3 6 12]

The exact alpha, as the network would draw it, replaces its mask within so many pixels of its contour (distances in the
network's pixels, which see a few hundred across the photo); the rest stays as the network said. The real refiner lifts
that to the photo. SAD and Grad, as ratios to enlarging the network's mask as it is: what a perfect search for the
contour would reach, beside what the search reaches now. Beyond that the mask is wrong about what the subject is.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import cv2
import numpy as np

from gigamatte.evaluate.cases import Case, find_cases, read_alpha
from gigamatte.evaluate.metrics import gradient_error, iou, sad
from gigamatte.evaluate.report import geometric_mean
from gigamatte.evaluate.table import Cell, markdown_table
from gigamatte.matte.cascade.reading import alpha_in
from gigamatte.matte.cascade.resolve import resolve
from gigamatte.matte.refiners.base import Refiner
from gigamatte.matte.refiners.select import open_refiner
from gigamatte.network.answers import Answer, ask
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.openvino import OpenVinoEngine
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.photo.levels import PhotoLevels
from gigamatte.photo.read import open_photo
from gigamatte.types import CoarseMatte, FloatArray
from report import ROOT, arguments, publish

#: a case counts as found from this IoU of the enlarged mask on
FOUND = 0.8
#: σ, in the network's pixels, of how softly it would draw the exact alpha
SOFT = 0.7


def corrected(answer: Answer, truth: FloatArray, near: float) -> CoarseMatte:
    """The answer with the exact alpha within ``near`` of its contour; what lies there need not be looked for."""
    start, region = answer.start, answer.start.fit.region
    rows, columns = start.alpha.shape
    exact = cv2.resize(truth[region.slices()], (columns, rows), interpolation=cv2.INTER_AREA)
    exact = cv2.GaussianBlur(exact, (0, 0), SOFT)
    subject = (answer.coarse.alpha > 0.5).astype(np.uint8)
    inside, outside = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (subject, 1 - subject))
    weight = np.clip(near + 1 - inside - outside, 0, 1)
    alpha = np.clip(start.alpha + weight * (exact - start.alpha), 0, 1).astype(np.float32)
    return dataclasses.replace(start, alpha=alpha, stray=0.0)


def ratios(case: Case, network: Network, refiner: Refiner, near: list[float]) -> tuple[float, list[float]]:
    """(IoU of the enlarged mask, ratios): SAD and Grad of the refiner as it is, then for every ``near``."""
    truth = read_alpha(case.alpha)
    threads = os.cpu_count() or 1
    levels = PhotoLevels(open_photo(case.photo, max_pixels=10**9))
    try:
        answer = ask(network, levels, levels.size(0).box)

        def lifted(start: CoarseMatte, by: Refiner) -> FloatArray:
            matte, _ = resolve(start, levels, by, threads=threads)
            return alpha_in(matte, matte.size.box)

        enlarged = lifted(answer.start, open_refiner("off", no_engine))
        alphas = [lifted(start, refiner) for start in (answer.start, *(corrected(answer, truth, n) for n in near))]
        errors = np.array([[sad(alpha, truth), gradient_error(alpha, truth)] for alpha in (enlarged, *alphas)])
        return iou(enlarged, truth), (errors[1:] / errors[0]).ravel().tolist()
    finally:
        levels.close()


def no_engine(_model: bytes) -> Engine:
    raise AssertionError("enlarging needs no network")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=Path, default=ROOT.parent / "cases", help="photo.*, alpha.png each")
    parser.add_argument("--model", default="locator")
    parser.add_argument("--near", type=float, nargs="+", default=[3, 6, 12], help="pixels of the network")
    options = parser.parse_args()
    threads = os.cpu_count() or 1
    refiner = open_refiner("neural", lambda model: OpenVinoEngine.open(model, threads=threads, precision="auto"))
    rows: list[tuple[str, float, list[float]]] = []
    with open_network(options.model) as network:
        for case in find_cases(options.cases):
            rows.append((case.name, *ratios(case, network, refiner, options.near)))
            print(*rows[-1], flush=True)
    publish(
        "placement-bound",
        "How near a perfect search for the contour would come",
        written(rows, options.near),
        options.page,
    )


def written(rows: list[tuple[str, float, list[float]]], near: list[float]) -> str:
    """The table and the geometric means of all cases and of those that the network found."""
    heads = [
        f"{error}, {way}" for way in ("as it is", *(f"exact within {n:g}" for n in near)) for error in ("SAD", "Grad")
    ]
    lines: list[list[Cell]] = [[name, overlap, *found] for name, overlap, found in rows]
    for name, least in (("all", 0.0), (f"found (IoU above {FOUND})", FOUND)):
        chosen = [found for _, overlap, found in rows if overlap >= least]
        if chosen:
            means = (geometric_mean(list(column)) for column in np.array(chosen).T)
            lines.append([f"{name}: {len(chosen)}", None, *means])
    table = markdown_table(["case", "IoU", *heads], lines)
    return f"Errors over the whole picture as ratios to the network's own mask enlarged.\n\n{table}"


if __name__ == "__main__":
    main()
