"""What a second look is worth: mean IoU of the coarse mask after one pass, flip averaging, and a pass on the crop.

    python benchmarks/quality_passes.py FOLDER... [--model locator] [--every 10 --offset 9]

Each FOLDER holds NAME.jpg with its mask NAME.png. The locator's own training keeps every tenth picture of people and
cats out (those whose number ends in 9): the defaults take exactly these. Never choose between ways on pictures that the
network was trained on, nor on the final evaluation set.
"""  # fmt: skip

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gigamatte.network.networks import Network, open_network
from gigamatte.types import Box, CoarseMatte, Fit, Size

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
    return CoarseMatte((ways[0].alpha + ways[1].alpha[:, ::-1]) / 2, ways[0].fit)


def closer(margin: float, look: Way, blend: bool = False) -> Way:
    """Look once, crop to what was found with a margin (a part of its longer side), look again."""

    def way(network: Network, photo: Pixels) -> CoarseMatte:
        first = look(network, photo)
        region = found(first, margin)
        if region is None or region.width * region.height > 0.7 * first.fit.photo.pixels:
            return first
        second = look(network, photo, region)  # type: ignore[call-arg]
        return mixed(first, second) if blend else second

    return way


def found(coarse: CoarseMatte, margin: float) -> Box | None:
    rows, columns = np.nonzero(coarse.alpha > 0.3)
    if not len(rows):
        return None
    box = Box(columns.min(), rows.min(), columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min())
    inside = in_photo(coarse.fit, box)
    return inside.grown(round(margin * max(inside.width, inside.height))).within(coarse.fit.photo)


def in_photo(fit: Fit, box: Box) -> Box:
    """The smallest box of photo pixels that covers ``box``, which is given in the network's pixels."""
    across, down = fit.region.width / fit.network.width, fit.region.height / fit.network.height
    left, top = int(np.floor(box.left * across)), int(np.floor(box.top * down))
    right, bottom = int(np.ceil(box.right * across)), int(np.ceil(box.bottom * down))
    return Box(left + fit.region.left, top + fit.region.top, right - left, bottom - top).within(fit.region)


def mixed(first: CoarseMatte, second: CoarseMatte) -> CoarseMatte:
    """The mean of both, at the second's size: the first keeps the second from cutting off what lies in the crop."""
    photo = first.fit.photo
    whole = at_photo(first)[second.fit.region.slices()]
    shape = second.fit.network.width, second.fit.network.height
    again = cv2.resize(whole, shape, interpolation=cv2.INTER_AREA)
    return CoarseMatte(np.clip((again + second.alpha) / 2, 0, 1), Fit(photo, second.fit.region, second.fit.network))


def at_photo(coarse: CoarseMatte) -> NDArray[np.float32]:
    out = np.zeros(coarse.fit.photo.shape, np.float32)
    region = coarse.fit.region
    out[region.slices()] = cv2.resize(coarse.alpha, (region.width, region.height), interpolation=cv2.INTER_LINEAR)
    return out


WAYS: dict[str, Way] = {
    "one pass": one,
    "flip": flipped,
    "two passes, margin 10 %": closer(0.1, one),
    "two passes, margin 25 %": closer(0.25, one),
    "two passes, margin 25 %, blended": closer(0.25, one, blend=True),
    "two passes, margin 50 %, blended": closer(0.5, one, blend=True),
    "two passes, margin 25 %, blended, flip": closer(0.25, flipped, blend=True),
}


def cases(folder: Path, every: int, offset: int) -> Iterator[tuple[Pixels, NDArray[np.bool_]]]:
    for path in sorted(folder.glob("*.jpg")):
        digits = "".join(c for c in path.stem if c.isdigit())
        mask = path.with_suffix(".png")
        if mask.exists() and (every == 1 or int(digits or 0) % every == offset):
            yield np.asarray(Image.open(path).convert("RGB")), np.asarray(Image.open(mask).convert("L")) > 127


def iou(coarse: CoarseMatte, truth: NDArray[np.bool_]) -> float:
    guess = at_photo(coarse) > 0.5
    either = np.count_nonzero(guess | truth)
    return np.count_nonzero(guess & truth) / either if either else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="locator")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--offset", type=int, default=9)
    given = parser.parse_args()
    print("| way | " + " | ".join(folder.name for folder in given.folders) + " |")
    print("| --- |" + " ---: |" * len(given.folders))
    with open_network(given.model, threads=1) as network:
        network.card = dataclasses.replace(network.card, mirrored=False)  # "flip" does it here
        sets = [list(cases(folder, given.every, given.offset)) for folder in given.folders]
        for name, way in WAYS.items():
            means = [np.mean([iou(way(network, photo), truth) for photo, truth in pairs]) for pairs in sets]
            print(f"| {name} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
