"""Made-up creatures: four-legged animals, birds, dolls and soft toys, put together from solids.

Each function draws one: (generator, photos to take surfaces from) -> parts.
"""

from __future__ import annotations

import numpy as np

from .data import Pool
from .materials import Parts, stuff, vec
from .solids import Material, Rng, Solid, rod, rotation, tube


def quadruped(rng: Rng, photos: Pool | None) -> Parts:
    """A four-legged animal: horse to hedgehog."""
    coat = stuff(rng, photos, coat=True)
    dark = stuff(rng, photos, coat=True) if rng.random() < 0.4 else coat
    long, girth, leg = rng.uniform(0.6, 1.3), rng.uniform(0.25, 0.5), rng.uniform(0.15, 1.1)
    parts: Parts = [Solid("ball", vec(0, 0, 0), vec(long, girth, girth * rng.uniform(0.7, 1)), coat)]
    parts.append(Solid("ball", vec(-long * 0.55, girth * 0.1, 0), vec(girth * 1.1, girth * 1.05, girth * 0.9), coat))
    parts.append(Solid("ball", vec(long * 0.55, girth * 0.15, 0), vec(girth * 1.1, girth * 1.1, girth * 0.9), coat))
    thick = rng.uniform(0.06, 0.16)
    for x in (-long * 0.65, long * 0.65):
        for z in (-girth * 0.5, girth * 0.5):
            stride, hip = rng.normal(0, 0.18), vec(x, -girth * 0.3, z)
            knee = hip + vec(stride, -leg * 0.5 - girth * 0.3, 0)
            foot = knee + vec(rng.normal(0, 0.12), -leg * 0.5, 0)
            parts += tube(np.array([hip, knee, foot]), thick * 1.5, dark, 0.5)
            parts.append(Solid("ball", foot + vec(0.04, 0, 0), vec(thick * 1.1, thick * 0.6, thick * 0.9), dark))
    lift, neck = rng.uniform(-0.3, 1.3), rng.uniform(0.1, 0.9)
    shoulder = vec(long * 0.75, girth * 0.4, 0)
    head = shoulder + neck * vec(np.cos(lift), np.sin(lift), 0) + vec(0.15, 0.1, rng.normal(0, 0.1))
    skull = rng.uniform(0.17, 0.34)
    parts += tube(np.array([shoulder, (shoulder + head) / 2, head]), girth * 0.75, coat, rng.uniform(0.4, 0.8))
    parts.append(Solid("ball", head, np.full(3, skull) * rng.uniform(0.85, 1.15, 3), coat))
    nose = rng.uniform(0.5, 1.7) * skull
    down = rng.uniform(-0.8, 0.1)
    snout = head + vec(np.cos(down), np.sin(down), 0) * (skull * 0.6 + nose * 0.5)
    parts.append(rod(head, snout + vec(nose * 0.3, -nose * 0.1, 0), skull * 0.75, coat, rng.uniform(0.4, 0.8)))
    parts.append(Solid("ball", snout + vec(nose * 0.3, -nose * 0.1, 0), np.full(3, skull * 0.5), dark))
    ear = rng.uniform(0.1, 0.45)
    for z in (-1, 1):
        root = head + vec(-skull * 0.2, skull * 0.6, z * skull * 0.55)
        tip = root + ear * vec(rng.uniform(-0.5, 0.2), rng.choice([1.0, 0.9, -0.8]), z * 0.4)
        parts += tube(np.array([root, (root + tip) / 2, tip]), skull * 0.3, dark, 0.35)
        parts.append(
            Solid(
                "ball",
                head + vec(skull * 0.6, skull * 0.3, z * skull * 0.6),
                np.full(3, skull * 0.16),
                Material(vec(15, 10, 8), vec(0, 0, 0), gloss=0.9, shine=60),
            )
        )
        if rng.random() < 0.15:
            horn = root + vec(0.1, 0, 0)
            parts += tube(
                np.array([horn, horn + vec(0.1, 0.2, z * 0.2), horn + vec(0.25, 0.35, z * 0.1)]), 0.05, dark, 0.3
            )
    stub, swing = rng.uniform(0.1, 1.1), rng.uniform(-1.2, 1.0)
    bend = np.array(
        [
            vec(-long * 0.9, girth * 0.3, 0) + stub * s * vec(-np.cos(swing * (1 + s)), np.sin(swing * (1 + s)), 0.1)
            for s in np.linspace(0, 1, 5)
        ]
    )
    return parts + tube(bend, rng.uniform(0.04, 0.14), dark, rng.uniform(0.3, 1.2))


def bird(rng: Rng, photos: Pool | None) -> Parts:
    """A bird, standing or with wings spread."""
    coat, dark = stuff(rng, photos, coat=rng.random() < 0.5), stuff(rng, photos)
    fat = rng.uniform(0.3, 0.55)
    lean = rng.uniform(-0.2, 0.9)
    turn = rotation(2, lean)
    parts: Parts = [Solid("ball", vec(0, 0, 0), vec(0.75, fat, fat), coat, turn)]
    neck = turn @ vec(0.6, fat * 0.4, 0)
    head = neck + vec(rng.uniform(0, 0.3), rng.uniform(0.15, 0.9), 0)
    parts += tube(np.array([neck, (neck + head) / 2 + vec(0.1, 0, 0), head]), fat * 0.5, coat, rng.uniform(0.35, 0.9))
    skull = rng.uniform(0.16, 0.28)
    parts.append(Solid("ball", head, np.full(3, skull), coat))
    parts.append(
        rod(
            head + vec(skull * 0.6, 0, 0),
            head + vec(skull + rng.uniform(0.1, 0.6), rng.uniform(-0.2, 0.05), 0),
            skull * 0.4,
            dark,
            0.1,
        )
    )
    for z in (-1, 1):
        parts.append(
            Solid(
                "ball",
                head + vec(skull * 0.5, skull * 0.25, z * skull * 0.7),
                np.full(3, skull * 0.17),
                Material(vec(10, 10, 10), vec(0, 0, 0), gloss=0.8),
            )
        )
        spread = rng.uniform(0.3, 1.4) if rng.random() < 0.4 else 0.0
        wing = vec(-0.1, 0.1 + spread * 0.4, z * (fat * 0.9 + spread * 0.5))
        parts.append(
            Solid(
                "ball",
                wing,
                vec(0.55, 0.1 + fat * 0.6 * (spread == 0), 0.08 + spread * 0.7),
                dark,
                turn @ rotation(0, z * spread * 0.4),
            )
        )
        foot = vec(rng.normal(0, 0.1), -fat - rng.uniform(0.1, 0.9), z * 0.15)
        parts += tube(np.array([vec(0, -fat * 0.6, z * 0.15), foot]), 0.035, dark)
        parts.append(Solid("ball", foot + vec(0.06, 0, 0), vec(0.14, 0.03, 0.08), dark))
    tail = rng.uniform(0.2, 0.9)
    return [*parts, Solid("ball", turn @ vec(-0.65 - tail * 0.5, 0.05, 0), vec(tail, 0.07, fat * 0.5), dark, turn)]


def doll(rng: Rng, photos: Pool | None) -> Parts:
    """A toy figure with a big head, or a slim one."""
    coat, cloth, face = (stuff(rng, photos, coat=rng.random() < 0.5) for _ in range(3))
    body, head = rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.55)
    parts: Parts = [Solid("ball", vec(0, 0, 0), vec(body * rng.uniform(0.6, 1.1), body, body * 0.7), cloth)]
    top = vec(rng.normal(0, 0.05), body + head * 0.75, 0)
    parts.append(Solid("ball", top, head * rng.uniform(0.85, 1.15, 3), face))
    limb = rng.uniform(0.07, 0.18)
    for side in (-1, 1):
        hand = vec(side * (body + rng.uniform(0.1, 0.5)), rng.uniform(-0.6, 0.9), rng.uniform(0, 0.4))
        parts += tube(
            np.array([vec(side * body * 0.6, body * 0.5, 0), (hand + vec(side * body, 0, 0)) / 2, hand]),
            limb,
            coat,
            0.8,
        )
        foot = vec(side * rng.uniform(0.1, 0.6), -body - rng.uniform(0.1, 1), rng.uniform(0, 0.5))
        parts += tube(np.array([vec(side * body * 0.4, -body * 0.6, 0), foot]), limb * 1.2, coat, 0.9)
        parts.append(Solid("ball", foot + vec(0, 0, 0.1), vec(limb * 1.3, limb, limb * 1.8), cloth))
        if rng.random() < 0.7:
            parts.append(
                Solid(
                    "ball",
                    top + vec(side * head * 0.7, head * rng.uniform(0.5, 1.3), 0),
                    vec(head * 0.35, head * rng.uniform(0.3, 1.0), head * 0.2),
                    coat,
                    rotation(2, -side * 0.3),
                )
            )
        parts.append(
            Solid(
                "ball",
                top + vec(side * head * 0.35, head * 0.15, head * 0.85),
                np.full(3, head * 0.14),
                Material(vec(10, 10, 10), vec(0, 0, 0), gloss=0.9),
            )
        )
    if rng.random() < 0.6:
        parts.append(
            Solid("ball", top + vec(0, -head * 0.2, head * 0.9), vec(head * 0.35, head * 0.25, head * 0.3), coat)
        )
    return parts
