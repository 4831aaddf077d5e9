"""Things with hair: fur balls, wigs, seed heads, fans of feathers."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from look import Look
from strands import Ellipsoid, Floats, Style, grow, unit

DOWN = np.array([0.0, 0.0, -1.0])


def _tints(look: Look, roots: Floats, first: Floats, second: Floats) -> Floats:
    """Two colours in soft patches; each strand differs a little from the patch."""
    wave = look.rng.normal(0, 2.2, (3, 3))
    patch = np.tanh(4 * np.sin(roots @ wave + look.rng.uniform(0, 6, 3)).mean(1))[:, None] * 0.5 + 0.5
    return np.asarray((first * patch + second * (1 - patch)) * look.rng.lognormal(0, 0.18, (len(roots), 1)))


def fur_ball(look: Look, pixel: float) -> None:
    """Ellipsoids covered with hair of two tints, from short and straight to long and curled."""
    rng = look.rng
    first, second = (look.colour(natural=rng.random() < 0.6) for _ in range(2))
    if rng.random() < 0.4:
        second = first
    parts = [Ellipsoid((0, 0, 0), tuple(rng.uniform(0.4, 0.7, 3)))]
    for _ in range(rng.integers(0, 5)):
        at = unit(rng.normal(size=3) * (1, 0.5, 1)) * rng.uniform(0.4, 0.75)
        parts.append(Ellipsoid(tuple(at), tuple(rng.uniform(0.12, 0.35, 3)), rng.uniform(-1, 1)))
    long = rng.choice([0.06, 0.15, 0.3, 0.5]) * rng.uniform(0.7, 1.2)
    style = Style(
        steps=10, lean=rng.uniform(0, 0.6), droop=rng.uniform(0, 0.7), frizz=rng.uniform(0.01, 0.12),
        clump=rng.choice([0.0, 0.4, 0.75]), tuft=int(rng.integers(20, 90)), spread=rng.uniform(0.1, 0.4),
        curl=rng.choice([0, 0, 0.08]), turns=rng.uniform(1, 3),
    )  # fmt: skip
    skin, paint = m.glow_material("skin", 0.12 * (first + second), 1.0), m.painted_material("fur")
    root = pixel * rng.uniform(0.4, 1.1)
    comb = unit(rng.normal(size=3) + DOWN)
    for part in parts:
        b.solid("part", part, skin)
        grow_coat(look, part, parts, (first, second), (long, comb, style), (root, paint))


def grow_coat(
    look: Look, part: Ellipsoid, parts: list[Ellipsoid], tints: tuple[Floats, Floats],
    growth: tuple[float, Floats, Style], drawn: tuple[float, Any], strands: int = 75_000,
) -> None:  # fmt: skip
    """Hair on `part` where none of the other `parts` covers it: two tints, linear RGB.

    ``growth``: length in scene units, comb (a direction, (3,)) and style. ``drawn``: radius in scene units and paint.
    """
    rng, (long, comb, style), (root, paint) = look.rng, growth, drawn
    roots, normals = part.roots(int(strands * np.prod(np.sort(part.radii)[1:]) / 0.36), rng)
    outside = ~np.any(
        [other.contains(roots) for other in parts if other is not part] or [np.zeros(len(roots), bool)], axis=0
    )
    roots, normals = roots[outside], normals[outside]
    if not len(roots):  # covered completely: Blender crashes on a coat without hairs
        return
    length = long * rng.lognormal(0, 0.25, len(roots)) * (1 + 0.9 * (rng.random(len(roots)) < 0.01))
    paths = grow(roots, normals, length, comb, style, rng)
    shade = look.on_strands(paths, normals, _tints(look, roots, *tints))
    b.hair("fur", paths, shade, root, root * 0.3, paint)


def wig(look: Look, pixel: float) -> None:
    """A head from any side with straight, wavy or curly hair; some strands fly."""
    rng = look.rng
    head = Ellipsoid((0, 0, 0.25), (0.36, 0.44, 0.5))
    skin = m.material("skin", np.array([0.62, 0.36, 0.24]) * rng.uniform(0.15, 1.2), roughness=0.5)
    b.solid("head", head, skin)
    b.solid("neck", Ellipsoid((0, 0.05, -0.35), (0.17, 0.17, 0.4)), skin)
    b.solid(
        "shoulders", Ellipsoid((0, 0.1, -0.85), (0.8, 0.32, 0.36)), m.material("shirt", look.colour(), roughness=0.9)
    )
    kind = rng.choice(["straight", "wavy", "straight", "wavy", "curly", "afro"])
    long = {"straight": 1.1, "wavy": 1.0, "curly": 1.0, "afro": 0.3}[str(kind)] * rng.uniform(0.6, 1.25)
    curl, turns = {"straight": (0.0, 0.0), "wavy": (0.025, 3.0), "curly": (0.035, 7.0), "afro": (0.09, 5.0)}[str(kind)]
    style = Style(
        steps=34 if curl else 14, lean=0.3, spread=0.15, frizz=rng.uniform(0.01, 0.05),
        droop=0.1 if kind == "afro" else rng.uniform(1.1, 2.2),
        clump=0.1 if kind == "afro" else rng.uniform(0.3, 0.85), tuft=int(rng.integers(30, 120)),
        curl=curl, turns=turns * rng.uniform(0.7, 1.3),
    )  # fmt: skip
    roots, normals = head.roots(45_000 if curl else 80_000, rng)
    turn = rng.uniform(0, 2 * np.pi)
    face = roots @ np.array([np.sin(turn), np.cos(turn), 0.0])
    scalp = (roots[:, 2] > 0.1 + 0.9 * np.clip(face, -0.3, 0.42)) & (roots[:, 2] > -0.05)
    roots, normals = roots[scalp], normals[scalp]
    colour, paint, root = (
        look.colour(natural=rng.random() < 0.85),
        m.painted_material("hair"),
        pixel * rng.uniform(0.35, 0.9),
    )
    wind = unit(np.array([rng.uniform(-1, 1), 0, rng.uniform(-0.5, 0.2)]))
    wild = Style(
        steps=30, lean=0.3, droop=rng.uniform(0.2, 0.8), frizz=0.08, clump=0, spread=0.6, curl=curl, turns=turns
    )
    loose = rng.random(len(roots)) < rng.choice([0.003, 0.012, 0.03])
    for chosen, how, thick in ((~loose, style, root), (loose, wild, root * 0.8)):
        at, out = roots[chosen], normals[chosen]
        length = long * rng.lognormal(0, 0.12, len(at))
        paths = grow(at, out, length, wind, how, rng)
        tint = colour * rng.lognormal(0, 0.22, (len(at), 1))
        b.hair("hair", paths, look.on_strands(paths, out, tint, depth=0.35, gloss=0.5), thick, thick * 0.5, paint)


def seed_head(look: Look, pixel: float) -> None:
    """Dandelion clocks: thin stalks from a core, each with an umbrella of still thinner hairs."""
    rng = look.rng
    paint, pale = m.painted_material("seed"), np.array([0.75, 0.72, 0.66]) * rng.uniform(0.5, 1.2)
    stalk = m.material("stalk", look.leaf_green())
    still = Style(steps=4, lean=0, droop=0, frizz=0.01, clump=0, spread=0.04)
    for _ in range(rng.integers(1, 4)):
        at, size = (
            np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.2, 0.2), rng.uniform(-0.1, 0.6)]),
            rng.uniform(0.25, 0.5),
        )
        b.solid("core", Ellipsoid(tuple(at), (size * 0.12,) * 3), m.material("core", (0.2, 0.13, 0.06)), detail=20)
        bend = np.linspace(0, 1, 20)[:, None]
        foot = np.array([at[0] * 0.3, 0, -1.3])
        b.tube("stem", at + bend * (foot - at) + 0.1 * np.sin(np.pi * bend) * rng.normal(size=3), 0.018, stalk)
        roots, out = Ellipsoid(tuple(at), (size * 0.12,) * 3).roots(int(rng.integers(120, 330)), rng)
        stalks = grow(roots, out, np.full(len(roots), size * 0.6), np.zeros(3), still, rng)
        tops, spokes = np.repeat(stalks[:, -1], 34, axis=0), np.repeat(out, 34, axis=0)
        spread = unit(spokes * 0.55 + 0.75 * unit(np.cross(spokes, rng.normal(size=spokes.shape))))
        plume = grow(tops, spread, size * 0.3 * rng.uniform(0.7, 1.1, len(tops)), np.zeros(3), still, rng)
        for paths, normals, thick in ((stalks, out, 0.6), (plume, spread, 0.35)):
            shade = look.on_strands(paths, normals, np.broadcast_to(pale, (len(paths), 3)), depth=0.2)
            b.hair("seed", paths, shade, pixel * thick, pixel * thick * 0.6, paint)


def feathers(look: Look, pixel: float) -> None:
    """One feather, or a fan of up to seven."""
    rng = look.rng
    paint, first, second = m.painted_material("feather"), look.colour(), look.colour()
    count, fluffy = int(rng.integers(1, 8)), rng.choice([0.02, 0.10, 0.25])
    fan = np.linspace(-0.9, 0.9, count) if count > 1 else np.array([rng.uniform(-0.6, 0.6)])
    for place, lean in enumerate(fan):
        turned = np.array([np.sin(lean), 0.0, np.cos(lean)])
        across = np.array([np.cos(lean), 0.0, -np.sin(lean)])
        t = np.linspace(0, 1, 40)[:, None]
        bow = rng.uniform(-0.15, 0.15)
        start = np.array([0, 0.02 * place, -0.85])
        spine = start + 1.75 * t * turned + bow * np.sin(np.pi * t) * across
        b.hair("spine", spine[None], np.full((1, 3), 0.5) * second, 3.5 * pixel, pixel, paint)
        along = np.sort(rng.uniform(0.18, 1, 2600))
        side = rng.choice([-1.0, 1.0], 2600)
        at = np.stack([np.interp(along, t[:, 0], spine[:, axis]) for axis in range(3)], 1)
        width = 0.24 * np.sin(np.pi * np.clip(along, 0.02, 1) ** 0.8) ** 0.6 + 0.03
        out = unit(side[:, None] * across + (0.5 + 0.9 * along[:, None]) * turned)
        style = Style(
            steps=10, lean=0, droop=0, frizz=float(fluffy) * 0.4, clump=0.5, tuft=9, spread=0.03 + float(fluffy)
        )
        paths = grow(at, out, width * rng.lognormal(0, 0.1, 2600), np.zeros(3), style, rng)
        band = 0.5 + 0.5 * np.tanh(4 * np.sin(along * rng.uniform(4, 20)))[:, None]
        tint = (first * band + second * (1 - band)) * rng.lognormal(0, 0.1, (2600, 1))
        shade = look.on_strands(paths, np.tile([0, -1.0, 0.2], (2600, 1)), tint, depth=0.15)
        b.hair("barbs", paths, shade, pixel * 0.8, pixel * 0.4, paint)
