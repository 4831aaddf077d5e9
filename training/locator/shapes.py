"""Made-up things for the locator to learn from: animals, toys, vessels, boxes, furniture, tools, plants, vehicles.

They are crude on purpose: what matters is the variety of outlines (legs, handles, holes, thin rods) and surfaces.
`make(rng, photos)` returns a tight RGBA picture with exact alpha.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .creatures import bird, doll, quadruped
from .data import Pixels, Pool
from .materials import Parts, arc, hue, stuff, vec
from .products import furniture, hoop, parcel, shoe, tool, vessel
from .solids import Material, Rng, Solid, render, rod, rotation, tube


def vehicle(rng: Rng, photos: Pool | None) -> Parts:
    """A car, van, cart or bicycle."""
    paint, glass, tyre = (
        stuff(rng, photos),
        Material(vec(40, 50, 60), vec(40, 50, 60), gloss=0.8),
        Material(vec(25, 25, 25), vec(25, 25, 25), gloss=0.1),
    )
    if rng.random() < 0.3:
        parts: Parts = []
        for x in (-0.8, 0.8):
            wheel = arc(0.55, 0, 2 * np.pi, 24) + vec(x, 0, 0)
            parts += tube(wheel, 0.04, tyre)
            parts += [rod(vec(x, 0, 0), p, 0.008, tyre) for p in wheel[::3]]
        frame = [
            vec(-0.8, 0, 0),
            vec(-0.3, 0.7, 0),
            vec(0.55, 0.7, 0),
            vec(0, 0, 0),
            vec(-0.8, 0, 0),
            vec(0, 0, 0),
            vec(-0.33, 0.8, 0),
        ]
        parts += tube(np.array(frame), 0.045, paint)
        parts += tube(np.array([vec(0.8, 0, 0), vec(0.5, 0.95, 0), vec(0.6, 1.0, 0.3)]), 0.04, paint)
        return [*parts, Solid("ball", vec(-0.35, 0.85, 0), vec(0.22, 0.06, 0.1), tyre)]
    long, tall = rng.uniform(0.9, 1.6), rng.uniform(0.22, 0.4)
    parts = [Solid("box", vec(0, 0, 0), vec(long, tall, 0.55), paint)]
    parts.append(Solid("ball", vec(long * 0.7, -tall * 0.1, 0), vec(long * 0.5, tall * 1.0, 0.58), paint))
    parts.append(Solid("ball", vec(-long * 0.7, 0, 0), vec(long * 0.5, tall * 1.1, 0.58), paint))
    cab = rng.uniform(0.4, 0.8) * long
    roof = Solid(
        str(rng.choice(["ball", "box"])),
        vec(rng.uniform(-0.3, 0.1) * long, tall * 1.2, 0),
        vec(cab, rng.uniform(0.3, 0.6), 0.5),
        paint,
    )
    parts += [roof, Solid(roof.kind, roof.centre, roof.scale * vec(0.93, 0.8, 1.03), glass)]
    radius = rng.uniform(0.22, 0.36)
    for x in (-0.6, 0.6):
        for z in (-0.5, 0.5):
            parts.append(Solid("rod", vec(x * long, -tall, z), vec(radius, 0.12, radius), tyre, rotation(0, np.pi / 2)))
            parts.append(
                Solid(
                    "rod",
                    vec(x * long, -tall, z),
                    vec(radius * 0.55, 0.125, radius * 0.55),
                    Material(vec(170, 170, 175), vec(0, 0, 0), gloss=0.5),
                    rotation(0, np.pi / 2),
                )
            )
    return parts


def plant(rng: Rng, photos: Pool | None) -> Parts:
    """Leaves or flowers on stems, perhaps in a pot."""
    green = Material(
        np.clip(vec(60, 120, 50) * rng.uniform(0.5, 1.6) + rng.normal(0, 20, 3), 0, 255), hue(rng), gloss=0.1
    )
    petal = stuff(rng, photos)
    parts = vessel(rng, photos)[:22] if rng.random() < 0.6 else []
    base = max((float(p.centre[1] + p.scale[1]) for p in parts), default=0.0)
    for _ in range(int(rng.integers(2, 10))):
        lean = rng.normal(0, 0.5, 2)
        height = rng.uniform(0.4, 1.8)
        curve = np.array(
            [vec(lean[0] * s**2 * height, base + height * s, lean[1] * s**2 * height) for s in np.linspace(0, 1, 5)]
        )
        parts += tube(curve, rng.uniform(0.015, 0.05), green)
        flower = rng.random() < 0.4
        for point in curve[1:]:
            for _ in range(int(rng.integers(1, 4))):
                turn = rotation(1, rng.uniform(0, 6.3)) @ rotation(2, rng.uniform(-0.6, 1.2))
                reach = rng.uniform(0.12, 0.5)
                parts.append(
                    Solid(
                        "ball",
                        point + turn @ vec(reach, 0, 0),
                        vec(reach, 0.02, reach * rng.uniform(0.2, 0.6)),
                        green,
                        turn,
                    )
                )
        if flower:
            for angle in np.arange(0, 2 * np.pi, rng.choice([0.5, 0.9, 1.2])):
                turn = rotation(2, angle)
                parts.append(Solid("ball", curve[-1] + turn @ vec(0.16, 0, 0), vec(0.16, 0.09, 0.03), petal, turn))
            parts.append(Solid("ball", curve[-1], np.full(3, 0.09), stuff(rng, photos)))
    return parts


def heap(rng: Rng, photos: Pool | None) -> Parts:
    """Anything: a chance cluster of solids."""
    parts: Parts = []
    for _ in range(int(rng.integers(1, 9))):
        turn = rotation(0, rng.uniform(0, 6)) @ rotation(1, rng.uniform(0, 6))
        parts.append(
            Solid(
                str(rng.choice(["ball", "box", "rod"])),
                rng.normal(0, 0.45, 3),
                rng.uniform(0.08, 0.7, 3),
                stuff(rng, photos),
                turn,
                float(rng.uniform(0.1, 1.3)),
            )
        )
    return parts


FAMILIES: tuple[tuple[Callable[[Rng, Pool | None], Parts], float], ...] = (
    (quadruped, 0.24), (bird, 0.09), (doll, 0.12), (vessel, 0.13), (parcel, 0.08), (furniture, 0.08),
    (hoop, 0.05), (vehicle, 0.06), (plant, 0.06), (tool, 0.04), (shoe, 0.03), (heap, 0.05),
)  # fmt: skip


FURRY = {quadruped, bird, doll}


def ruffle(rng: Rng, picture: Pixels) -> Pixels:
    """Makes the surface and the outline hairy: pixels are displaced by fine and by coarse noise."""
    side = picture.shape[0]
    shift = np.zeros((side, side, 2), np.float32)
    for cells, reach in ((4, rng.uniform(0, 6)), (side // 3, rng.uniform(0.5, 3.0)), (side // 8, rng.uniform(0, 3.0))):
        noise = rng.standard_normal((cells, cells, 2)).astype(np.float32)
        shift += cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC) * reach
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    out = np.asarray(cv2.remap(picture, x + shift[..., 0], y + shift[..., 1], cv2.INTER_LINEAR), np.uint8)
    grain = rng.standard_normal((side, side // 3)).astype(np.float32)
    grain = cv2.resize(grain, (side, side), interpolation=cv2.INTER_LINEAR) * rng.uniform(0, 22)
    rgb = np.clip(out[..., :3] + grain[..., None], 0, 255).astype(np.uint8)
    return np.dstack([rgb, out[..., 3]])


def make(rng: Rng, photos: Pool | None, side: int = 288) -> Pixels:
    """One made-up thing, tight RGBA (row, column, 4), exact alpha."""
    weights = np.array([weight for _, weight in FAMILIES])
    family = FAMILIES[int(rng.choice(len(FAMILIES), p=weights / weights.sum()))][0]
    view = rotation(0, rng.uniform(-0.15, 0.65)) @ rotation(1, rng.uniform(-np.pi, np.pi))
    picture = render(rng, family(rng, photos), view, side)
    if rng.random() < (0.75 if family in FURRY else 0.1):
        picture = ruffle(rng, cv2.copyMakeBorder(picture, 8, 8, 8, 8, cv2.BORDER_CONSTANT))
    rows, columns = (
        np.flatnonzero((picture[..., 3] > 20).any(axis=1)),
        np.flatnonzero((picture[..., 3] > 20).any(axis=0)),
    )
    return np.ascontiguousarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
