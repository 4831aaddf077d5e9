"""Measures the gain of a second look: mean IoU of the coarse mask after one pass, flip averaging, a pass on the crop.

    python benchmarks/quality_passes.py FOLDER... [--model locator] [--of 45] [--held-out]

Each FOLDER holds NAME.jpg or NAME.webp with the mask NAME.png. Never choose between ways on pictures that the network
was trained on (``--held-out`` takes the others of the embedded network's sources), nor on the final evaluation set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gigamatte.evaluate.metrics import iou
from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.network.second_look import twice
from gigamatte.photo.read import open_photo
from gigamatte.types import Box, CoarseMatte, Size
from points import Case, cases
from report import parser

Pixels = NDArray[np.uint8]
Way = Callable[[Network, Pixels], CoarseMatte]


def one(network: Network, photo: Pixels, region: Box | None = None) -> CoarseMatte:
    size = Size.of(photo)
    region = region or size.box
    return network.locate(np.ascontiguousarray(photo[region.slices()]), region, size)


def flipped(network: Network, photo: Pixels, region: Box | None = None) -> CoarseMatte:
    size = Size.of(photo)
    region = region or size.box
    pixels = photo[region.slices()]
    ways = [network.locate(np.ascontiguousarray(p), region, size) for p in (pixels, pixels[:, ::-1])]
    both = (ways[0].alpha + ways[1].alpha[:, ::-1]) / np.float32(2)
    return CoarseMatte(both.astype(np.float32), ways[0].fit)


def again(margin: float, look: Way, blend: bool = True) -> Way:
    """Look once, then again at what was found with a margin (a part of its longer side)."""

    def way(network: Network, photo: Pixels) -> CoarseMatte:
        seen: list[CoarseMatte] = []

        def keep(region: Box) -> CoarseMatte:
            seen.append(look(network, photo, region))  # type: ignore[call-arg]
            return seen[-1]

        blended = twice(keep, Size.of(photo).box, margin)
        return blended if blend else seen[-1]

    return way


WAYS: dict[str, Way] = {
    "one pass": one,
    "flip": flipped,
    "flip, a second pass instead, margin 12 %": again(0.12, flipped, blend=False),
    "flip, a second pass averaged in, margin 5 %": again(0.05, flipped),
    "flip, a second pass averaged in, margin 12 %": again(0.12, flipped),
    "flip, a second pass averaged in, margin 25 %": again(0.25, flipped),
    "flip, a second pass averaged in, margin 45 %": again(0.45, flipped),
}


def overlap(way: Way, network: Network, case: Case) -> float:
    photo = np.ascontiguousarray(open_photo(case.photo, max_pixels=10**9).open().numpy()[..., :3])
    found = laid_on_level(way(network, photo), Size.of(photo), 0) > 0.5
    return iou(found, case.truth())


def main() -> None:
    words = parser(__doc__)
    words.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    words.add_argument("--model", default="locator")
    words.add_argument("--of", type=int, default=45, help="pictures of each folder at most")
    words.add_argument("--held-out", action="store_true", help="pictures that the embedded network never learned from")
    given = words.parse_args()
    print("| way | " + " | ".join(folder.name for folder in given.folders) + " | all |")
    print("| --- |" + " ---: |" * (len(given.folders) + 1))
    with open_network(given.model, threads=1) as network:
        network.card = dataclasses.replace(network.card, mirrored=False)  # "flip" does it here
        sets = [cases(folder, given.of, given.held_out) for folder in given.folders]
        for name, way in WAYS.items():
            found = [[overlap(way, network, case) for case in chosen] for chosen in sets]
            means = [*map(np.mean, found), np.mean([score for scores in found for score in scores])]
            print(f"| {name} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
