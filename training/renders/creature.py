"""The plush creature and the mug of the example photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blender as b
import materials as m
import numpy as np
from furlight import Fog, FurLight, Rays
from strands import Ellipsoid, Floats, Style, grow, unit

BODY = Ellipsoid((0, 0.05, 0.60), (0.60, 0.52, 0.60))
HEAD = Ellipsoid((0, -0.14, 1.40), (0.53, 0.47, 0.47))
MUZZLE = Ellipsoid((0, -0.56, 1.27), (0.20, 0.15, 0.145))
EARS = [Ellipsoid((0.38 * s, -0.06, 1.80), (0.155, 0.08, 0.25), 0.42 * s) for s in (-1, 1)]
ARMS = [Ellipsoid((0.47 * s, -0.36, 0.70), (0.16, 0.17, 0.33), -0.35 * s) for s in (-1, 1)]
FEET = [Ellipsoid((0.33 * s, -0.52, 0.16), (0.22, 0.29, 0.16)) for s in (-1, 1)]
TAIL = Ellipsoid((-0.74, 0.32, 0.55), (0.17, 0.17, 0.44), -0.5)
EYES = [Ellipsoid((0.195 * s, -0.555, 1.475), (0.078, 0.06, 0.085)) for s in (-1, 1)]
NOSE = Ellipsoid((0, -0.715, 1.335), (0.075, 0.05, 0.052))

GINGER, RUST, CREAM, COCOA = (
    np.array(c) for c in ([0.74, 0.34, 0.11], [0.50, 0.18, 0.055], [0.86, 0.72, 0.52], [0.16, 0.06, 0.025])
)


@dataclass(frozen=True)
class Coat:
    """Hair of one body part: strands per unit area at full density, mean length, the part's style."""

    part: Ellipsoid
    share: float
    length: float
    style: Style
    comb: tuple[float, float, float] = (0, 0, -1)


def coats() -> list[Coat]:
    """The coat of each part of the creature's body."""
    soft = Style(steps=8, lean=0.45, droop=0.6, frizz=0.07, clump=0.65, tuft=55)
    plume = Style(steps=12, lean=0.3, droop=0.35, frizz=0.05, clump=0.6, tuft=60)
    short = Style(steps=6, lean=0.5, droop=0.2, clump=0.3)
    return [
        Coat(BODY, 0.32, 0.30, soft),
        Coat(HEAD, 0.32, 0.27, soft, (0, 0.5, 0.25)),
        Coat(MUZZLE, 0.05, 0.055, short, (0, 0.9, -0.4)),
        *(Coat(ear, 0.045, 0.13, soft, (0, 0, 1)) for ear in EARS),
        *(Coat(arm, 0.06, 0.15, soft) for arm in ARMS),
        *(Coat(foot, 0.04, 0.10, short, (0, -0.7, -0.3)) for foot in FEET),
        Coat(TAIL, 0.10, 0.42, plume, (-0.35, 0, 0.9)),
    ]


def _length(coat: Coat, roots: Floats, rng: np.random.Generator) -> Floats:
    """Longer on cheeks, crown and ear tips; short about the eyes so that they stay free."""
    length = coat.length * rng.lognormal(0, 0.16, len(roots))
    if coat.part is HEAD:
        front = np.clip((-roots[:, 1] - 0.25) / 0.3, 0, 1)
        length *= 1 - 0.62 * front
        length *= (
            1 + 0.7 * np.clip(np.abs(roots[:, 0]) / 0.5 - 0.6, 0, 1) * np.clip((1.45 - roots[:, 2]) / 0.2, 0, 1) * 2
        )
        for eye in EYES:
            gap = np.linalg.norm(roots - np.asarray(eye.centre), axis=1)
            length *= np.clip((gap - 0.07) / 0.16, 0.12, 1)
    if coat.part in EARS:
        length *= 1 + 0.8 * np.clip((roots[:, 2] - 1.9) / 0.15, 0, 1)
    return np.asarray(length)


def _tint(coat: Coat, roots: Floats, normals: Floats, rng: np.random.Generator) -> Floats:
    cream = np.zeros(len(roots))
    if coat.part is BODY:
        cream = np.clip((-normals[:, 1] - 0.45) * 4, 0, 1) * np.clip((0.36 - np.abs(roots[:, 0])) * 9, 0, 1)
    elif coat.part is MUZZLE:
        cream = np.full(len(roots), 0.95)
    elif coat.part is HEAD:
        cheek = np.exp(-(((np.abs(roots[:, 0]) - 0.27) / 0.14) ** 2) - ((roots[:, 2] - 1.22) / 0.14) ** 2)
        cream = np.clip(cheek * 1.2, 0, 0.9) * (normals[:, 1] < 0)
    elif coat.part is TAIL:
        cream = np.clip((roots[:, 2] - 0.72) * 5, 0, 0.95)
    elif coat.part in EARS:
        cream = np.where((normals[:, 1] < -0.5) & (roots[:, 2] < 1.9), 0.85, 0.0)
    cream = (rng.random(len(roots)) < cream).astype(float)[:, None]
    mix = np.clip(rng.normal(0.3, 0.2, len(roots)), 0, 1)[:, None]
    coat_colour = (1 - mix) * GINGER + mix * RUST
    if coat.part in EARS or coat.part in FEET:
        dark = np.clip((roots[:, 2:] - 1.88) * 6, 0, 0.8) if coat.part in EARS else np.full((len(roots), 1), 0.35)
        coat_colour = (1 - dark) * coat_colour + dark * COCOA
    return np.asarray(
        np.clip((1 - cream) * coat_colour + cream * CREAM, 0.01, 0.95) * rng.uniform(0.85, 1.1, (len(roots), 1))
    ).clip(0, 0.95)


def garden_light(coats: list[Coat], sun: Rays, reflector: Rays) -> FurLight:
    """The two lamps, a blue-grey sky, and warm light back from the table."""
    sky = np.array([0.30, 0.35, 0.42])
    ways = [(0, 0, 1.0), (0.8, 0, 0.6), (-0.8, 0, 0.6), (0, 0.8, 0.6), (0, -0.9, 0.4)]
    soft = [Rays(unit(np.array(way)), 0.23 * sky) for way in ways]
    soft.append(Rays(unit(np.array([0, -0.75, -0.65])), np.array([0.16, 0.10, 0.06])))
    return FurLight(
        [sun, reflector], soft, [Fog.of(coat.part, 0.13 if coat.part is HEAD else coat.length) for coat in coats]
    )


def add_creature(strands: int, thickness: float, lamps: tuple[Rays, Rays], rng: np.random.Generator) -> list[Any]:
    """Add the creature; `thickness` is a strand's radius at its root, in scene units."""
    skin = m.material("skin", (0.30, 0.12, 0.045), roughness=0.9)
    black = m.material("black", (0.012, 0.009, 0.008), roughness=0.08, Coat_Weight=1.0)
    nose = m.material("nose", (0.02, 0.014, 0.014), roughness=0.28)
    parts = [BODY, HEAD, MUZZLE, *EARS, *ARMS, *FEET, TAIL]
    made = [b.solid("part", part, skin) for part in parts]
    made += [b.solid("eye", eye, black) for eye in EYES] + [b.solid("nose", NOSE, nose)]
    fur = m.painted_material("fur")
    light = garden_light(coats(), *lamps)
    for coat in coats():
        roots, normals = coat.part.roots(int(strands * coat.share), rng)
        hidden = np.any([part.contains(roots) for part in parts if part is not coat.part], axis=0)
        hidden |= np.any([eye.contains(roots, 1.05) for eye in (*EYES, NOSE)], axis=0)
        roots, normals = roots[~hidden], normals[~hidden]
        length, tint = _length(coat, roots, rng), _tint(coat, roots, normals, rng)
        comb = unit(np.asarray(coat.comb, float))
        if coat.part is HEAD:  # away from the nose, as a face is combed
            comb = unit(roots - np.asarray(NOSE.centre))
        paths = grow(roots, normals, length, comb, coat.style, rng)
        made.append(b.hair("fur", paths, light.shaded(paths, tint), thickness, thickness * 0.25, fur))
        loose = rng.random(len(roots)) < 0.02
        wild = Style(steps=14, lean=0.2, droop=0.45, frizz=0.13, clump=0.0, spread=0.45)
        flying = grow(
            roots[loose],
            normals[loose],
            length[loose] * rng.uniform(1.1, 1.9, loose.sum()),
            comb if comb.ndim == 1 else comb[loose],
            wild,
            rng,
        )
        made.append(
            b.hair("flyaways", flying, light.shaded(flying, tint[loose]), thickness * 0.8, thickness * 0.2, fur)
        )
    made += _whiskers(thickness, rng)
    return made


def _whiskers(thickness: float, rng: np.random.Generator) -> list[Any]:
    side = np.repeat([-1.0, 1.0], 7)
    roots = np.c_[side * rng.uniform(0.11, 0.16, 14), rng.uniform(-0.67, -0.6, 14), rng.uniform(1.2, 1.3, 14)]
    outward = unit(np.c_[side, rng.uniform(-0.35, 0.05, 14), rng.uniform(-0.3, 0.45, 14)])
    style = Style(steps=16, lean=0, droop=0.45, frizz=0.01, clump=0, spread=0.05)
    paths = grow(roots, outward, rng.uniform(0.45, 0.75, 14), np.zeros(3), style, rng)
    return [
        b.hair("whiskers", paths, np.full((14, 3), 0.9), thickness * 2.0, thickness * 0.4, m.hair_material("whisker"))
    ]


def add_mug(at: tuple[float, float], colour: tuple[float, float, float]) -> list[Any]:
    """Add the mug, its middle at (x, y), in a linear RGB colour; returns its parts."""
    glaze = m.material("glaze", colour, roughness=0.12, Coat_Weight=0.6)
    radius, height, wall = 0.30, 0.64, 0.028
    bend = np.linspace(0, np.pi, 9)
    lip = np.c_[radius - wall / 2 + wall / 2 * np.cos(bend), height + wall / 2 * np.sin(bend)]
    foot = np.array(
        [[0.0, 0.012], [0.22, 0.012], [0.225, 0.0], [0.25, 0.0], [0.275, 0.03], [0.295, 0.08], [radius, 0.14]]
    )
    inside = np.array([[radius - wall, height - 0.05], [radius - wall, 0.12], [0.22, 0.05], [0.0, 0.045]])
    cup = b.lathe("mug", np.r_[foot, [[radius, height - 0.02]], lip, inside], glaze, detail=160)
    turn = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 40)
    handle = np.c_[radius - 0.015 + 0.19 * np.cos(turn), np.zeros(40), 0.34 + 0.19 * np.sin(turn)]
    grip = b.tube("handle", handle, 0.036, glaze, detail=32)
    for thing in (cup, grip):
        thing.location = (*at, 0.0)
        thing.rotation_euler = (0, 0, -0.35)
    return [cup, grip]
