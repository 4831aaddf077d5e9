"""Animals with coats: four legs, from horse to hedgehog, and birds. For the locator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blender as b
import materials as m
import numpy as np
from hairy import grow_coat
from look import Look
from strands import Ellipsoid, Floats, Style, unit

#: hairs on a part of one square unit
STRANDS = 40_000


@dataclass(frozen=True)
class Coat:
    """What covers an animal: two tints, the skin below, length and style of the hair, its radius."""

    tints: tuple[Floats, Floats]
    skin: Any
    long: float
    style: Style
    radius: float

    @classmethod
    def draw(cls, look: Look, pixel: float, lengths: tuple[float, ...]) -> Coat:
        """Draw tints, style and length at random; ``pixel`` is the width of a pixel in scene units."""
        rng = look.rng
        first = look.colour(natural=rng.random() < 0.85)
        second = look.colour(natural=True) if rng.random() < 0.5 else first * rng.uniform(0.5, 1)
        style = Style(
            steps=6, lean=rng.uniform(0.5, 1.2), droop=rng.uniform(0.1, 0.7), frizz=rng.uniform(0.02, 0.15),
            clump=rng.choice([0.0, 0.5]), spread=rng.uniform(0.1, 0.35), curl=rng.choice([0, 0, 0.08]), turns=2,
        )  # fmt: skip
        skin = m.material("skin", 0.3 * (first + second), roughness=1.0)
        return cls((first, second), skin, float(rng.choice(lengths)) * rng.uniform(0.7, 1.4), style, pixel * 0.8)

    def cover(self, look: Look, parts: list[Ellipsoid], bare: float = 1.0) -> None:
        """Draws the parts and lets hair grow on them, ``bare`` times as long."""
        comb, paint = unit(np.array([-1.0, 0, -0.6])), m.painted_material("coat")
        for part in parts:
            b.solid("part", part, self.skin, detail=32)
            grow_coat(
                look, part, parts, self.tints, (self.long * bare, comb, self.style), (self.radius, paint), STRANDS
            )


def _between(start: Floats, end: Floats, thick: float) -> Ellipsoid:
    """An ellipsoid from one point to another, seen from the side (both at one depth)."""
    along = end - start
    return Ellipsoid(
        tuple((start + end) / 2),
        (thick, thick, float(np.linalg.norm(along)) * 0.58),
        float(np.arctan2(along[0], along[2])),
    )


def beast(look: Look, pixel: float) -> None:
    """Standing, with its head up or down, seen from any side."""
    rng = look.rng
    coat = Coat.draw(look, pixel, (0.012, 0.02, 0.05, 0.12))
    long, girth, leg = rng.uniform(0.38, 0.62), rng.uniform(0.17, 0.32), rng.uniform(0.15, 0.75)
    back = -0.9 + leg + girth
    body = [
        Ellipsoid((0, 0, back), (long, girth * 0.85, girth)),
        Ellipsoid((long * 0.6, 0, back + 0.02), (girth * 1.05, girth * 0.9, girth * 1.1)),
        Ellipsoid((-long * 0.6, 0, back + 0.02), (girth * 1.05, girth * 0.9, girth * 1.05)),
    ]
    shoulder = np.array([long * 0.8, 0, back + girth * 0.5])
    lift, neck, skull = rng.uniform(-0.5, 1.4), rng.uniform(0.15, 0.55), girth * rng.uniform(0.5, 0.85)
    head = shoulder + neck * np.array([np.cos(lift), 0, np.sin(lift)])
    body.append(_between(shoulder - np.array([0.05, 0, 0.05]), head, girth * rng.uniform(0.4, 0.65)))
    down = rng.uniform(-1.2, 0.0)
    snout = head + skull * rng.uniform(0.9, 2.0) * np.array([np.cos(down), 0, np.sin(down)])
    face = [Ellipsoid(tuple(head), (skull,) * 3), _between(head, snout, skull * rng.uniform(0.5, 0.75))]
    tall = skull * rng.uniform(0.4, 1.4)
    for side in (-1, 1):
        ear = head + np.array([-skull * 0.3, side * skull * 0.6, skull * 0.7 + tall * 0.4])
        face.append(Ellipsoid(tuple(ear), (skull * 0.22, skull * 0.12, tall), float(rng.uniform(-0.5, 0.3))))
    legs, hoofs = [], []
    for x in (-long * 0.7, long * 0.7):
        for side in (-1, 1):
            hip = np.array([x, side * girth * 0.5, back - girth * 0.4])
            knee = np.array([x + rng.normal(0, 0.08), side * girth * 0.5, back - girth * 0.5 - leg * 0.5])
            foot = np.array([knee[0] + rng.normal(0, 0.06), side * girth * 0.5, -0.92])
            legs += [_between(hip, knee, girth * 0.3), _between(knee, foot, girth * rng.uniform(0.15, 0.25))]
            hoofs.append(Ellipsoid(tuple(foot), (girth * 0.26, girth * 0.22, 0.04)))
    stub = np.array([-long * 0.6 - girth * 0.9, 0, back + girth * 0.4])
    swing = rng.uniform(-1.3, 1.2)
    tail = _between(stub, stub + rng.uniform(0.1, 0.6) * np.array([-np.cos(swing), 0, np.sin(swing)]), girth * 0.14)
    yaw = float(rng.choice([0, np.pi]) + rng.normal(0, 0.5))
    horny = m.material("hoof", (0.05, 0.04, 0.03))

    def drawn() -> None:
        _dressed(look, coat, (body, face, [*legs, tail]), (head, snout, skull))
        for hoof in hoofs:
            b.solid("hoof", hoof, horny)

    for thing in b.added(drawn):
        thing.rotation_euler = (0, 0, yaw)


def _dressed(look: Look, coat: Coat, parts: tuple[list[Ellipsoid], ...], at: tuple[Floats, Floats, float]) -> None:
    """The coat, shorter on face and legs; eyes, nose, perhaps horns and a mane."""
    rng, (head, snout, skull) = look.rng, at
    for group, bare in zip(parts, (1.0, 0.4, 0.6), strict=True):
        coat.cover(look, group, bare)
    black = m.material("black", (0.01, 0.01, 0.01), roughness=0.1)
    b.solid("nose", Ellipsoid(tuple(snout + (snout - head) * 0.12), (skull * 0.22,) * 3), black, detail=16)
    horn = m.material("horn", look.colour(natural=True), roughness=0.4) if rng.random() < 0.25 else None
    bend = rng.normal(0, 0.3, 2)
    for side in (-1, 1):
        eye = head + np.array([skull * 0.5, side * skull * 0.75, skull * 0.3])
        b.solid("eye", Ellipsoid(tuple(eye), (skull * 0.13,) * 3), black, detail=16)
        if horn is not None:
            root = head + np.array([0, side * skull * 0.4, skull * 0.8])
            path = root + np.array([[0, 0, 0], [-0.05, side * 0.1, 0.12], [bend[0], side * 0.2, 0.25 + bend[1]]])
            b.tube("horn", path, np.array([0.04, 0.03, 0.008]), horn)


def bird(look: Look, pixel: float) -> None:
    """Standing or with wings spread: body, neck, beak, tail, thin legs."""
    rng = look.rng
    coat = Coat.draw(look, pixel, (0.03, 0.06, 0.1))
    fat, lean = rng.uniform(0.18, 0.34), rng.uniform(0.5, 1.4)
    body = Ellipsoid((0, 0, 0), (fat, fat * 0.9, fat * rng.uniform(1.3, 1.9)), lean)
    front = np.array([np.sin(lean), 0, np.cos(lean)]) * fat * 1.2
    head = front + np.array([rng.uniform(0.02, 0.2), 0, rng.uniform(0.08, 0.6)])
    skull = fat * rng.uniform(0.4, 0.65)
    tail = _between(-front, -front * rng.uniform(1.6, 3.0), fat * rng.uniform(0.15, 0.35))
    parts = [body, _between(front * 0.7, head, skull * 0.7), Ellipsoid(tuple(head), (skull,) * 3), tail]
    spread = rng.random() < 0.35
    wings = []
    for side in (-1, 1):
        if spread:
            long, tilt = rng.uniform(0.4, 0.8), side * rng.uniform(0.4, 1.2)
            wings.append(Ellipsoid((-0.05, 0.1 * side, 0.3 + 0.4 * (side > 0)), (0.25, 0.05, long), tilt))
        else:
            wings.append(Ellipsoid((-0.05, side * fat * 0.75, 0.05), (fat * 0.35, fat * 0.2, fat * 1.5), lean + 0.1))
    other = Coat.draw(look, pixel, (0.05, 0.1))
    leg = m.material("leg", look.colour() * 0.6, roughness=0.6)
    beak, black = (
        m.material("beak", look.colour(), roughness=0.3),
        m.material("black", (0.01, 0.01, 0.01), roughness=0.1),
    )
    tip = head + np.array([skull * rng.uniform(1.3, 3), 0, rng.uniform(-0.6, 0.1) * skull])

    def drawn() -> None:
        coat.cover(look, parts)
        other.cover(look, wings)
        b.tube("beak", np.array([head + np.array([skull * 0.7, 0, 0]), tip]), np.array([skull * 0.35, 0.004]), beak)
        for side in (-1, 1):
            b.solid(
                "eye",
                Ellipsoid(tuple(head + skull * np.array([0.45, side * 0.8, 0.3])), (skull * 0.16,) * 3),
                black,
                detail=16,
            )
            foot = np.array([0.05 + 0.06 * side, side * fat * 0.3, -fat - rng.uniform(0.1, 0.7)])
            b.tube(
                "leg",
                np.array([[0, side * fat * 0.3, -fat * 0.5], foot, foot + np.array([0.12, 0, -0.01])]),
                0.018,
                leg,
            )

    yaw = float(rng.choice([0, np.pi]) + rng.normal(0, 0.6))
    for thing in b.added(drawn):
        thing.rotation_euler = (0, 0, yaw)
