"""Made-up products: vessels, parcels, furniture, rings and spectacles, tools, shoes.

Each function draws one: (generator, photos to take surfaces from) -> parts.
"""

from __future__ import annotations

import cv2
import numpy as np

from .data import Pool
from .materials import Parts, arc, hue, label, stuff, vec
from .solids import Material, Rng, Solid, rod, rotation, tube


def vessel(rng: Rng, photos: Pool | None) -> Parts:
    """A turned thing: bottle, vase, jar, cup, mug, goblet, lamp foot; perhaps a label, a lid, a handle."""
    glaze, paper, lid = stuff(rng, photos), Material(hue(rng), hue(rng), picture=label(rng)), stuff(rng, photos)
    knots = rng.uniform(0.15, 1, int(rng.integers(3, 7)))
    if rng.random() < 0.5:
        knots = np.concatenate([np.full(4, rng.uniform(0.5, 1)), rng.uniform(0.12, 0.5, 2)])
    count = 22
    profile = cv2.resize(
        knots.reshape(1, -1).astype(np.float32), (count + 1, 1), interpolation=cv2.INTER_LINEAR
    ).ravel()
    if rng.random() < 0.7:
        profile = cv2.GaussianBlur(profile.reshape(1, -1), (5, 1), 0).ravel()
    tall, wide = rng.uniform(0.5, 2.4), rng.uniform(0.35, 0.9)
    level = np.linspace(-tall / 2, tall / 2, count + 1)
    parts: Parts = []
    for i in range(count):
        low, high = wide * float(profile[i]), wide * float(profile[i + 1])
        parts.append(rod(vec(0, level[i], 0), vec(0, level[i + 1], 0), low, glaze, high / low))
    widest = wide * float(profile[6:12].max())
    if rng.random() < 0.6:
        parts.append(
            Solid("rod", vec(0, level[9], 0), vec(widest * 1.01, tall * rng.uniform(0.08, 0.25), widest * 1.01), paper)
        )
    neck = wide * float(profile[-1])
    if rng.random() < 0.5:
        parts.append(Solid("rod", vec(0, tall / 2 + 0.06, 0), vec(neck * 1.1, rng.uniform(0.03, 0.2), neck * 1.1), lid))
    else:
        hollow = Material(glaze.base * 0.3, glaze.base * 0.3, gloss=0)
        parts.append(Solid("rod", vec(0, tall / 2, 0), vec(neck * 0.88, 0.006, neck * 0.88), hollow))
    for side in rng.permutation([1.0, -1.0])[: int(rng.choice([0, 1, 1, 2]))]:
        loop = arc(rng.uniform(0.2, 0.45) * tall, -1.4, 1.4) * vec(rng.uniform(0.5, 1.1), 1, 1)
        parts += tube((loop + vec(widest * 0.75, 0, 0)) * vec(side, 1, 1), rng.uniform(0.04, 0.1), glaze)
    return parts


def parcel(rng: Rng, photos: Pool | None) -> Parts:
    """A box, book, phone or carrier bag, printed on its front."""
    size = rng.uniform(0.15, 1, 3)
    card = stuff(rng, photos)
    parts: Parts = [Solid("box", vec(0, 0, 0), size, card)]
    front = Material(hue(rng), hue(rng), picture=np.ascontiguousarray(np.tile(label(rng), (1, 2, 1))))
    if rng.random() < 0.7:
        parts.append(
            Solid(
                "box",
                vec(0, 0, size[2]),
                vec(size[0] * 0.9, size[1] * 0.9, 0.01),
                front if rng.random() < 0.7 else stuff(rng, photos),
            )
        )
    if rng.random() < 0.4:
        wide = size[0] * rng.uniform(0.4, 0.8)
        for z in (-1, 1):
            parts += tube(
                arc(wide, 0, np.pi) * vec(1, rng.uniform(0.5, 1.5), 1) + vec(0, size[1], z * size[2] * 0.7),
                0.035,
                stuff(rng, photos),
            )
    for _ in range(int(rng.choice([0, 0, 1, 3]))):
        parts.append(Solid("box", rng.uniform(-1, 1, 3) * size, size * rng.uniform(0.2, 0.7, 3), stuff(rng, photos)))
    return parts


def furniture(rng: Rng, photos: Pool | None) -> Parts:
    """A chair, stool, table, shelf or lamp: boards on legs, with see-through gaps."""
    wood, cloth = stuff(rng, photos), stuff(rng, photos)
    wide, deep, tall = rng.uniform(0.4, 1.2), rng.uniform(0.35, 0.8), rng.uniform(0.3, 1.1)
    thick, leg = rng.uniform(0.03, 0.12), rng.uniform(0.03, 0.09)
    parts: Parts = [Solid("box", vec(0, 0, 0), vec(wide, thick, deep), cloth)]
    splay = rng.uniform(0, 0.25)
    for x in (-1, 1):
        for z in (-1, 1):
            foot = vec(x * (wide * 0.9 + splay), -2 * tall, z * (deep * 0.9 + splay))
            parts.append(rod(foot, vec(x * wide * 0.88, 0, z * deep * 0.88), leg * 0.7, wood, 1.4))
    if rng.random() < 0.5:
        parts.append(Solid("box", vec(0, -tall * 1.3, 0), vec(wide * 0.9, leg * 0.6, deep * 0.9), wood))
    if rng.random() < 0.6:
        back = rng.uniform(0.4, 1.2)
        slats = int(rng.integers(0, 7))
        for x in np.linspace(-0.92, 0.92, max(2, slats)):
            parts.append(rod(vec(x * wide, 0, -deep * 0.9), vec(x * wide, 2 * back, -deep), leg * 0.8, wood))
        parts.append(Solid("box", vec(0, 2 * back, -deep), vec(wide, back * rng.choice([0.12, 0.4]), thick), cloth))
    if rng.random() < 0.2:
        parts.append(Solid("ball", vec(0, thick + 0.2, 0), vec(wide * 0.9, 0.25, deep * 0.9), cloth))
    return parts


def hoop(rng: Rng, photos: Pool | None) -> Parts:
    """Rings: spectacles, headphones, a bracelet, a key ring, a steering wheel."""
    metal, pad = stuff(rng, photos), stuff(rng, photos)
    thin = rng.uniform(0.02, 0.14)
    kind = rng.random()
    ring = arc(0.5, 0, 2 * np.pi, 26) * vec(1, rng.uniform(0.6, 1.1), 1)
    if kind < 0.4:
        parts: Parts = []
        for x in (-1, 1):
            parts += tube(ring + vec(x * 0.65, 0, 0), thin, metal)
            parts += tube(
                np.array([vec(x * 1.15, 0.1, 0), vec(x * 1.2, 0.1, -1.3), vec(x * 1.15, -0.2, -1.6)]), thin, pad
            )
            if rng.random() < 0.5:
                parts.append(Solid("ball", vec(x * 0.65, 0, 0), vec(0.5, 0.45, 0.02), pad))
        return parts + tube(np.array([vec(-0.2, 0.15, 0), vec(0, 0.2, 0.05), vec(0.2, 0.15, 0)]), thin, metal)
    if kind < 0.6:
        parts = tube(arc(1, 0, np.pi, 16), thin, metal)
        for x in (-1, 1):
            parts.append(
                Solid("rod", vec(x, -0.1, 0), vec(0.35, rng.uniform(0.1, 0.2), 0.35), pad, rotation(2, np.pi / 2))
            )
        return parts
    parts = tube(ring * rng.uniform(0.6, 1.5), thin, metal)
    for _ in range(int(rng.integers(0, 5))):
        angle = rng.uniform(0, 2 * np.pi)
        inner = vec(np.cos(angle), np.sin(angle), 0) * rng.choice([-0.45, 0.0])
        outer = vec(np.cos(angle), np.sin(angle), 0) * rng.uniform(0.45, 1.2)
        parts.append(rod(inner, outer, thin * rng.uniform(0.5, 1.5), pad))
    if rng.random() < 0.5:
        parts.append(Solid("ball", vec(0, 0.55, 0), np.full(3, rng.uniform(0.1, 0.3)), pad))
    return parts


def tool(rng: Rng, photos: Pool | None) -> Parts:
    """A handle with something at its end: hammer, brush, spoon, bat, racket, umbrella."""
    grip, head = stuff(rng, photos), stuff(rng, photos)
    radius = rng.uniform(0.03, 0.15)
    bend = rng.normal(0, 0.1)
    parts = tube(np.array([vec(0, -1, 0), vec(bend, 0, 0), vec(0, 0.8, 0)]), radius, grip, rng.uniform(0.5, 1.4))
    kind = rng.random()
    if kind < 0.3:
        parts.append(Solid("box", vec(rng.normal(0, 0.1), 0.9, 0), rng.uniform(0.08, 0.45, 3), head))
    elif kind < 0.6:
        parts.append(
            Solid(
                "ball",
                vec(0, 1.0, 0),
                vec(rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.6), rng.uniform(0.04, 0.3)),
                head,
            )
        )
    elif kind < 0.8:
        parts.append(
            Solid(
                "rod",
                vec(0, 0.9, 0),
                vec(rng.uniform(0.1, 0.3), rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.3)),
                head,
                rotation(2, rng.choice([0, np.pi / 2])),
                rng.uniform(0.3, 1.3),
            )
        )
    else:
        parts += tube(arc(0.4, 0, 2 * np.pi, 22) + vec(0, 1.15, 0), radius * 0.8, head)
        parts += (
            [rod(vec(x, 0.85, 0), vec(x, 1.45, 0), 0.012, head) for x in (-0.2, 0, 0.2)] if rng.random() < 0.5 else []
        )
    return parts


def shoe(rng: Rng, photos: Pool | None) -> Parts:
    """A shoe, boot or hat-like soft thing: a sole and a few balls."""
    upper, sole = stuff(rng, photos), stuff(rng, photos)
    parts: Parts = [Solid("ball", vec(0, 0, 0), vec(1, rng.uniform(0.08, 0.15), 0.36), sole)]
    parts.append(Solid("ball", vec(0.35, 0.12, 0), vec(0.62, rng.uniform(0.18, 0.3), 0.33), upper))
    parts.append(Solid("ball", vec(-0.45, 0.25, 0), vec(0.45, rng.uniform(0.3, 0.45), 0.31), upper))
    shaft = rng.uniform(0.05, 1.3)
    parts.append(rod(vec(-0.45, 0.25, 0), vec(-0.5, 0.4 + shaft, 0), 0.3, upper, rng.uniform(0.8, 1.3)))
    if rng.random() < 0.3:
        parts.append(rod(vec(-0.8, -0.4, 0), vec(-0.7, 0.2, 0), 0.06, sole, 3.0))
    return parts
