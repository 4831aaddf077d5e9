"""Grass tufts, leafy twigs, ferns."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from look import Look
from strands import Ellipsoid, Floats, Style, grow, unit


def grass(look: Look, pixel: float) -> None:
    """One to three tufts of grass."""
    rng = look.rng
    paint = m.painted_material("grass")
    for _ in range(rng.integers(1, 4)):
        count = int(rng.integers(60, 900))
        centre = np.array([rng.uniform(-0.5, 0.5), rng.uniform(-0.1, 0.1), -0.9])
        roots = centre + rng.normal(0, (rng.uniform(0.05, 0.3), 0.1, 0.01), (count, 3))
        out = unit(np.c_[rng.normal(0, 0.5, count), rng.normal(0, 0.4, count), np.full(count, 1.2)])
        style = Style(steps=16, lean=0, droop=rng.uniform(0.2, 1.3), frizz=0.01, clump=0, spread=0.1)
        paths = grow(roots, out, rng.uniform(0.6, 1.7) * rng.lognormal(0, 0.3, count), np.zeros(3), style, rng)
        tint = look.leaf_green() * rng.lognormal(0, 0.25, (count, 1))
        shade = look.on_strands(paths, unit(out + rng.normal(0, 0.7, out.shape)), tint)
        thick = rng.uniform(0.8, 7) * pixel
        b.hair("grass", paths, shade, thick, pixel * 0.3, paint)


def leaf_blade(
    at: Floats, along: Floats, size: float, slim: float, notch: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One bent leaf as a strip of quads: vertices (22, 3) in scene units, and faces (10, 4) of vertex numbers.

    From ``at`` (3,) in the direction ``along`` (3,), ``size`` long; half its width is ``slim`` of that, and waves by
    ``notch`` of itself.
    """
    t = np.linspace(0, 1, 11)
    half = size * slim * np.sin(np.pi * t**0.75) * (1 + notch * np.cos(9 * np.pi * t))
    across = unit(np.cross(along, rng.normal(size=3)))
    up = np.cross(along, across)
    spine = at + size * t[:, None] * along - 0.18 * size * (t**2)[:, None] * up
    fold = 0.25 * half[:, None] * up
    vertices = np.stack([spine + half[:, None] * across + fold, spine - half[:, None] * across + fold], 1).reshape(
        -1, 3
    )
    index = np.arange(22).reshape(11, 2)
    return vertices, np.stack([index[:-1, 0], index[:-1, 1], index[1:, 1], index[1:, 0]], -1)


def draw_blades(name: str, blades: list[tuple[Floats, Floats]], made: Any) -> None:
    """Any number of leaves of ``leaf_blade`` as one mesh."""
    if blades:
        faces = np.concatenate([quads + 22 * place for place, (_, quads) in enumerate(blades)])
        b.mesh(name, np.concatenate([vertices for vertices, _ in blades]), faces.tolist(), made)


def twig(look: Look, pixel: float) -> None:
    """A branching stem with leaves at its nodes, sometimes bare, sometimes with berries."""
    rng = look.rng
    bark = m.material("bark", look.colour(natural=True) * 0.7, roughness=0.8)
    leaf = m.thin_material("leaf", look.leaf_green())
    other = m.thin_material("leaf", look.leaf_green())
    berry = m.material("berry", look.colour(), roughness=0.15)
    slim, notch, size = rng.uniform(0.08, 0.38), rng.choice([0, 0, 0.25]), rng.uniform(0.1, 0.32)
    bare, reach = rng.random() < 0.12, rng.uniform(0.9, 1.5)
    stack = [
        (
            np.array([rng.uniform(-0.3, 0.3), 0, -0.95]),
            unit(np.array([rng.normal(0, 0.2), 0, 1.0])),
            reach,
            rng.uniform(6, 14) * pixel,
            0,
        )
    ]
    blades: list[tuple[Floats, Floats]] = []
    while stack:
        at, heading, length, thick, level = stack.pop()
        path, steps = [at], 12
        for step in range(steps):
            heading = unit(heading + rng.normal(0, 0.09, 3) + np.array([0, 0, 0.02 if level == 0 else -0.02]))
            at = at + heading * length / steps
            path.append(at)
            if level < 3 and step > 1 and rng.random() < 0.55:
                turned = unit(heading + rng.normal(0, 0.75, 3) * (1, 0.5, 1))
                stack.append((at, turned, length * rng.uniform(0.3, 0.6), thick * 0.55, level + 1))
            if not bare and level > 0 and rng.random() < 0.75:
                out = unit(heading + rng.normal(0, 0.8, 3))
                blades.append(leaf_blade(at, out, size * rng.uniform(0.6, 1.2), slim, notch, rng))
            if level > 0 and rng.random() < 0.03:
                b.solid("berry", _round(at, rng.uniform(0.02, 0.05)), berry, detail=14)
        b.tube("stem", np.array(path), np.linspace(thick, thick * 0.5, len(path)), bark)
    for made, part in ((leaf, blades[::2]), (other, blades[1::2])):
        draw_blades("leaves", part, made)


def _round(at: Floats, radius: float) -> Ellipsoid:
    return Ellipsoid((at[0], at[1], at[2]), (radius, radius, radius))


def fern(look: Look, pixel: float) -> None:
    """Fronds: rows of slim leaflets that shrink to the tip."""
    rng = look.rng
    leaf, stem = m.thin_material("fern", look.leaf_green()), m.material("stem", look.leaf_green() * 0.6)
    for _ in range(rng.integers(2, 8)):
        t = np.linspace(0, 1, 44)
        lean, bow, long = rng.uniform(-1.0, 1.0), rng.uniform(0.1, 0.7), rng.uniform(1.0, 1.8)
        x, z = (
            long * (t * np.sin(lean) + bow * np.sign(lean) * t**2.2 * 0.5),
            long * (t * np.cos(lean) - bow * t**2.2 * 0.6),
        )
        path = np.stack([x, rng.uniform(-0.3, 0.3) * t, z - 0.95], 1)
        b.tube("rachis", path, np.linspace(3.0, 0.8, 44) * pixel, stem)
        blades = []
        for place in range(5, 44):
            along = unit(path[place] - path[place - 1])
            across = unit(np.cross(along, [0.0, 1.0, 0.0]))
            for side in (-1, 1):
                size = 0.34 * long * np.sin(np.pi * min(1, t[place] + 0.12)) ** 0.8 * 0.7 + 0.02
                blades.append(leaf_blade(path[place], unit(side * across + 0.5 * along), size, 0.085, 0.0, rng))
        draw_blades("leaflets", blades, leaf)
