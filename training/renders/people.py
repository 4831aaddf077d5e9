"""People down to the waist, in simple shapes, from the front, the side and behind.

Pictures of fashion in the street hardly ever show a person so close.
"""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from look import Look
from strands import Ellipsoid, Floats, Style, grow, unit

HEAD = Ellipsoid((0, 0, 0.25), (0.36, 0.44, 0.5))


def bust(look: Look, pixel: float) -> None:
    """Head, hair, neck, shoulders and arms in clothes; turned to any side; perhaps glasses."""
    rng = look.rng
    turn = np.pi + rng.choice([rng.normal(0, 0.6), rng.uniform(-np.pi, np.pi)])
    tone = rng.uniform(0, 1)
    skin = m.material(
        "skin", (1 - tone) * np.array([0.75, 0.47, 0.36]) + tone * np.array([0.07, 0.035, 0.02]), roughness=0.5
    )
    b.solid("head", HEAD, skin)
    b.solid("neck", Ellipsoid((0, 0.05, -0.35), (0.17, 0.17, 0.4)), skin)
    _clothed(look, skin)
    _face(look, turn, skin)
    if rng.random() < 0.93:
        _hair(look, pixel, turn)


def _hair(look: Look, pixel: float, turn: float) -> None:
    """Hair combed away from the face: cropped, to the chin, or over the shoulders; straight or curly."""
    rng = look.rng
    long, curly = float(rng.choice([0.1, 0.25, 0.6, 1.0])) * rng.uniform(0.7, 1.3), rng.random() < 0.35
    roots, normals = HEAD.roots(50_000, rng)
    ahead = np.array([np.sin(turn), np.cos(turn), 0.0])
    face = roots @ ahead
    line = rng.uniform(0.4, 0.52)
    scalp = (roots[:, 2] > line + 0.9 * np.clip(face - 0.2, -1, 0.1)) & (roots[:, 2] > -0.1)
    roots, normals = roots[scalp], normals[scalp]
    sideways = (roots - np.asarray(HEAD.centre)) * (1, 1, 0)
    comb = unit(-0.6 * ahead + 1.2 * unit(sideways) - np.array([0, 0, 0.5]))
    style = Style(
        steps=30 if curly else 14, lean=rng.uniform(0.7, 1.6), droop=rng.uniform(1.5, 3.0), spread=0.12,
        frizz=rng.uniform(0.01, 0.05), clump=rng.uniform(0.2, 0.8), tuft=int(rng.integers(30, 120)),
        curl=0.05 * curly, turns=rng.uniform(3, 8),
    )  # fmt: skip
    paths = grow(roots, normals, long * rng.lognormal(0, 0.12, len(roots)), comb, style, rng)
    tint = look.colour(natural=rng.random() < 0.85) * rng.lognormal(0, 0.22, (len(roots), 1))
    shade, thick = look.on_strands(paths, normals, tint, depth=0.3, gloss=0.5), pixel * rng.uniform(0.5, 1.0)
    b.hair("hair", paths, shade, thick, thick * 0.5, m.painted_material("hair"))


def _clothed(look: Look, skin: Any) -> None:
    """Shoulders, chest and arms."""
    rng = look.rng
    cloth = (
        m.patterned(look)
        if rng.random() < 0.4
        else m.material("cloth", look.colour() * rng.choice([0.15, 1]), roughness=1)
    )
    wide, deep = rng.uniform(0.6, 0.85), rng.uniform(0.26, 0.38)
    b.solid("shoulders", Ellipsoid((0, 0.1, -0.8), (wide, deep, 0.3)), cloth)
    t = np.linspace(0, 1, 20)
    round_ = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    half = wide * np.interp(t, [0, 0.4, 1], [0.86, 0.8, rng.uniform(0.6, 0.95)])
    chest = np.stack(
        [half[:, None] * np.cos(round_), 0.1 + deep * np.sin(round_)[None] * np.ones((20, 1)),
         np.broadcast_to((-0.78 - 0.9 * t)[:, None], (20, 64))], -1,
    )  # fmt: skip
    b.grid("chest", chest, cloth, closed=True)
    if rng.random() < 0.5:
        collar = np.stack([0.2 * np.cos(round_), 0.05 + 0.2 * np.sin(round_), np.full(64, -0.55)], 1)
        b.tube("collar", collar, rng.uniform(0.03, 0.1), cloth, closed=True)
    bare = rng.random() < 0.4
    for side in (-1, 1):
        shoulder = np.array([side * wide * 0.9, 0.1, -0.82])
        lift = rng.normal(0.25, 0.3) if rng.random() < 0.7 else rng.uniform(0, 2.6)
        elbow = shoulder + 0.55 * np.array([side * np.sin(lift), -0.1, -np.cos(lift)])
        hand = elbow + 0.5 * np.array([side * rng.uniform(-0.9, 0.4), -0.4, np.cos(lift + 0.4) * rng.choice([-1, 1])])
        b.tube("arm", np.array([shoulder, elbow]), np.array([0.16, 0.12]), cloth)
        b.tube("forearm", np.array([elbow, hand]), np.array([0.12, 0.08]), skin if bare else cloth)
        b.solid("elbow", Ellipsoid(tuple(elbow), (0.125,) * 3), cloth, detail=20)
        b.solid("hand", Ellipsoid(tuple(hand), tuple(rng.uniform(0.08, 0.13, 3))), skin, detail=24)


def _face(look: Look, turn: float, skin: Any) -> None:
    """Eyes, brows, nose, mouth and ears on the side that ``turn`` looks along."""
    rng = look.rng
    ahead, side = np.array([np.sin(turn), np.cos(turn), 0.0]), np.array([np.cos(turn), -np.sin(turn), 0.0])

    def on(across: float, up: float, out: float = 1.0) -> Floats:
        """The point of the head's surface at these shares of its radii."""
        forth = np.sqrt(max(1 - across**2 - up**2, 0))
        way = across * side + forth * ahead
        return np.asarray(np.asarray(HEAD.centre) + out * (np.asarray(HEAD.radii) * (way[0], way[1], up)))

    white, iris = (
        m.material("white", (0.8, 0.8, 0.8), roughness=0.1),
        m.material("iris", look.colour() * 0.15, roughness=0.05),
    )
    lips = m.material("lips", np.array([0.5, 0.12, 0.1]) * rng.uniform(0.3, 1.2), roughness=0.3)
    brow = m.material("brow", look.colour(natural=True) * 0.4, roughness=1)
    for hand in (-1, 1):
        b.solid("eye", Ellipsoid(tuple(on(0.38 * hand, 0.02, 0.95)), (0.06, 0.05, 0.036)), white, detail=20)
        b.solid("iris", Ellipsoid(tuple(on(0.38 * hand, 0.02, 1.03)), (0.026,) * 3), iris, detail=16)
        arch = np.array([on(0.2 * hand, 0.2, 1.01), on(0.4 * hand, 0.26, 1.02), on(0.58 * hand, 0.2, 1.01)])
        b.tube("brow", arch, rng.uniform(0.008, 0.02), brow)
        b.solid("ear", Ellipsoid(tuple(on(0.98 * hand, -0.02)), (0.06, 0.09, 0.11)), skin, detail=20)
    b.tube(
        "nose",
        np.array([on(0, 0.08, 1.0), on(0, -0.12, 1.1), on(0, -0.2, 1.16), on(0, -0.27, 1.0)]),
        np.array([0.03, 0.045, 0.06, 0.03]),
        skin,
    )
    open_ = rng.uniform(0.015, 0.05)
    b.tube(
        "mouth",
        np.array([on(-0.28, -0.5, 0.99), on(0, -0.53, 1.02), on(0.28, -0.5, 0.99)]),
        np.array([0.01, open_, 0.01]),
        lips,
    )
    if rng.random() < 0.25:
        frame, ring = (
            m.material("frame", look.colour() * 0.3, roughness=0.2),
            np.linspace(0, 2 * np.pi, 40, endpoint=False),
        )
        for hand in (-1, 1):
            rim = np.array([on(0.4 * hand + 0.22 * np.cos(a), 0.02 + 0.17 * np.sin(a), 1.08) for a in ring])
            b.tube("rim", rim, 0.012, frame, closed=True)
            b.tube("temple", np.array([on(0.62 * hand, 0.04, 1.08), on(0.98 * hand, 0.02, 1.02)]), 0.01, frame)
        b.tube("bridge", np.array([on(-0.18, 0.04, 1.1), on(0.18, 0.04, 1.1)]), 0.01, frame)
