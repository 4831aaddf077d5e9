"""Things at home: dressed plush toys, wool, plants in pots; in coarser shapes than the others, for the locator."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from hairy import grow_coat
from look import Look
from plants import draw_blades, fern, grass, leaf_blade, twig
from strands import Ellipsoid, Floats, Style, unit


def toy(look: Look, pixel: float) -> None:
    """A bear, rabbit, dog or doll of plush, sitting or standing, in a jersey, trousers, scarf, or nothing."""
    rng = look.rng
    fur, other = (look.colour(natural=rng.random() < 0.6) for _ in range(2))
    coat = fur if rng.random() < 0.6 else other
    body, head, limbs, ears = _figure(rng)
    jersey, trousers = [body, *limbs[:2]] * (rng.random() < 0.5), limbs[2:] * (rng.random() < 0.35)
    bare = [part for part in [body, head, *limbs, *ears] if part not in jersey + trousers]
    long = float(rng.choice([0.015, 0.04, 0.09])) * rng.uniform(0.7, 1.4)
    style = Style(
        steps=6, lean=rng.uniform(0, 0.6), droop=rng.uniform(0, 0.5), frizz=rng.uniform(0.02, 0.15),
        clump=rng.choice([0.0, 0.5]), spread=rng.uniform(0.1, 0.4),
    )  # fmt: skip
    skin, paint, comb = m.material("plush", fur * 0.6, roughness=1.0), m.painted_material("fur"), np.array([0, 0, -1.0])
    for part in bare:
        b.solid("part", part, skin)
        grow_coat(look, part, [body, head, *limbs], (fur, coat), (long, comb, style), (pixel * 0.7, paint), 30_000)
    for garment in (jersey, trousers):
        cloth = _cloth(look)
        for part in garment:
            b.solid("cloth", _larger(part, 1.07), cloth)
    _face(look, head)
    if rng.random() < 0.4:
        _scarf(look, head)


def _figure(rng: np.random.Generator) -> tuple[Ellipsoid, Ellipsoid, list[Ellipsoid], list[Ellipsoid]]:
    """Body, head, arms and legs, ears: proportions and pose at random, facing -y."""
    sitting, plump = rng.random() < 0.5, rng.uniform(0.7, 1.3)
    body = Ellipsoid((0, 0, 0), (0.36 * plump, 0.32 * plump, rng.uniform(0.38, 0.6)))
    size = rng.uniform(0.26, 0.46)
    neck = body.radii[2] + size * rng.uniform(0.5, 0.85)
    head = Ellipsoid((rng.normal(0, 0.04), -0.05, neck), tuple(size * rng.uniform(0.85, 1.15, 3)))
    lean = rng.uniform(-0.5, 2.2, 2)
    arm, leg = rng.uniform(0.25, 0.42), rng.uniform(0.28, 0.5)
    limbs = []
    for side, tilt in zip((-1, 1), lean, strict=True):
        at = np.array([side * (body.radii[0] * 0.85 + arm * 0.6 * np.sin(tilt)), -0.12, 0.3 - 0.6 * arm * np.cos(tilt)])
        limbs.append(Ellipsoid(tuple(at), (arm * 0.38, arm * 0.38, arm), -side * tilt))
    for side in (-1, 1):
        if sitting:
            at = np.array([side * body.radii[0] * rng.uniform(0.6, 1.0), -0.4, -body.radii[2] * 0.8])
            limbs.append(Ellipsoid(tuple(at), (leg * 0.4, leg, leg * 0.4)))
        else:
            at = np.array([side * body.radii[0] * 0.5, 0, -body.radii[2] - leg * 0.4])
            limbs.append(Ellipsoid(tuple(at), (leg * 0.42, leg * 0.42, leg), side * rng.uniform(-0.3, 0.05)))
    tall = size * rng.choice([0.35, 0.5, 1.0])
    ears = [
        Ellipsoid((side * size * 0.7, 0, neck + size * 0.6 + tall * 0.5), (size * 0.3, size * 0.15, tall), side * 0.4)
        for side in (-1, 1)
    ] * (rng.random() < 0.8)
    return body, head, limbs, ears


def _larger(part: Ellipsoid, factor: float) -> Ellipsoid:
    x, y, z = (radius * factor for radius in part.radii)
    return Ellipsoid(part.centre, (x, y, z), part.tilt)


def _cloth(look: Look) -> Any:
    dark = look.rng.random() < 0.4
    return m.material("cloth", look.colour() * (0.12 if dark else 1.0), roughness=1.0)


def _face(look: Look, head: Ellipsoid) -> None:
    rng, (x, y, z), (wide, deep, tall) = look.rng, head.centre, head.radii
    black = m.material("black", (0.01, 0.01, 0.01), roughness=0.1)
    if rng.random() < 0.7:
        muzzle = Ellipsoid((x, y - deep * 0.8, z - tall * 0.25), (wide * 0.42, deep * 0.4, tall * 0.34))
        b.solid("muzzle", muzzle, m.material("muzzle", look.colour(natural=True), roughness=1.0))
        b.solid("nose", Ellipsoid((x, y - deep * 1.2, z - tall * 0.12), (wide * 0.14,) * 3), black, detail=20)
    eye = wide * rng.uniform(0.07, 0.17)
    for side in (-1, 1):
        b.solid(
            "eye", Ellipsoid((x + side * wide * 0.38, y - deep * 0.86, z + tall * 0.2), (eye,) * 3), black, detail=20
        )


def _scarf(look: Look, head: Ellipsoid) -> None:
    around = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius, height = head.radii[0] * 0.8, head.centre[2] - head.radii[2] * 0.95
    ring = np.stack([radius * np.cos(around), radius * np.sin(around), np.full(40, height)], 1)
    cloth, thick = _cloth(look), look.rng.uniform(0.05, 0.11)
    b.tube("scarf", ring, thick, cloth, closed=True)
    if look.rng.random() < 0.6:
        fall = np.array(
            [[0.1, -radius, height], [0.13, -radius - 0.12, height - 0.3], [0.12, -radius - 0.1, height - 0.6]]
        )
        b.tube("end", fall, thick * 0.9, cloth)


def yarn(look: Look, pixel: float) -> None:
    """Wool: a hank that hangs from a hook, a ball with a loose end, or a heap of loops."""
    rng = look.rng
    kind = str(rng.choice(["hank", "hank", "ball", "heap"]))
    count, t = int(rng.integers(60, 500)), np.linspace(0, 1, 48)
    if kind == "hank":
        wide, long = rng.uniform(0.08, 0.5, count), rng.uniform(1.2, 1.9) * rng.lognormal(0, 0.08, count)
        angle = np.pi * 2 * t
        x = wide[:, None] * np.sin(angle) * (1 - 0.5 * np.cos(angle)) + rng.normal(0, 0.03, (count, 1))
        z = 0.9 - long[:, None] * (1 - np.cos(angle)) / 2
        y = rng.normal(0, 0.12, (count, 1)) * np.sin(angle / 2)
        paths = np.stack([x, y, z], -1)
        normals = unit(np.c_[rng.normal(0, 0.6, count), -np.ones(count), rng.normal(0, 0.2, count)])
    else:
        first, second = (unit(rng.normal(size=(count, 3))) for _ in range(2))
        second = unit(second - (first * second).sum(1, keepdims=True) * first)
        turn = 2 * np.pi * t[None, :, None]
        radius = 0.65 * (1 + rng.normal(0, 0.02 if kind == "ball" else 0.25, (count, 1, 1)))
        paths = radius * (first[:, None] * np.cos(turn) + second[:, None] * np.sin(turn))
        if kind == "heap":
            paths = paths * (1.2, 0.8, 0.4) + rng.normal(0, 0.15, (count, 1, 3))
        normals = np.tile([0, -1.0, 0.3], (count, 1))
    wave = rng.uniform(0, 0.03) * np.sin(rng.uniform(20, 60) * t + rng.uniform(0, 6, (count, 1)))
    paths = paths + wave[..., None] * unit(rng.normal(size=(count, 1, 3)))
    tint = _strands_of_two(look, count)
    thick = rng.uniform(1.5, 6) * pixel
    b.hair(
        "yarn",
        paths,
        look.on_strands(paths, normals, tint, depth=0.2, gloss=0.05),
        thick,
        thick,
        m.painted_material("yarn"),
    )
    if kind == "ball":
        b.solid("core", Ellipsoid((0, 0, 0), (0.62,) * 3), m.material("core", tint[0] * 0.5, roughness=1.0))


def _strands_of_two(look: Look, count: int) -> Floats:
    first, second = look.colour(), look.colour()
    if look.rng.random() < 0.5:
        second = first
    share = (look.rng.random((count, 1)) < 0.5).astype(float)
    return np.asarray((first * share + second * (1 - share)) * look.rng.lognormal(0, 0.2, (count, 1)))


def potted(look: Look, pixel: float) -> None:
    """A plant in a pot: broad leaves, a bush, a cactus, or one of the wild plants."""
    rng = look.rng
    top, foot, tall = rng.uniform(0.3, 0.55), rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.75)
    rim = rng.uniform(0, 0.05)
    profile = np.array(
        [[0, 0], [foot, 0], [top, tall], [top + rim, tall], [top + rim, tall + 0.1], [top - 0.04, tall + 0.1],
         [top - 0.06, tall - 0.02], [0, tall - 0.02]]
    )  # fmt: skip
    glaze = m.material("pot", look.colour(natural=rng.random() < 0.5), roughness=rng.uniform(0.1, 1.0))
    pot = b.lathe("pot", profile - (0, 0.95), glaze)
    soil = tall - 0.97
    plant = rng.choice(np.array([_broad, _broad, _bush, _cactus, fern, twig, grass], object))
    for thing in b.added(lambda: plant(look, pixel)):
        thing.location = (0, 0, soil + 0.66)
        thing.scale = (0.7, 0.7, 0.7)
    pot.location = (0, 0, 0)


def _broad(look: Look, pixel: float) -> None:
    """Long or round leaves on stalks from one foot: rubber plant, aloe, tulip, palm."""
    rng = look.rng
    green = [m.thin_material("leaf", look.leaf_green()) for _ in range(2)]
    stem = m.material("stem", look.leaf_green() * 0.7, roughness=0.8)
    size, slim, stalk = rng.uniform(0.4, 1.2), rng.uniform(0.06, 0.4), rng.uniform(0, 0.8)
    foot = np.array([0, 0, -0.95])
    for _ in range(int(rng.integers(5, 40))):
        out = unit(np.array([rng.normal(0, 0.7), rng.normal(0, 0.5), rng.uniform(0.3, 1.5)]))
        at = foot + stalk * out * rng.uniform(0.5, 1.2)
        b.tube("stalk", np.array([foot, foot + 0.5 * (at - foot) + (0, 0, 0.05), at]), rng.uniform(2, 5) * pixel, stem)
        points, faces = leaf_blade(at, out, size * rng.uniform(0.6, 1.1), slim, 0.0, rng)
        b.mesh("leaf", points, faces.tolist(), green[int(rng.integers(2))])


def _bush(look: Look, _pixel: float) -> None:
    """A dense ball or cone of small leaves, perhaps with flowers."""
    rng = look.rng
    count, size = int(rng.integers(200, 900)), rng.uniform(0.1, 0.25)
    crown = Ellipsoid((0, 0, -0.2), tuple(rng.uniform(0.4, 0.8, 3)))
    at, out = crown.roots(count, rng)
    at = np.asarray(crown.centre) + (at - np.asarray(crown.centre)) * rng.random((count, 1)) ** 0.4
    flower = rng.random(count) < rng.choice([0, 0.1, 0.3])
    green, petal = m.thin_material("leaf", look.leaf_green()), m.thin_material("petal", look.colour())
    for made, chosen in ((green, ~flower), (petal, flower)):
        blades = [
            leaf_blade(place, unit(way + rng.normal(0, 0.6, 3)), size * rng.uniform(0.6, 1.2), 0.3, 0.0, rng)
            for place, way in zip(at[chosen], out[chosen], strict=True)
        ]
        draw_blades("leaves", blades, made)
    b.tube("trunk", np.array([[0, 0, -1.0], [0.02, 0, -0.2]]), 0.04, m.material("bark", (0.15, 0.09, 0.05)))


def _cactus(look: Look, pixel: float) -> None:
    """Ribbed columns or balls with spines."""
    rng = look.rng
    skin, paint = m.material("cactus", look.leaf_green() * 0.8, roughness=0.6), m.painted_material("spine")
    for _ in range(int(rng.integers(1, 5))):
        wide, tall = rng.uniform(0.15, 0.4), rng.uniform(0.2, 0.9)
        body = Ellipsoid((rng.normal(0, 0.25), rng.normal(0, 0.15), -0.95 + tall), (wide, wide, tall))
        b.solid("cactus", body, skin)
        style = Style(steps=4, lean=0, droop=0, frizz=0.0, clump=0.3, tuft=8, spread=0.4)
        pale = np.array([0.7, 0.65, 0.5])
        comb = np.array([0.0, 0.0, -1.0])
        grow_coat(look, body, [body], (pale, pale), (rng.uniform(0.04, 0.15), comb, style), (pixel * 0.6, paint), 3000)
