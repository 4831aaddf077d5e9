"""Measures how soon a subject is found when somebody points at it: mean IoU after 0, 1, 2, 3 and 5 points.

    python benchmarks/points.py FOLDER... [--of 12] [--held-out]

Each FOLDER holds NAME.jpg or NAME.webp with the mask NAME.png. A simulated person looks at the result and points at the
middle of its largest error: to keep where the subject was missed, to drop where the ground came along (the protocol of
interactive segmentation: Sofiiuk et al., RITM, 2021). Each result is cut anew with all points so far, unrefined.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.editing import Editing
from gigamatte.evaluate.metrics import iou, unit_alpha
from gigamatte.evaluate.table import Cell
from gigamatte.hints import Hints, Point
from gigamatte.options import Options
from gigamatte.tools import Tools
from report import ROOT, arguments, pixels, publish, show

#: numbers of points that are reported, and the IoU that a point may cost before it counts as worse
REPORTED, WORSE = (0, 1, 2, 3, 5), 0.005
OPTIONS = Options(refine="off", keep_empty=True)


@dataclass(frozen=True)
class Case:
    """A photo and its mask."""

    photo: Path
    mask: Path

    def truth(self) -> NDArray[np.bool_]:
        """Where the subject is, (row, column)."""
        mask = pixels(self.mask, cv2.IMREAD_UNCHANGED)
        return (mask if mask.ndim == 2 else mask[..., -1]) > 127


def cases(folder: Path, of: int, held_out: bool) -> list[Case]:
    """``of`` cases at most, evenly over the names; with ``held_out`` those of the validation side alone."""
    photos = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".webp"))
    there = [Case(photo, photo.with_suffix(".png")) for photo in photos if photo.with_suffix(".png").is_file()]
    if held_out:
        sys.path.append(str(ROOT))  # the recipe, which is not installed
        from training.locator.data import is_held_out

        there = [case for case in there if is_held_out(folder.name, case.photo.name)]
    chosen = np.unique(np.linspace(0, len(there) - 1, min(of, len(there))).round().astype(int)) if there else ()
    return [there[number] for number in chosen]


def deepest(error: NDArray[np.bool_]) -> tuple[float, int, int]:
    """The place of a region that is farthest from its rim: (distance, x, y) in pixels."""
    inside = cv2.distanceTransform(np.pad(error, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return float(inside[row, column]), int(column), int(row)


def pointed(hints: Hints, found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Hints | None:
    """``hints`` with one point more, where the result is most wrong; None if it is right everywhere."""
    missed, extra = deepest(truth & ~found), deepest(found & ~truth)
    if max(missed[0], extra[0]) == 0:
        return None
    if missed[0] >= extra[0]:
        return Hints(keep=(*hints.keep, Point(*missed[1:])), drop=hints.drop)
    return Hints(keep=hints.keep, drop=(*hints.drop, Point(*extra[1:])))


def asked(case: Case, tools: Tools) -> list[float]:
    """IoU after 0…5 points."""
    truth = case.truth()
    hints: Hints | None = Hints()
    overlaps: list[float] = []
    with Editing(case.photo, OPTIONS, tools=tools) as editing:
        while hints is not None and len(overlaps) <= max(REPORTED):
            with editing.cut(hints) as cutout:
                found = unit_alpha(cutout.alpha) > 0.5
            overlaps.append(iou(found, truth))
            hints = pointed(hints, found, truth)
    return overlaps + [overlaps[-1]] * (max(REPORTED) + 1 - len(overlaps))


def row(name: str, overlaps: list[list[float]]) -> list[Cell]:
    """One row of the table."""
    values = np.array(overlaps)
    change = values[:, 1] - values[:, 0]
    worse = f"{np.mean(change < 0):.0%} / {np.mean(change < -WORSE):.0%} / {np.mean(np.diff(values) < -WORSE):.0%}"
    return [name, len(values), *(f"{values[:, number].mean():.3f}" for number in REPORTED), worse]


def main() -> None:
    """Prints the table; writes it into the page if one is named."""
    words = arguments(__doc__)
    words.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    words.add_argument("--of", type=int, default=12, help="pictures of each folder at most")
    words.add_argument(
        "--held-out", action="store_true", help="pictures that the embedded network never learned from, of its sources"
    )
    words.add_argument("--publish", action="store_true", help="write the section of docs/benchmarks.md")
    options = words.parse_args()
    rows, everything = [], []
    with closing(Tools(OPTIONS)) as tools:
        for folder in options.folders:
            overlaps = [asked(case, tools) for case in cases(folder, options.of, options.held_out)]
            if overlaps:
                rows.append(row(folder.name, overlaps))
                print(*rows[-1], flush=True)
            everything += overlaps
    if not everything:
        raise SystemExit("no NAME.jpg or NAME.webp with a mask NAME.png beside it")
    rows.append(row("all", everything))
    head = (
        "pictures",
        "number",
        *(f"after {number}" for number in REPORTED),
        "worse after 1: by any / .005 / after each: .005",
    )
    text = show(head, rows)
    if options.publish:
        publish("points", "How soon a subject is found", text, options.page)


if __name__ == "__main__":
    main()
