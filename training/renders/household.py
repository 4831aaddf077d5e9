"""Things that shops photograph: cups of pencils, flowers, fruit, lamps, cameras, bicycles, in simple shapes."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from look import Look
from plants import draw_blades, leaf_blade
from strands import Ellipsoid, Floats, about_z, unit


def _turned(look: Look, name: str, foot: float, top: float, tall: float, made: Any, belly: float = 0.0) -> Any:
    """An open vessel of revolution that stands at z = 0, with a wall."""
    t = np.linspace(0, 1, 24)
    outer = foot + (top - foot) * t + belly * np.sin(np.pi * t)
    wall = look.rng.uniform(0.02, 0.05)
    inside = np.c_[np.maximum(outer[::-1] - wall, 0.01), np.maximum(tall * t[::-1], wall)]
    profile = np.concatenate([[[0, 0]], np.c_[outer, tall * t], inside, [[0, wall]]])
    return b.lathe(name, profile, made)


def holder(look: Look, _pixel: float) -> None:
    """A cup, jar or basket with pencils, brushes, spoons or sticks in it."""
    rng = look.rng
    foot, tall = rng.uniform(0.22, 0.42), rng.uniform(0.5, 0.95)
    top = foot * rng.uniform(0.9, 1.35)
    _turned(look, "cup", foot, top, tall, m.any_surface(look)).location = (0, 0, -0.95)
    kind, wood = rng.choice(["pencil", "brush", "spoon", "stick"]), look.colour(natural=True)
    for _ in range(int(rng.integers(3, 22))):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.9) * top
        start = np.array([-lean * 0.5 * np.cos(angle), -lean * 0.5 * np.sin(angle), -0.9])
        end = np.array([lean * np.cos(angle), lean * np.sin(angle), -0.95 + tall])
        along, long = unit(end - start), rng.uniform(1.1, 2.0) * tall
        tip = start + along * long
        thick = rng.uniform(0.012, 0.035)
        paint = m.material(
            "stick", wood if kind in ("stick", "spoon") else look.colour(), roughness=rng.uniform(0.2, 0.9)
        )
        b.tube("stick", np.array([start, tip]), thick, paint)
        if kind == "pencil":
            lead = m.material("lead", look.colour())
            b.tube("point", np.array([tip, tip + along * 0.09]), np.array([thick, 0.002]), lead)
        elif kind == "brush":
            hairs = m.material("bristle", look.colour(natural=True), roughness=1.0)
            swell = thick * np.array([1.0, rng.uniform(1.2, 3), 0.3])
            b.tube("bristle", tip + along * np.array([[0], [0.1], [0.24]]), swell, hairs)
        elif kind == "spoon":
            bowl = Ellipsoid(
                tuple(tip + 0.08 * along), (thick * 3, thick * 1.2, 0.13), float(np.arctan2(along[0], along[2]))
            )
            b.solid("bowl", bowl, paint, detail=20)


def bouquet(look: Look, pixel: float) -> None:
    """Flowers on stalks, in a vase or bare."""
    rng = look.rng
    base = -0.95
    if rng.random() < 0.7:
        tall = rng.uniform(0.5, 0.9)
        vase = _turned(
            look,
            "vase",
            rng.uniform(0.15, 0.3),
            rng.uniform(0.12, 0.3),
            tall,
            m.any_surface(look),
            rng.uniform(0, 0.25),
        )
        vase.location = (0, 0, -0.95)
        base += tall * 0.6
    stem, leaf = m.material("stem", look.leaf_green() * 0.8), m.thin_material("leaf", look.leaf_green())
    kinds = [
        (m.thin_material("petal", look.colour(), through=0.3), m.material("heart", look.colour())) for _ in range(2)
    ]
    petals, size, slim = int(rng.integers(5, 30)), rng.uniform(0.1, 0.28), rng.uniform(0.12, 0.4)
    spread, layers = rng.uniform(0.2, 0.7), int(rng.integers(1, 4))
    for _ in range(int(rng.integers(3, 26))):
        out = unit(np.array([rng.normal(0, spread), rng.normal(0, spread), 1.3]))
        root = np.array([0, 0, base])
        head = root + out * rng.uniform(0.7, 1.3)
        bend = np.stack([root, (root + head) / 2 + rng.normal(0, 0.04, 3), head])
        b.tube("stem", bend, rng.uniform(2, 5) * pixel, stem)
        petal, heart = kinds[int(rng.integers(2))]
        face = unit(out + np.array([0, -0.6, 0.0]) + rng.normal(0, 0.3, 3))
        side = unit(np.cross(face, [0.3, 0.2, 0.9]))
        other = np.cross(face, side)
        blades = []
        for place in range(petals):
            turn = 2 * np.pi * (place * 0.382 if layers > 1 else place / petals)
            lift = 0.15 + 0.9 * (place % layers) / layers
            along = unit(np.cos(turn) * side + np.sin(turn) * other + lift * face)
            blades.append(leaf_blade(head, along, size * rng.uniform(0.8, 1.1), slim, 0.0, rng))
        draw_blades("petals", blades, petal)
        b.solid("heart", Ellipsoid(tuple(head), (size * 0.25,) * 3), heart, detail=16)
        green = [
            leaf_blade(bend[1], unit(out + rng.normal(0, 0.8, 3)), 0.25, 0.2, 0.0, rng)
            for _ in range(int(rng.integers(0, 4)))
        ]
        draw_blades("leaves", green, leaf)


def fruit(look: Look, _pixel: float) -> None:
    """Fruit, eggs, vegetables or sweets: a heap, or in a bowl."""
    rng = look.rng
    if rng.random() < 0.5:
        _turned(look, "bowl", 0.3, rng.uniform(0.6, 0.9), rng.uniform(0.25, 0.5), m.any_surface(look)).location = (
            0,
            0,
            -0.75,
        )
    kinds = []
    for _ in range(int(rng.integers(1, 4))):
        round_ = rng.uniform(0.12, 0.3) * np.array([1, 1, rng.choice([1, 1, 0.8, 1.4, 2.4])])
        kinds.append((round_, m.material("peel", look.colour(), roughness=rng.uniform(0.15, 0.8))))
    stalk = m.material("stalk", (0.12, 0.08, 0.03))
    for _ in range(int(rng.integers(2, 18))):
        radii, peel = kinds[int(rng.integers(len(kinds)))]
        at = np.array([rng.normal(0, 0.32), rng.normal(0, 0.25), -0.5 + abs(rng.normal(0, 0.28))])
        b.solid("fruit", Ellipsoid(tuple(at), tuple(radii * rng.uniform(0.85, 1.1)), rng.uniform(-1.5, 1.5)), peel)
        if rng.random() < 0.5:
            top = at + np.array([0, 0, radii[2]])
            b.tube("stalk", np.array([top, top + np.array([rng.normal(0, 0.04), 0, 0.1])]), 0.012, stalk)


def lamp(look: Look, _pixel: float) -> None:
    """A table, floor or reading lamp."""
    rng = look.rng
    metal, shade = (
        m.material("metal", look.colour(), roughness=0.3, Metallic=float(rng.random() < 0.5)),
        m.any_surface(look),
    )
    foot, tall = rng.uniform(0.2, 0.4), rng.uniform(0.2, 1.2)
    b.lathe("foot", np.array([[0, -0.95], [foot, -0.95], [foot, -0.9], [0.03, -0.86], [0, -0.86]]), metal)
    bend = rng.uniform(-0.6, 0.6) if rng.random() < 0.5 else 0.0
    head = np.array([bend, 0, -0.9 + tall])
    elbow = np.array([-bend * 0.4, 0, -0.9 + tall * 0.55])
    b.tube("arm", np.array([[0, 0, -0.9], elbow, head]), rng.uniform(0.015, 0.05), metal)
    low, high, long = rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.4), rng.uniform(0.35, 0.7)
    wall = np.array([[low, 0], [high, long], [high - 0.02, long], [low - 0.02, 0]])
    made = b.lathe("shade", wall if not bend else np.concatenate([wall[:2], [[0, long + 0.05]]]), shade)
    made.location, made.rotation_euler = tuple(head), (0, bend * 1.5, 0)


def device(look: Look, _pixel: float) -> None:
    """A camera, radio, console or kettle-like machine: a body with knobs, lenses, a screen."""
    rng = look.rng
    shell, dark = (
        m.any_surface(look),
        m.material("dark", np.full(3, rng.uniform(0.01, 0.06)), roughness=rng.uniform(0.1, 0.6)),
    )
    wide, deep, tall = rng.uniform(0.4, 0.85), rng.uniform(0.1, 0.4), rng.uniform(0.25, 0.7)
    corners = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float) * (wide, deep, tall)
    body = b.cuboid("body", corners, shell)
    edge = body.modifiers.new("edge", "BEVEL")
    edge.width, edge.segments = rng.uniform(0.01, 0.12), 5
    parts = [body]
    for _ in range(int(rng.integers(0, 3))):
        size, long = rng.uniform(0.12, 0.35) * tall / 0.5, rng.uniform(0.02, 0.5)
        lens = b.lathe(
            "lens",
            np.array([[0, 0], [size, 0], [size, long], [size * 0.8, long], [size * 0.7, long * 0.7], [0, long * 0.6]]),
            dark,
        )
        lens.rotation_euler = (np.pi / 2, 0, 0)
        lens.location = (rng.uniform(-0.6, 0.6) * wide, -deep, rng.uniform(-0.3, 0.3) * tall)
        parts.append(lens)
    for _ in range(int(rng.integers(0, 6))):
        top = Ellipsoid(
            (rng.uniform(-0.9, 0.9) * wide, 0, tall), (rng.uniform(0.03, 0.12), 0.06, rng.uniform(0.03, 0.1))
        )
        parts.append(b.solid("knob", top, dark if rng.random() < 0.5 else shell, detail=20))
    if rng.random() < 0.3:
        aerial = np.array([[wide * 0.8, 0, tall], [wide * rng.uniform(0.5, 1.3), 0, tall + rng.uniform(0.3, 0.8)]])
        parts.append(b.tube("aerial", aerial, 0.015, dark))
    yaw = rng.uniform(-0.7, 0.7)
    for part in parts:  # all turn about the middle of the body
        x, y, z = part.location
        part.location = (x * np.cos(yaw) - y * np.sin(yaw), x * np.sin(yaw) + y * np.cos(yaw), z)
        part.rotation_euler[2] = yaw


def bicycle(look: Look, pixel: float) -> None:
    """A bicycle, pram or trolley: two wheels and a frame of tubes."""
    rng = look.rng
    paint, black = (
        m.material("paint", look.colour(), roughness=0.25),
        m.material("tyre", np.full(3, 0.02), roughness=0.8),
    )
    yaw, size = rng.uniform(-0.6, 0.6), rng.uniform(0.32, 0.46)
    turn = about_z(yaw)
    around = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    hubs = np.array([[-0.62, 0, -0.45], [0.62, 0, -0.45]])
    for hub in hubs:
        ring = hub + size * np.stack([np.cos(around), np.zeros(90), np.sin(around)], 1)
        b.tube("tyre", ring @ turn.T, rng.uniform(0.02, 0.05), black, closed=True)
        for spoke in np.linspace(0, np.pi, int(rng.choice([3, 8, 14])), endpoint=False):
            reach = size * np.array([np.cos(spoke), 0, np.sin(spoke)])
            b.tube("spoke", np.array([hub - reach, hub + reach]) @ turn.T, 0.8 * pixel, paint)
    crank, saddle, fork = np.array([-0.05, 0, -0.45]), np.array([-0.25, 0, 0.25]), np.array([0.45, 0, 0.3])
    thick = rng.uniform(0.02, 0.04)
    for start, end in (
        (hubs[0], crank),
        (crank, saddle),
        (saddle, fork),
        (crank, fork),
        (hubs[0], saddle),
        (fork, hubs[1]),
    ):
        b.tube("frame", np.array([start, end]) @ turn.T, thick, paint)
    b.solid("saddle", Ellipsoid(tuple(turn @ (saddle + np.array([0, 0, 0.08]))), (0.16, 0.08, 0.05)), black)
    bar = np.array([[0.45, -0.25, 0.42], [0.47, 0, 0.4], [0.45, 0.25, 0.42]])
    b.tube("bar", bar @ turn.T, thick * 0.8, black)
    if rng.random() < 0.4:
        b.grid("basket", _basket(turn @ np.array([0.7, 0, 0.2])), m.any_surface(look), closed=True)


def _basket(at: Floats) -> Floats:
    around = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ring = np.stack([0.22 * np.cos(around), 0.18 * np.sin(around), np.zeros(32)], 1)
    return np.stack([ring * (scale, scale, 1) + (0, 0, z) + at for scale, z in ((0.1, 0), (0.8, 0), (1.0, 0.25))])
