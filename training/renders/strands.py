"""Hair as polylines, in NumPy: roots on ellipsoids, strands that bend, curl, frizz and clump.

Positions are float (strand, step, xyz) in scene units; Blender only draws them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: float64: points (n, 3), strands (strand, step, 3), or what a docstring says
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ellipsoid:
    """A solid that carries hair: centre and radii in scene units, tilt about the y axis in radians."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tilt: float = 0.0

    @property
    def rotation(self) -> Floats:
        """The rotation by ``tilt``, (3, 3)."""
        c, s = np.cos(self.tilt), np.sin(self.tilt)
        return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])

    def roots(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return points on the surface, uniform by area, and their outward normals, each (count, 3)."""
        radii = np.asarray(self.radii)
        # A uniform direction scaled by the radii crowds the flat sides: keep each with its local area stretch.
        sphere = unit(rng.normal(size=(count * 4 + 64, 3)))
        stretch = np.linalg.norm(sphere / radii, axis=1)
        kept = sphere[rng.random(len(sphere)) < stretch / stretch.max()]
        kept = kept[rng.integers(0, len(kept), count)] if len(kept) < count else kept[:count]
        turned = self.rotation.T
        return (kept * radii) @ turned + np.asarray(self.centre), unit(kept / radii) @ turned

    def contains(self, points: Floats, shrink: float = 0.97) -> NDArray[np.bool_]:
        """Whether each of points (…, 3) lies inside; ``shrink`` scales the ellipsoid."""
        local = (points - np.asarray(self.centre)) @ self.rotation / (np.asarray(self.radii) * shrink)
        return np.asarray((local**2).sum(axis=-1) < 1.0)


@dataclass(frozen=True)
class Style:
    """How strands grow. Lengths in scene units, the rest without unit."""

    steps: int = 9
    lean: float = 0.4  # share of the combing direction in the first step
    droop: float = 0.5  # how far gravity turns the tip
    frizz: float = 0.06  # sideways wander, as a share of the length
    curl: float = 0.0  # radius of the helix, as a share of the length
    turns: float = 0.0
    clump: float = 0.5  # how far the tips join their tuft
    tuft: int = 40  # strands in a tuft
    spread: float = 0.25  # scatter of the first direction


def unit(vectors: Floats) -> Floats:
    """Vectors (…, 3) scaled to length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def about_z(yaw: float) -> Floats:
    """The rotation by ``yaw`` radians about the z axis, (3, 3)."""
    return np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])


def grow(
    roots: Floats, normals: Floats, length: Floats, comb: Floats, style: Style, rng: np.random.Generator
) -> Floats:
    """Grow one strand per root: (strand, step, 3). `comb` is a direction, (3,) or one per root."""
    count, steps = len(roots), style.steps
    tangent = comb - (comb * normals).sum(-1, keepdims=True) * normals
    first = unit(normals + style.lean * 2.0 * tangent + style.spread * rng.normal(size=(count, 3)))
    at = np.linspace(0.0, 1.0, steps)
    down = np.array([0.0, 0.0, -1.0])
    heading = unit(first[:, None] + (style.droop * at**1.5)[None, :, None] * 1.6 * down)
    heading += style.frizz * rng.normal(size=(count, steps, 3)).cumsum(axis=1) * 0.6
    step = length[:, None, None] / (steps - 1) * unit(heading)
    path = np.concatenate([np.zeros((count, 1, 3)), step[:, 1:].cumsum(axis=1)], axis=1)
    if style.clump > 0 and count > style.tuft:
        path = _clumped(roots, path, style, rng)
    if style.curl > 0:
        path += _helix(first, length, at, style, rng)
    return np.asarray(roots[:, None] + path)


def _clumped(roots: Floats, path: Floats, style: Style, rng: np.random.Generator) -> Floats:
    """Pull every strand towards its tuft's guide, the more the nearer to the tip."""
    guides = rng.choice(len(roots), max(1, len(roots) // style.tuft), replace=False)
    nearest = _nearest(roots, roots[guides])
    guide = guides[nearest]
    offset = roots[guide] - roots
    weight = style.clump * rng.uniform(0.6, 1.0, len(roots))[:, None] * np.linspace(0, 1, path.shape[1]) ** 1.2
    return np.asarray(path + weight[..., None] * (offset[:, None] + path[guide] - path))


def _nearest(points: Floats, centres: Floats, chunk: int = 2048) -> NDArray[np.int64]:
    square = (centres**2).sum(1)
    parts = [(square - 2 * points[i : i + chunk] @ centres.T).argmin(1) for i in range(0, len(points), chunk)]
    return np.concatenate(parts)


def _helix(first: Floats, length: Floats, at: Floats, style: Style, rng: np.random.Generator) -> Floats:
    side = unit(np.cross(first, [0.3, 0.9, 0.31]))
    other = np.cross(first, side)
    angle = (rng.uniform(0, 2 * np.pi, len(first))[:, None] + 2 * np.pi * style.turns * at)[..., None]
    radius = (style.curl * length)[:, None, None] * np.minimum(1, 3 * at)[None, :, None]
    return np.asarray(radius * (np.cos(angle) * side[:, None] + np.sin(angle) * other[:, None]))
