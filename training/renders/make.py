"""Render training pictures for the refiner: straight RGBA with the renderer's own alpha.

    python training/renders/make.py --out DIR --count 36 --seed 1

Picture N of a seed is the same whatever the count; pictures that exist are kept. Names say the kind: 0003-wig.png.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import blender as b
import numpy as np
from animals import beast, bird
from hairy import feathers, fur_ball, seed_head, wig
from household import bicycle, bouquet, device, fruit, holder, lamp
from look import Kind, Look
from people import bust
from PIL import Image, ImageFilter
from places import place
from plants import fern, grass, twig
from products import bottle, box, chair, mug, veil
from strands import Floats
from tone import shoulder, srgb
from toys import potted, toy, yarn
from wires import cage, fence, knit, lace, net, wheel
from worn import bag, garment, hat, necklace, shoe

# most of them have hair, which is the hardest to cut
KINDS: list[Kind] = [
    fur_ball, wig, twig, cage, feathers, fur_ball, knit, wig, grass, bottle, seed_head, fur_ball, lace,
    wig, fern, chair, net, fur_ball, veil, wheel, twig, wig, box, fence, fur_ball, mug,
]  # fmt: skip

# for the locator, which needs many kinds of things and less hair
LOCATED: list[Kind] = [
    toy, potted, yarn, toy, fur_ball, potted, toy, wig, twig, toy, bottle, potted, yarn, toy, fern, knit, potted, toy,
    feathers, mug, toy, grass, fur_ball, potted, toy, box, seed_head, chair,
]  # fmt: skip

# for the locator: things that are sold, and people
SOLD: list[Kind] = [
    bust, holder, bag, shoe, bust, bouquet, garment, hat, bust, fruit, lamp, device, bust, holder, shoe, bag, bust,
    bouquet, garment, necklace, bust, bicycle, hat, fruit, bust, lamp, device, garment,
]  # fmt: skip


KIND_LISTS: dict[str, list[Kind]] = {
    "refined": KINDS,
    "located": LOCATED,
    "sold": SOLD,
    "animals": [beast, beast, bird],
    "places": [place],
}
#: By how much the frame is wider than the thing, which must not be cut off where it is pasted into another picture.
ROOM = {"refined": 0.0, "located": 0.35, "sold": 0.2, "animals": 0.15, "places": 0.3}


def kind_of(index: int, which: str) -> Kind:
    """The kind of picture ``index`` in the list ``which``."""
    kinds = KIND_LISTS[which]
    return kinds[index % len(kinds)]


def draw(index: int, which: str, seed: int, size: tuple[int, int], samples: int, threads: int, work: Path) -> Floats:
    """Return picture `index`, premultiplied linear RGBA (row, column, 4); ``size`` is (width, height), pixels."""
    rng = np.random.default_rng([seed, index])
    scene = b.empty_scene(threads)
    scene.cycles.diffuse_bounces = 0
    look = Look.draw(rng)
    nodes = scene.world.node_tree.nodes
    nodes["Background"].inputs["Color"].default_value = (*look.ambient, 1.0)
    for direction, colour in zip(look.directions, look.colours, strict=True):
        b.sun(tuple(direction), 3.0, tuple(colour))
    kind = kind_of(index, which)
    zoom = rng.uniform(0.8, 1.0) if kind is wig else rng.uniform(0.55, 0.85)
    zoom += ROOM[which] if kind is not bust else 0.45
    kind(look, 2.6 * zoom / min(size))
    away, height = 8.0, rng.uniform(-1.5, 3.0)
    aim = (rng.uniform(-0.2, 0.2), 0.0, rng.uniform(-0.15, 0.25))
    blur = rng.random() < (0.75 if kind is place else 0.2)  # a wide aperture softens what lies off the focus
    eye = b.camera((rng.uniform(-2, 2), -away, height), aim, 50.0, focus=away if blur else None, fstop=0.7)
    eye.data.sensor_fit = "HORIZONTAL" if size[0] <= size[1] else "VERTICAL"
    eye.data.sensor_width = eye.data.sensor_height = 50.0 * 2.6 * zoom / away
    b.render(scene, str(work / "render.exr"), size, samples, transparent=True, denoise=False)
    return b.read_exr(str(work / "render.exr"))


def straight(premultiplied: Floats, target: float) -> Image.Image:
    """Straight 8-bit sRGB with alpha, the brightest 2 % at `target` (linear light).

    Colours bleed a few pixels into the empty part, the rest of it is zero.
    """
    alpha = np.clip(premultiplied[..., 3:], 0, 1)
    solid = premultiplied[alpha[..., 0] > 0.5, :3]
    bright = np.percentile(solid.max(-1), 98) if len(solid) else 1.0
    light = shoulder(
        np.maximum(premultiplied[..., :3] / np.maximum(alpha, 1e-3) * (target / max(float(bright), 0.02)), 0)
    )
    colour = np.round(srgb(np.clip(light, 0, 1)) * 255).astype(np.uint8)
    level = np.round(alpha * 255).astype(np.uint8)
    premult = Image.fromarray(np.concatenate([(colour * alpha).astype(np.uint8), level], -1), "RGBA")
    near = np.asarray(premult.filter(ImageFilter.BoxBlur(3)), np.float32)
    bled = np.clip(near[..., :3] * 255 / np.maximum(near[..., 3:], 1), 0, 255) * (near[..., 3:] > 0)
    colour = np.where(level > 0, colour, bled.astype(np.uint8))
    return Image.fromarray(np.concatenate([colour, level], -1), "RGBA")


def main() -> None:
    """Render the pictures that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=36)
    parser.add_argument("--first", type=int, default=0, help="index of the first picture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="for quick looks")
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--kinds",
        choices=KIND_LISTS,
        default="refined",
        help="hair and holes for the refiner; things at home, things sold, animals and places for the locator",
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shapes = [(896, 896), (768, 1024), (1024, 768), (832, 1152), (1152, 832)]
    for index in range(options.first, options.first + options.count):
        target = options.out / f"{index:04d}-{kind_of(index, options.kinds).__name__}.png"
        if target.exists():
            continue
        started = time.perf_counter()
        wide, tall = shapes[index % len(shapes)]
        size = (round(wide * options.scale), round(tall * options.scale))
        with tempfile.TemporaryDirectory() as folder:
            drawn = draw(index, options.kinds, options.seed, size, options.samples, options.threads, Path(folder))
        # from nearly black to nearly white, evenly in lightness as people see it
        picture = straight(drawn, float(np.random.default_rng([options.seed, index, 1]).uniform(0.3, 0.97)) ** 2.2)
        part = target.with_suffix(".part.png")
        picture.save(part)
        part.rename(target)
        print(f"made {target.name} in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
