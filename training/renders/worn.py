"""Things that people wear and carry: bags, shoes, hats, clothes, necklaces, in simple shapes."""

from __future__ import annotations

import blender as b
import materials as m
import numpy as np
from look import Look
from strands import Ellipsoid, Floats


def bag(look: Look, _pixel: float) -> None:
    """A handbag, tote, rucksack or suitcase: a soft box with handles, a flap, buckles."""
    rng = look.rng
    made, trim, metal = (
        m.any_surface(look),
        m.any_surface(look),
        m.material("metal", (0.8, 0.7, 0.5), Metallic=1.0, roughness=0.25),
    )
    wide, deep, tall, soft = (
        rng.uniform(0.4, 0.8),
        rng.uniform(0.12, 0.35),
        rng.uniform(0.35, 0.75),
        rng.uniform(2.2, 8),
    )
    taper = rng.uniform(0.75, 1.1)
    down, around = np.linspace(-1, 1, 40), np.linspace(0, 2 * np.pi, 96, endpoint=False)
    c, s = np.cos(around), np.sin(around)
    ring = np.stack([np.sign(c) * abs(c) ** (2 / soft), np.sign(s) * abs(s) ** (2 / soft)])
    close = np.clip(1 - abs(down) ** (2 * soft), 0, 1) ** (1 / soft)
    body = np.stack(
        [wide * close[:, None] * ring[0] * (1 + (taper - 1) * (down[:, None] + 1) / 2), deep * close[:, None] * ring[1],
         np.broadcast_to(tall * down[:, None], (40, 96))], -1,
    )  # fmt: skip
    turn = b.grid("body", body, made, closed=True)
    parts = [turn]
    arch = np.linspace(0, np.pi, 30)
    high, reach = rng.uniform(0.15, 0.9), wide * rng.uniform(0.3, 0.9) * taper
    for y in (-deep * 0.7, deep * 0.7)[: int(rng.integers(1, 3))]:
        strap = np.stack([reach * np.cos(arch), np.full(30, y), tall * 0.95 + high * np.sin(arch)], 1)
        parts.append(b.tube("handle", strap, rng.uniform(0.012, 0.045), trim))
    if rng.random() < 0.5:
        low = tall * rng.uniform(-0.2, 0.6)
        u, v = np.meshgrid(np.linspace(-0.95, 0.95, 20), np.linspace(0, 1, 20))
        edge = tall - (tall - low) * v
        parts.append(
            b.grid(
                "flap", np.stack([wide * u * (0.98 - 0.1 * v), -deep * 1.06 * np.clip(v * 5, 0.2, 1), edge], -1), trim
            )
        )
        parts.append(b.solid("clasp", Ellipsoid((0, -deep * 1.1, low + 0.04), (0.06, 0.03, 0.05)), metal, detail=20))
    yaw = rng.uniform(-0.8, 0.8)
    for part in parts:
        part.rotation_euler, part.location = (0, 0, yaw), (0, 0, -0.15)


def shoe(look: Look, _pixel: float) -> None:
    """One or two shoes: trainers, boots, pumps; soles, laces."""
    rng = look.rng
    upper, sole, lace = (
        m.any_surface(look),
        m.material("sole", look.colour() * rng.choice([0.1, 1.0])),
        m.material("lace", look.colour()),
    )
    wide, heel, shaft = rng.uniform(0.2, 0.3), rng.choice([0.0, 0.0, 0.35]) * rng.uniform(0.5, 1), rng.uniform(0.3, 1.1)
    thick, pointed, laces = rng.uniform(0.04, 0.14), rng.uniform(0.2, 0.7), int(rng.choice([0, 0, 5, 7]))
    t = np.linspace(0, 1, 40)
    outline = (
        wide * np.sqrt(np.clip(1 - np.abs(2 * t - 1) ** 2.6, 0, 1)) * (1 - 0.25 * np.exp(-(((t - 0.42) / 0.14) ** 2)))
    )
    outline *= 1 - pointed * 0.5 * np.clip(t - 0.7, 0, 1) / 0.3
    rise = heel * np.clip(1 - t / 0.6, 0, 1) ** 1.5
    top = 0.16 + (shaft - 0.16) * np.clip((0.48 - t) / 0.2, 0, 1) ** 0.8 + 0.12 * np.exp(-(((t - 0.55) / 0.16) ** 2))
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x = np.broadcast_to((t * 1.5 - 0.75)[:, None], (40, 48))
    count = int(rng.integers(1, 3))
    first_yaw = rng.uniform(-np.pi, np.pi)
    for number in range(count):
        parts = []
        for name, low, high, grow_, made in (("sole", -thick, 0.02, 1.06, sole), ("upper", 0.0, None, 1.0, upper)):
            up = top[:, None] if high is None else high
            z = rise[:, None] + low + (up - low) * (0.5 + 0.5 * np.sin(around))[None]
            narrow = 1 - 0.35 * (high is None) * np.clip(np.sin(around), 0, 1)[None]
            y = outline[:, None] * grow_ * np.cos(around)[None] * narrow
            parts.append(b.grid(name, np.stack([x, y, z], -1), made, closed=True))
        if heel:
            parts.append(
                b.tube(
                    "heel",
                    np.array([[-0.62, 0, heel], [-0.6, 0, -thick]]),
                    np.array([0.12, rng.uniform(0.03, 0.12)]),
                    sole,
                )
            )
        for place in np.linspace(0.46, 0.66, laces):
            z = float(np.interp(place, t, top)) + 0.01
            parts.append(
                b.tube(
                    "lace", np.array([[place * 1.5 - 0.75, -0.1, z - 0.03], [place * 1.5 - 0.72, 0.1, z]]), 0.018, lace
                )
            )
        for part in parts:
            part.rotation_euler = (0, 0, first_yaw + number * rng.uniform(-0.4, 0.4))
            part.location = (0.1 * number, -0.6 * number, -0.4 + 0.05 * number)


def hat(look: Look, _pixel: float) -> None:
    """A hat, cap, helmet or bobble hat."""
    rng = look.rng
    made, band = m.any_surface(look), m.any_surface(look)
    tall, wide, brim = (
        rng.uniform(0.35, 0.8),
        rng.uniform(0.38, 0.6),
        rng.choice([0.0, 0.15, 0.5]) * rng.uniform(0.6, 1.2),
    )
    t = np.linspace(0, 1, 24)
    crown = wide * np.sqrt(np.clip(1 - t ** rng.uniform(2, 7), 0, 1))
    profile = np.concatenate([[[wide + brim, rng.uniform(-0.12, 0.1)], [wide, 0]], np.c_[crown, tall * t]])
    parts = [b.lathe("hat", profile, made)]
    parts.append(b.lathe("band", np.array([[wide * 1.02, 0.02], [wide * 1.02, rng.uniform(0.08, 0.25)]]), band))
    if rng.random() < 0.4:
        u, v = np.meshgrid(np.linspace(-1.1, 1.1, 24), np.linspace(1, rng.uniform(1.5, 2), 10))
        parts.append(b.grid("peak", np.stack([wide * v * np.sin(u), -wide * v * np.cos(u), -0.1 * (v - 1)], -1), made))
    if rng.random() < 0.3:
        parts.append(b.solid("bobble", Ellipsoid((0, 0, tall + 0.08), (rng.uniform(0.05, 0.2),) * 3), band))
    for part in parts:
        part.rotation_euler, part.location = (rng.uniform(-0.1, 0.3), 0, rng.uniform(-0.3, 0.3)), (0, 0, -0.3)


def garment(look: Look, _pixel: float) -> None:
    """A shirt, dress, coat or pair of trousers, hung up or laid out."""
    rng = look.rng
    made, other = m.any_surface(look), m.any_surface(look)
    long, hem, waist = rng.uniform(0.7, 1.6), rng.uniform(0.35, 0.85), rng.uniform(0.28, 0.5)
    t = np.linspace(0, 1, 60)
    half = np.interp(t, [0, 0.06, 0.35, 1], [0.18, 0.48, waist, hem])
    folds, phase, deep = rng.uniform(2, 9), rng.uniform(0, 6), rng.uniform(0.01, 0.07)
    around = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ripple = 1 + deep * 2 * t[:, None] * np.sin(np.round(folds) * 2 * around + phase)[None]
    body = np.stack(
        [half[:, None] * np.cos(around) * ripple, 0.16 * np.sin(around) * ripple * (0.4 + t[:, None]),
         np.broadcast_to((0.85 - long * t)[:, None], (60, 120))], -1,
    )  # fmt: skip
    trousers = rng.random() < 0.25
    if trousers:
        for side in (-1, 1):
            leg = np.array(
                [[side * 0.16, 0, 0.6], [side * 0.22, -0.03, -0.1], [side * rng.uniform(0.2, 0.4), 0, -0.95]]
            )
            b.tube("leg", _smooth(leg), np.linspace(0.2, rng.uniform(0.1, 0.22), 30), made)
        b.solid("waist", Ellipsoid((0, 0, 0.55), (0.36, 0.2, 0.2)), made)
        return
    b.grid("body", body, made, closed=True)
    arm, lift = rng.choice([0.0, 0.3, 0.8]) * rng.uniform(0.8, 1.2), rng.uniform(0.15, 1.2)
    for side in (-1, 1):
        if arm:
            shoulder = np.array([side * 0.42, 0, 0.74])
            hand = shoulder + arm * np.array([side * np.sin(lift), -0.05, -np.cos(lift)])
            b.tube(
                "sleeve",
                _smooth(np.array([shoulder, (shoulder + hand) / 2 + rng.normal(0, 0.03, 3), hand])),
                np.linspace(0.15, 0.1, 30),
                made,
            )
    for z in np.linspace(0.6, 0.85 - long * 0.8, int(rng.choice([0, 0, 5]))):
        b.solid("button", Ellipsoid((0, -0.17, z), (0.02, 0.015, 0.02)), other, detail=12)
    if rng.random() < 0.4:
        wire = m.material("hanger", look.colour(), roughness=0.3)
        b.tube("hanger", np.array([[-0.42, 0, 0.76], [0, 0, 0.92], [0.42, 0, 0.76]]), 0.02, wire)
        hook = np.linspace(-0.5, np.pi, 20)
        b.tube("hook", np.stack([0.08 * np.cos(hook), np.zeros(20), 1.02 + 0.08 * np.sin(hook)], 1), 0.015, wire)


def _smooth(corners: Floats, count: int = 30) -> Floats:
    """A quadratic Bézier curve by three corners: (count, 3)."""
    t = np.linspace(0, 1, count)[:, None]
    return np.asarray((1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2])


def necklace(look: Look, pixel: float) -> None:
    """A chain, a string of beads, a bracelet or rings."""
    rng = look.rng
    made = m.material("bead", look.colour(), roughness=rng.uniform(0.05, 0.4), Metallic=float(rng.random() < 0.5))
    other = m.material("bead", look.colour(), roughness=0.1)
    wide, tall, slant = rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9), rng.uniform(0, 1.2)
    size = rng.uniform(0.02, 0.1)
    around = np.linspace(0, 2 * np.pi, int(np.clip(2 * np.pi * wide / (2.1 * size), 10, 110)), endpoint=False)
    z = tall * np.cos(around) * np.cos(slant)
    path = np.stack([wide * np.sin(around) * (1 - 0.25 * np.cos(around)), tall * np.cos(around) * np.sin(slant), z], 1)
    beads = rng.random() < 0.6
    for place, at in enumerate(path):
        if beads:
            b.solid("bead", Ellipsoid(tuple(at), (size,) * 3), other if place % 3 == 0 else made, detail=14)
    if not beads:
        b.tube("chain", path, max(size * 0.5, 2 * pixel), made, closed=True)
    if rng.random() < 0.6:
        drop = path[np.argmin(path[:, 2])] - (0, 0, 0.12)
        b.solid("pendant", Ellipsoid(tuple(drop), tuple(rng.uniform(0.05, 0.16, 3))), other)
