"""Cages, nets, fences, spoked wheels, knitting, lace: thin things with holes."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from look import Look
from strands import Ellipsoid, Floats, about_z


def _metal_or_plain(look: Look) -> Any:
    shiny = look.rng.random() < 0.4
    return m.material("wire", look.colour(), roughness=look.rng.uniform(0.15, 0.8), Metallic=1.0 if shiny else 0.0)


def cage(look: Look, pixel: float) -> None:
    """A bird cage or a wire basket: bars on a solid of revolution, with rings."""
    rng = look.rng
    made, thick = _metal_or_plain(look), rng.uniform(1.0, 5) * pixel
    t = np.linspace(0, 1, 30)
    round_top = rng.random() < 0.6
    radius = rng.uniform(0.45, 0.75) * (
        np.sqrt(np.clip(1 - np.clip((t - 0.5) * 2, 0, 1) ** 2, 0, 1)) if round_top else 0.6 + 0.4 * t
    )
    height = rng.uniform(1.2, 1.8) * (t - 0.5)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(10, 36)), endpoint=False):
        b.tube("bar", np.stack([radius * np.cos(angle), radius * np.sin(angle), height], 1), thick, made)
    around = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    for place in np.linspace(0, 28, int(rng.integers(3, 9))).astype(int):
        ring = np.stack([radius[place] * np.cos(around), radius[place] * np.sin(around), np.full(90, height[place])], 1)
        b.tube("ring", ring, thick * 1.5, made, closed=True)


def net(look: Look, pixel: float) -> None:
    """A square, diamond or hexagonal net, hanging with folds."""
    rng = look.rng
    made, thick = _metal_or_plain(look), rng.uniform(0.6, 3.5) * pixel
    count, kind = int(rng.integers(9, 30)), rng.choice(["square", "diamond", "wavy"])
    fold, phase = rng.uniform(0, 0.2), rng.uniform(0, 6, 4)
    sag = rng.uniform(0, 0.2)

    def drape(u: Floats, v: Floats) -> Floats:
        x = 0.9 * u + fold * 0.4 * np.sin(3 * v + phase[0])
        y = fold * (np.sin(5 * u + phase[1]) + np.sin(3 * v + 2 * u + phase[2]))
        return np.stack([x, y, 0.85 * v - sag * (1 - u**2)], 1)

    t = np.linspace(-1, 1, 160)
    for place in np.linspace(-1, 1, count):
        if kind == "square":
            pairs = [(t, np.full(160, place)), (np.full(160, place), t)]
        elif kind == "wavy":
            swing = np.arcsin(np.sin(np.pi * count * t)) / np.pi * 2 / count
            pairs = [(np.clip(place + swing, -1, 1), t), (np.clip(place + 1 / count - swing, -1, 1), t)]
        else:
            reach = np.linspace(max(-1, 2 * place - 1), min(1, 2 * place + 1), 160)
            pairs = [(reach, 2 * place - reach), (reach, reach - 2 * place)]
        for u, v in pairs:
            b.tube("thread", drape(u, v), thick, made)
    if rng.random() < 0.5:
        edge = np.concatenate([np.stack([t, -np.ones(160)], 1), np.stack([np.ones(160), t], 1)])
        edge = np.concatenate([edge, -edge])
        b.tube("frame", drape(edge[:, 0], edge[:, 1]), thick * 3, made, closed=True)


def wheel(look: Look, pixel: float) -> None:
    """A bicycle wheel, turned and tilted."""
    rng = look.rng
    made, tyre = _metal_or_plain(look), m.material("tyre", (0.02, 0.02, 0.02) if rng.random() < 0.7 else look.colour())
    around = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    yaw, roll = rng.uniform(-1.1, 1.1), rng.uniform(-0.3, 0.3)
    turn = about_z(yaw)
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(roll), -np.sin(roll)], [0, np.sin(roll), np.cos(roll)]])

    def ring(radius: float, thick: float, kind: Any) -> None:
        path = np.stack([radius * np.cos(around), np.zeros(180), radius * np.sin(around)], 1)
        b.tube("ring", path @ turn.T, thick, kind, closed=True, detail=24)

    ring(0.9, rng.uniform(0.02, 0.06), tyre)
    ring(0.84, 0.02, made)
    b.tube("hub", np.array([[0, -0.12, 0], [0, 0.12, 0]]) @ turn.T, 0.045, made, detail=24)
    spokes, thick = int(rng.choice([20, 28, 36])), rng.uniform(0.6, 1.8) * pixel
    for place in range(spokes):
        end, start = 2 * np.pi * place / spokes, 2 * np.pi * (place + rng.choice([-5, 5])) / spokes
        side = 0.09 if place % 2 else -0.09
        line = np.array(
            [[0.045 * np.cos(start), side, 0.045 * np.sin(start)], [0.84 * np.cos(end), 0, 0.84 * np.sin(end)]]
        )
        b.tube("spoke", line @ turn.T, thick, made)


def knit(look: Look, _pixel: float) -> None:
    """Loose stocking stitch: one looping thread per row, hooked through the row below."""
    rng = look.rng
    first, second = (m.material("yarn", look.colour(), roughness=0.95) for _ in range(2))
    columns, rows = int(rng.integers(9, 22)), int(rng.integers(8, 20))
    loop = 1.7 / columns
    thick = loop * rng.uniform(0.07, 0.2)
    t = np.linspace(0, 2 * np.pi * columns, 24 * columns)
    tall = loop * 0.86
    bow, phase = rng.uniform(0, 0.12), rng.uniform(0, 6)
    stripe = int(rng.integers(1, 6))
    for row in range(rows):
        x = t / (2 * np.pi) * loop + 0.27 * loop * np.sin(2 * t) - 0.85
        z = tall * (row - rows / 2) - 0.62 * tall * np.cos(t)
        y = 0.13 * loop * np.cos(2 * t) + bow * np.sin(2.5 * x + phase + z)
        b.tube("row", np.stack([x, y, z], 1), thick, first if (row // stripe) % 2 else second, detail=16)


def lace(look: Look, pixel: float) -> None:
    """Rosettes on a mesh ground, scalloped at the rim: a doily seen from a slant."""
    rng = look.rng
    made, thick = m.material("lace", look.colour() * 0.4 + 0.55, roughness=0.9), rng.uniform(0.7, 2.5) * pixel
    petals, slant = int(rng.integers(6, 17)), rng.uniform(0.2, 1.3)
    tip = np.array([[1, 0, 0], [0, np.cos(slant), -np.sin(slant)], [0, np.sin(slant), np.cos(slant)]])
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    wave = rng.uniform(0, 0.06)
    for radius in np.linspace(0.12, 0.88, int(rng.integers(5, 12))):
        for twist in (0.0, np.pi):
            depth = rng.uniform(0.03, 0.12)
            lobes = petals * int(rng.choice([1, 2, 3]))
            r = radius + depth * np.abs(np.sin(lobes * angle / 2 + twist / 2)) - depth / 2
            lift = wave * np.sin(petals / 2 * angle) * radius
            b.tube("round", np.stack([r * np.cos(angle), r * np.sin(angle), lift], 1) @ tip.T, thick, made, closed=True)
    for place in range(petals * 2):
        turn = np.pi * place / petals
        r = np.linspace(0.1, 0.9, 40)
        swing = turn + 0.05 * np.sin(9 * r)
        lift = wave * np.sin(petals / 2 * swing) * r
        b.tube("ray", np.stack([r * np.cos(swing), r * np.sin(swing), lift], 1) @ tip.T, thick, made)


def fence(look: Look, pixel: float) -> None:
    """Wrought bars with points and scrolls."""
    rng = look.rng
    made, thick = _metal_or_plain(look), rng.uniform(1.5, 6) * pixel
    for height in (-0.7, 0.55):
        b.tube("rail", np.array([[-1.6, 0, height], [1.6, 0, height]]), thick * 1.6, made)
    turn = np.linspace(0, 1, 80)
    for x in np.linspace(-1.5, 1.5, int(rng.integers(7, 22))):
        b.tube("bar", np.array([[x, 0, -1.1], [x, 0, 0.8]]), thick, made)
        b.solid("point", Ellipsoid((x, 0, 0.83), (2.2 * thick, 2.2 * thick, 5 * thick)), made, detail=16)
        size = rng.uniform(0.05, 0.09)
        for side in (-1, 1):
            a = turn * 3.5 * np.pi
            r = size * (1 - 0.75 * turn)
            scroll = np.stack([x + side * (size + r * -np.cos(a)), np.zeros(80), 0.2 + r * np.sin(a)], 1)
            b.tube("scroll", scroll, thick * 0.6, made)
