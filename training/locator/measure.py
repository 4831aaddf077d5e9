"""Mean IoU of the exported file, run by OpenVINO as users run it, on held-out pictures and on real photos.

A subject is where the sigmoid of the logits exceeds .5, compared at the picture's own size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from gigamatte.matte.cascade.start import laid_on_level
from gigamatte.network.cards.locator import PARTS, locator_card
from gigamatte.network.cards.onnx_file import read_header
from gigamatte.network.engines.base import Engine
from gigamatte.network.engines.select import open_engine
from gigamatte.network.hinted import HintedNetwork
from gigamatte.network.networks import open_network
from gigamatte.network.second_look import twice
from gigamatte.types import Box, CoarseMatte, Size

from .compose import CLOSE, DRAWN, PLAIN, Framing, Studio, composite
from .data import PAIRED, Pixels, group_of, open_pool

#: sources of real photos, as they are measured; davis is reported by scene, toys lie on one cloth
PHOTOGRAPHED = tuple(source for source in PAIRED if source not in ("davis", "toys80"))

Predict = Callable[[Pixels], NDArray[np.float32]]


def loader(path: Path, threads: int = 2) -> Predict:
    """A function from RGB (row, column, 3) uint8 to the subject's probability (row, column), same size.

    As the product asks: the photo and the mirrored photo, then both closer at what was found.
    """
    header = read_header(path / f"locator-{PARTS[0]}.onnx")
    side = header.inputs[header.image_input][1][2]
    assert side is not None  # this recipe exports networks of one size
    card = dataclasses.replace(locator_card(), size=side)

    def open_part(part: str) -> tuple[Engine, tuple[str, ...]]:
        model = (path / f"locator-{part}.onnx").read_bytes()
        return open_engine(model, device="cpu", require=True, threads=threads, small=True, part=True)

    network = HintedNetwork(card, open_part)

    def look(rgb: Pixels, region: Box) -> CoarseMatte:
        return network.locate(np.ascontiguousarray(rgb[region.slices()]), region, Size.of(rgb))

    def predict(rgb: Pixels) -> NDArray[np.float32]:
        size = Size.of(rgb)
        found = twice(lambda region: look(rgb, region), size.box, card.closer)
        return laid_on_level(found, size, 0)

    return predict


def any_network(name: str) -> Predict:
    """The same for a network that the product opens: the name of a card, or the path of an ONNX file. One look."""
    network = open_network(name, device="cpu")

    def predict(rgb: Pixels) -> NDArray[np.float32]:
        size = Size.of(rgb)
        return laid_on_level(network.locate(rgb, size.box, size), size, 0)

    return predict


def iou(probability: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of probability > .5 and the truth; 1 if both are empty."""
    guess = probability > 0.5
    either = np.count_nonzero(guess | truth)
    return 1.0 if either == 0 else np.count_nonzero(guess & truth) / either


def held_out_photos(cache: Path, source: str) -> Iterator[tuple[str, Pixels]]:
    """(name, RGBA) of the held-out pictures of a source of photos."""
    pool = open_pool(cache, source, held_out=True)
    for number, (name, _, _) in enumerate(pool.index):
        yield name, pool[number]


def held_out_composites(
    cache: Path, source: str, count: int, framing: Framing = PLAIN, size: int = 512
) -> Iterator[tuple[str, Pixels]]:
    """Held-out cut-outs of one source over held-out backgrounds, always the same ones."""
    everything = Studio.open(cache, ("people", "cats", "davis", source, "backgrounds"), held_out=True)
    studio = Studio({source: everything.cutouts[source]}, everything.photos, everything.emptied)
    for number in range(count):
        yield f"{source}-{number}", composite(np.random.default_rng([2024, number]), studio, size, framing)[..., :4]


def real_photos(folder: Path) -> Iterator[tuple[str, Pixels]]:
    """(name, RGBA) of NAME.png with NAME.alpha.png: the final check, never used to choose anything."""
    for alpha in sorted(folder.glob("*.alpha.png")):
        photo = next(p for p in sorted(folder.glob(alpha.name.removesuffix(".alpha.png") + ".*")) if p != alpha)
        rgb = np.asarray(Pillow.open(photo).convert("RGB"))
        yield photo.stem, np.dstack([rgb, np.asarray(Pillow.open(alpha).convert("L"))])


def score(predict: Predict, cases: Iterator[tuple[str, Pixels]]) -> dict[str, float]:
    """IoU by name."""
    return {name: iou(predict(np.ascontiguousarray(rgba[..., :3])), rgba[..., 3] > 127) for name, rgba in cases}


def report(
    predict: Predict, cache: Path, evaluation: Path | None, composites: int
) -> Iterator[tuple[str, dict[str, float]]]:
    """All scores, set by set: (set, name -> IoU)."""
    if evaluation is not None:
        yield "eval/photos", score(predict, real_photos(evaluation))
    for source in PHOTOGRAPHED:
        if (cache / f"{source}.json").is_file():
            yield source, score(predict, held_out_photos(cache, source))
    scenes = score(predict, held_out_photos(cache, "davis"))
    for scene in sorted({group_of("davis", name) for name in scenes}):
        yield f"davis {scene}", {n: s for n, s in scenes.items() if group_of("davis", n) == scene}
    for source in DRAWN:
        if (cache / f"{source}.json").is_file():
            yield f"{source} composited", score(predict, held_out_composites(cache, source, composites))
            yield f"{source} close up", score(predict, held_out_composites(cache, source, composites, CLOSE))
