"""Made-up things for the locator to learn from: animals, toys, vessels, boxes, furniture, tools, plants, vehicles.

They are crude on purpose: what matters is the variety of outlines (legs, handles, holes, thin rods) and surfaces.
`make(rng, photos)` returns a tight RGBA picture with exact alpha.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .data import Pixels, Pool
from .solids import Floats, Material, Rng, Solid, render, rod, rotation, tube

Parts = list[Solid]
WORDS = (
    "PURE",
    "coffee",
    "No. 5",
    "TEA",
    "Soap",
    "fresh",
    "2.0 L",
    "ORGANIC",
    "Salt",
    "JUICE",
    "100%",
    "milk",
    "A4",
    "Oil",
)


def vec(x: float, y: float, z: float) -> Floats:
    return np.array([x, y, z], np.float64)


def hue(rng: Rng) -> Floats:
    """A colour: often muted, sometimes vivid, sometimes near white or black."""
    kind = rng.random()
    grey = rng.uniform(10, 250)
    if kind < 0.3:
        return np.asarray(np.clip(grey + rng.normal(0, 8, 3), 0, 255))
    return np.asarray(np.clip(grey + rng.normal(0, 25 if kind < 0.6 else 80, 3), 0, 255))


def earth(rng: Rng) -> Floats:
    """A coat's colour: brown, cream, black, grey, white, fox."""
    coats = np.array(
        [[120, 80, 50], [200, 170, 130], [35, 30, 28], [130, 128, 125], [235, 230, 220], [190, 110, 50], [85, 60, 45]]
    )
    return np.asarray(np.clip(coats[rng.integers(len(coats))] * rng.uniform(0.7, 1.25) + rng.normal(0, 8, 3), 0, 255))


def label(rng: Rng) -> Pixels:
    """A printed label: bands, discs and words."""
    picture = np.empty((128, 384, 3), np.uint8)
    picture[:] = hue(rng).astype(np.uint8)
    for _ in range(int(rng.integers(1, 6))):
        tone = [int(c) for c in hue(rng)]
        x, y = int(rng.integers(384)), int(rng.integers(128))
        kind = rng.random()
        if kind < 0.3:
            cv2.rectangle(picture, (0, y), (383, y + int(rng.integers(4, 40))), tone, -1)
        elif kind < 0.5:
            cv2.circle(picture, (x, y), int(rng.integers(5, 40)), tone, -1)
        else:
            word, scale = str(rng.choice(WORDS)), rng.uniform(0.6, 2.2)
            cv2.putText(
                picture, word, (x - 60, y), cv2.FONT_HERSHEY_DUPLEX, scale, tone, int(rng.integers(1, 5)), cv2.LINE_AA
            )
    return picture


def stuff(rng: Rng, photos: Pool | None, coat: bool = False) -> Material:
    """A random material; `coat` for animals."""
    pick = earth if coat and rng.random() < 0.85 else hue
    base, other = pick(rng), pick(rng)
    gloss, shine = (0.0, 1.0) if coat or rng.random() < 0.4 else (rng.uniform(0.1, 0.9), rng.choice([8.0, 30.0, 120.0]))
    kind = rng.random()
    if kind < 0.2 and photos is not None:
        picture = photos.draw(rng)
        h, w = (int(n * rng.uniform(0.1, 0.5)) for n in picture.shape[:2])
        top, left = int(rng.integers(picture.shape[0] - h)), int(rng.integers(picture.shape[1] - w))
        return Material(
            base, other, picture=np.ascontiguousarray(picture[top : top + h, left : left + w]), gloss=gloss, shine=shine
        )
    if kind < 0.6 or (coat and kind < 0.85):
        count = int(rng.integers(1, 9))
        waves = np.concatenate([rng.normal(0, rng.uniform(2, 14), (count, 3)), rng.uniform(0, 7, (count, 1))], axis=1)
        return Material(base, other, waves, rng.uniform(0.5, 8), gloss=gloss, shine=shine)
    return Material(base, other, gloss=gloss, shine=shine)


def arc(radius: float, start: float, end: float, count: int = 12) -> Floats:
    """Points of a circular arc in the x-y plane, (n, 3)."""
    angle = np.linspace(start, end, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(count)], axis=1)


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
