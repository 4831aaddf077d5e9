"""Places to photograph something in, without it: table tops before rooms, shelves, gardens; often out of focus."""

from __future__ import annotations

import blender as b
import materials as m
import numpy as np
from household import bouquet, device, fruit, holder, lamp
from look import Kind, Look
from plants import fern, grass, twig
from products import bottle, box, chair, mug
from strands import Ellipsoid
from toys import potted
from worn import bag, garment, hat, shoe

INDOORS: list[Kind] = [bottle, box, chair, mug, potted, holder, bouquet, lamp, fruit, device, bag, garment, hat, shoe]
OUTDOORS: list[Kind] = [grass, fern, twig, potted, grass, twig]
#: where the ground lies, in scene units
GROUND = -1.0


def place(look: Look, pixel: float) -> None:
    """A ground, something behind it, and things that stand about; the middle is left free."""
    inside = look.rng.random() < 0.6
    deep = look.rng.uniform(1.0, 6.0)
    (_room if inside else _land)(look, deep)
    for _ in range(int(look.rng.integers(0, 9))):
        _stands(look, pixel, INDOORS if inside else OUTDOORS, deep)


def _stands(look: Look, pixel: float, kinds: list[Kind], deep: float) -> None:
    """One thing on the ground, behind or to the side of the middle."""
    rng = look.rng
    kind = kinds[int(rng.integers(len(kinds)))]
    far = rng.uniform(0.6, max(0.7, deep))
    free = 0.0 if far > 2.5 else 0.7
    at = np.array([rng.choice([-1, 1]) * rng.uniform(free, 2.4), far, 0.0])
    scale = rng.uniform(0.3, 0.8)
    for thing in b.added(lambda: kind(look, pixel * 2)):
        thing.scale = tuple(scale * np.asarray(thing.scale))
        x, y, z = scale * np.asarray(thing.location) + at
        thing.location = (x, y, z + GROUND + 0.95 * scale)


def _sheet(look: Look, corners: list[tuple[float, float, float]], tint: float = 1.0) -> None:
    """A flat surface by four corners."""
    made = m.any_surface(look) if look.rng.random() < 0.6 else m.material("sheet", look.colour() * tint, roughness=0.9)
    b.sheet("sheet", np.array(corners), made)


def _room(look: Look, deep: float) -> None:
    """A table or floor, a wall, perhaps a table's edge with a floor below, boards, a bright window."""
    rng = look.rng
    edge = rng.uniform(0.4, deep) if rng.random() < 0.4 else deep
    _sheet(look, [(-9, -7, GROUND), (9, -7, GROUND), (9, edge, GROUND), (-9, edge, GROUND)])
    if edge < deep:
        _sheet(look, [(-9, edge, -3), (9, edge, -3), (9, deep, -3), (-9, deep, -3)])
    _sheet(look, [(-9, deep, -4), (9, deep, -4), (9, deep, 9), (-9, deep, 9)], 0.8)
    for height in rng.uniform(-0.6, 2.5, int(rng.choice([0, 0, 1, 3]))):
        _sheet(look, [(-9, deep - 0.4, height), (9, deep - 0.4, height), (9, deep, height), (-9, deep, height)])
    if rng.random() < 0.35:
        left, low, wide, tall = rng.uniform(-3, 2), rng.uniform(-0.6, 0.6), rng.uniform(0.6, 2.5), rng.uniform(0.8, 2.5)
        pane = [(left, 0), (left + wide, 0), (left + wide, tall), (left, tall)]
        light = m.glow_material("light", tuple(look.colour() * 0.2 + 0.6), rng.uniform(0.6, 2))
        b.sheet("window", np.array([(x, deep - 0.02, low + z) for x, z in pane]), light)
        wood = m.material("frame", look.colour())
        for bar in np.linspace(left, left + wide, int(rng.integers(2, 5))):
            b.tube("bar", np.array([[bar, deep - 0.05, low], [bar, deep - 0.05, low + tall]]), 0.04, wood)


def _land(look: Look, deep: float) -> None:
    """Ground, sky, hills or walls far away, bushes and trunks."""
    rng = look.rng
    earth = look.leaf_green() if rng.random() < 0.6 else look.colour(natural=True)
    paint = m.patterned(look, (earth, earth * rng.uniform(0.4, 0.9)))
    ground = np.array([(-60, -7, GROUND), (60, -7, GROUND), (60, 60, GROUND), (-60, 60, GROUND)])
    b.sheet("ground", ground, paint)
    night = rng.random() < 0.2
    blue, haze = np.array([0.25, 0.45, 0.9]) * rng.uniform(0.5, 1.2), np.array([0.8, 0.8, 0.8]) * rng.uniform(0.7, 1.2)
    for step, low in enumerate(np.linspace(-2, 30, 9)):
        tint = (haze + (blue - haze) * step / 8) * (0.04 if night else 1)
        wall = np.array([(-90, 60, low), (90, 60, low), (90, 60, low + 4), (-90, 60, low + 4)])
        b.sheet("sky", wall, m.glow_material("sky", tuple(tint), 1.0))
    for _ in range(int(rng.integers(0, 9))):
        away = rng.uniform(max(2.0, deep), 40)
        size = away * rng.uniform(0.05, 0.3) * np.array([rng.uniform(0.7, 3), 0.5, rng.uniform(0.5, 2)])
        centre = (rng.uniform(-0.8, 0.8) * away, away, GROUND + size[2] * rng.uniform(-0.2, 0.6))
        green = look.leaf_green() if rng.random() < 0.7 else look.colour()
        if rng.random() < 0.25:
            low, tall = np.asarray(centre) - (size * (1, 1, 2)), size * 2
            corners = [low + tall * np.array([x, 0, z]) for x, z in ((0, 0), (1, 0), (1, 1), (0, 1))]
            b.sheet("house", np.array(corners), m.patterned(look))
        else:
            b.solid("bush", Ellipsoid(centre, tuple(size)), m.patterned(look, (green, green * 0.3)), detail=24)
    for _ in range(int(rng.integers(0, 6))):
        x, y, lean = rng.uniform(-4, 4), rng.uniform(1.5, 14), rng.normal(0, 0.2)
        trunk = np.array([[x, y, GROUND], [x + lean, y, 6.0]])
        b.tube("trunk", trunk, rng.uniform(0.05, 0.3), m.material("bark", look.colour(natural=True) * 0.5, roughness=1))
