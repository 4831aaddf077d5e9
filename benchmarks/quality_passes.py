"""Measures the gain of a second look: mean IoU of the coarse mask after one pass, flip averaging, a pass on the crop.

    python benchmarks/quality_passes.py PLACE... [--model locator] [--every 10 --offset 9]

Each PLACE is a folder of NAME.jpg with its mask NAME.png, or FOLDER/BEGINNING for all whose names begin so (a scene).
The locator's own training keeps every tenth picture of people and cats out (those whose number ends in 9): the defaults
take exactly these; of davis it keeps the scenes camel, car-shadow and libby. Never choose between ways on pictures that
the network was trained on, nor on the final evaluation set.
"""  # fmt: skip

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.network.network import Network
from gigamatte.network.networks import open_network
from gigamatte.network.second_look import twice
from gigamatte.types import Box, CoarseMatte, Size
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
    "flip, a second pass instead, margin 25 %": again(0.25, flipped, blend=False),
    "flip, a second pass averaged in, margin 10 %": again(0.1, flipped),
    "flip, a second pass averaged in, margin 25 %": again(0.25, flipped),
    "flip, a second pass averaged in, margin 50 %": again(0.5, flipped),
}


def cases(place: Path, every: int, offset: int) -> Iterator[tuple[Pixels, NDArray[np.bool_]]]:
    """(photo, mask) of every tenth picture of a folder, or of all that begin as ``place`` does."""
    whole = not place.is_dir()
    for path in sorted(place.parent.glob(f"{place.name}*.jpg") if whole else place.glob("*.jpg")):
        digits = "".join(c for c in path.stem if c.isdigit())
        mask = path.with_suffix(".png")
        if mask.exists() and (whole or int(digits or 0) % every == offset):
            yield np.asarray(Image.open(path).convert("RGB")), np.asarray(Image.open(mask).convert("L")) > 127


def iou(coarse: CoarseMatte, truth: NDArray[np.bool_]) -> float:
    guess = laid_on_level(coarse, coarse.fit.photo, 0) > 0.5
    either = np.count_nonzero(guess | truth)
    return np.count_nonzero(guess & truth) / either if either else 1.0


def main() -> None:
    words = parser(__doc__)
    words.add_argument("places", type=Path, nargs="+")
    words.add_argument("--model", default="locator")
    words.add_argument("--every", type=int, default=10)
    words.add_argument("--offset", type=int, default=9)
    given = words.parse_args()
    print("| way | " + " | ".join(place.name for place in given.places) + " |")
    print("| --- |" + " ---: |" * len(given.places))
    with open_network(given.model, threads=1) as network:
        network.card = dataclasses.replace(network.card, mirrored=False)  # "flip" does it here
        sets = [list(cases(place, given.every, given.offset)) for place in given.places]
        for name, way in WAYS.items():
            means = [np.mean([iou(way(network, photo), truth) for photo, truth in pairs]) for pairs in sets]
            print(f"| {name} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
