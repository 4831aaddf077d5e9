"""Things with clean edges: bottles, mugs, boxes, chairs; and a veil, which is see-through all over."""

from __future__ import annotations

from typing import Any

import blender as b
import materials as m
import numpy as np
from creature import add_mug
from look import Look
from numpy.typing import NDArray
from strands import about_z


def _finish(look: Look, name: str) -> Any:
    rng = look.rng
    return m.material(name, look.colour(), roughness=rng.uniform(0.05, 0.9), Metallic=float(rng.random() < 0.15))


def bottle(look: Look, _pixel: float) -> None:
    """One to three bottles with caps."""
    rng = look.rng
    for _ in range(rng.integers(1, 4)):
        knots = np.sort(rng.uniform(-0.85, 0.8, 5))
        radii = np.r_[rng.uniform(0.15, 0.4, 3), rng.uniform(0.07, 0.2, 2)]
        z = np.linspace(knots[0], knots[-1], 60)
        smooth = np.convolve(
            np.pad(np.interp(z, knots, radii), 4, mode="edge"), np.hanning(11)[1:-1] / np.hanning(11).sum(), "valid"
        )
        profile = np.r_[[[0, z[0]]], np.c_[smooth, z], [[0, z[-1]]]]
        body = b.lathe("bottle", profile, _finish(look, "body"))
        cap = b.lathe(
            "cap",
            np.array([[0, z[-1]], [smooth[-1] * 1.08, z[-1]], [smooth[-1] * 1.08, z[-1] + 0.14], [0, z[-1] + 0.14]]),
            _finish(look, "cap"),
        )
        shift = (rng.uniform(-0.6, 0.6), rng.uniform(-0.3, 0.3), 0)
        body.location = cap.location = shift


def box(look: Look, _pixel: float) -> None:
    """One to three boxes with rounded edges."""
    rng = look.rng
    corners = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float)
    for _ in range(rng.integers(1, 4)):
        made = b.cuboid("box", corners * rng.uniform(0.2, 0.6, 3), _finish(look, "card"))
        made.location, made.rotation_euler = rng.uniform(-0.4, 0.4, 3), rng.uniform(0, 3, 3) * (0.1, 0.1, 1)
        edge = made.modifiers.new("edge", "BEVEL")
        edge.width, edge.segments = rng.uniform(0.002, 0.06), 4


def mug(look: Look, _pixel: float) -> None:
    """The mug of the example photo, in any colour."""
    for thing in add_mug((0.0, 0.0), tuple(look.colour())):
        thing.scale, thing.rotation_euler = (1.7, 1.7, 1.7), (0, 0, look.rng.uniform(-2.5, 2.5))
        thing.location = (0, 0, -0.55)


def chair(look: Look, _pixel: float) -> None:
    """Tube legs, a seat, a back of slats or a grid of cane."""
    rng = look.rng
    leg, seat = _finish(look, "leg"), _finish(look, "seat")
    yaw = rng.uniform(-0.9, 0.9)
    turn = about_z(yaw)
    thick, wide, splay = rng.uniform(0.015, 0.045), rng.uniform(0.35, 0.5), rng.uniform(0, 0.12)
    for x in (-1, 1):
        for y in (-1, 1):
            top = 0.9 if y > 0 else -0.05
            path = np.array(
                [
                    [x * (wide + splay), y * (wide + splay), -0.95],
                    [x * wide, y * wide, -0.05],
                    [x * wide, y * wide * 1.1, top],
                ]
            )
            b.tube("leg", path @ turn.T, thick, leg, detail=20)
        for z in (-0.55, -0.4):
            b.tube("rung", np.array([[x * wide, -wide, z], [x * wide, wide, z]]) @ turn.T, thick * 0.6, leg)
    plate = np.array([(x, y, z) for z in (-0.08, 0.0) for y in (-1, 1) for x in (-1, 1)], float) * (
        wide * 1.08,
        wide * 1.08,
        1,
    )
    b.cuboid("seat", plate @ turn.T, seat)
    count = int(rng.integers(2, 16))
    for place in np.linspace(-0.9, 0.9, count) * wide:
        b.tube("slat", np.array([[place, wide * 1.05, 0.0], [place, wide * 1.1, 0.85]]) @ turn.T, thick * 0.5, leg)
    for z in np.linspace(0.3, 0.88, int(rng.integers(2, 12))):
        b.tube("rail", np.array([[-wide, wide * 1.08, z], [wide, wide * 1.08, z]]) @ turn.T, thick * 0.6, leg)


def veil(look: Look, pixel: float) -> None:
    """Thin cloth in folds: alpha rises where the cloth is seen edge-on or lies double."""
    rng = look.rng
    u, v = np.meshgrid(np.linspace(-1, 1, 220), np.linspace(-1, 1, 160))
    y: NDArray[np.float64] = np.zeros_like(u) + sum(
        rng.uniform(0.02, 0.12) * np.sin(rng.uniform(2, 11) * u + rng.uniform(-2, 2) * v + rng.uniform(0, 6))
        for _ in range(4)
    )
    x = u * (0.5 + 0.22 * (1 - v)) + 0.05 * np.sin(5 * v + rng.uniform(0, 6))
    made = m.thin_material("veil", look.colour())
    nodes, links = made.node_tree.nodes, made.node_tree.links
    clear, mix, edge = (
        nodes.new("ShaderNodeBsdfTransparent"),
        nodes.new("ShaderNodeMixShader"),
        nodes.new("ShaderNodeLayerWeight"),
    )
    reach = nodes.new("ShaderNodeMapRange")
    thin = rng.uniform(0.15, 0.6)
    reach.inputs["To Min"].default_value, reach.inputs["To Max"].default_value = thin, min(1.0, thin + 0.4)
    links.new(edge.outputs["Facing"], reach.inputs["Value"])
    links.new(reach.outputs["Result"], mix.inputs["Fac"])
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(nodes["Mix Shader"].outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    b.grid("veil", np.stack([x, y, 0.9 * v], -1), made)
    if rng.random() < 0.6:
        hem = np.stack([x[-1], y[-1], 0.9 * v[-1]], 1)
        b.tube("hem", hem, rng.uniform(1.5, 6) * pixel, m.material("hem", look.colour()))
