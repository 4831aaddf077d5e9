"""A small renderer of ellipsoids, boxes and tapered cylinders: a parallel camera, each ray solved in closed form.

Object space: x right, y up, z towards the camera after `view` is applied.  Lengths are in object units; the picture
is fitted to what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from .data import Pixels

#: float64: points and vectors (n, 3), or one (3,), unless a docstring says otherwise
Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Material:
    """Colour by place: a base, a second colour mixed in by waves or stripes, perhaps a picture wrapped around."""

    base: Floats
    other: Floats
    waves: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    sharpness: float = 4.0
    picture: Pixels | None = None
    gloss: float = 0.2
    shine: float = 20.0

    def colour(self, local: Floats, place: Floats) -> Floats:
        """Colours (n, 3) in [0, 255] at part coordinates `local` in [-1, 1] and object coordinates `place`."""
        if self.picture is not None:
            height, width = self.picture.shape[:2]
            turn = np.arctan2(local[:, 0], local[:, 2]) / (2 * np.pi) + 0.5
            column = np.clip(turn * width, 0, width - 1).astype(int)
            row = np.clip((0.5 - local[:, 1] / 2) * height, 0, height - 1).astype(int)
            return np.asarray(self.picture[row, column, :3], np.float64)
        if len(self.waves) == 0:
            return np.broadcast_to(self.base, place.shape)
        mix = np.sin(place @ self.waves[:, :3].T + self.waves[:, 3]).sum(axis=1) / np.sqrt(len(self.waves))
        mix = 1 / (1 + np.exp(-self.sharpness * mix))
        return np.asarray(self.base + (self.other - self.base) * mix[:, None])


@dataclass(frozen=True)
class Solid:
    """One part: `kind` is ball, box or rod (axis y, radius 1 at the bottom and `tip` at the top, before scaling)."""

    kind: str
    centre: Floats
    scale: Floats
    material: Material
    turn: Floats = field(default_factory=lambda: np.eye(3))
    tip: float = 1.0


def rotation(axis: int, angle: float) -> Floats:
    """Rotation matrix about x, y or z (0, 1, 2), radians."""
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[a, b], matrix[b, a] = -np.sin(angle), np.sin(angle)
    return matrix


def rod(start: Floats, end: Floats, radius: float, material: Material, tip: float = 1.0) -> Solid:
    """A (tapered) cylinder from `start` to `end`."""
    along = end - start
    length = float(np.linalg.norm(along)) + 1e-9
    y = along / length
    helper = np.array([1.0, 0, 0]) if abs(y[0]) < 0.8 else np.array([0, 0, 1.0])
    x = np.cross(y, helper)
    x /= np.linalg.norm(x)
    turn = np.stack([x, y, np.cross(x, y)], axis=1)
    return Solid("rod", (start + end) / 2, np.array([radius, length / 2, radius]), material, turn, tip)


def tube(points: Floats, radius: float | Floats, material: Material, tip: float = 1.0) -> list[Solid]:
    """Rods along a polyline (n, 3), with balls at the joints; `radius` tapers to `tip` times itself."""
    radii = np.broadcast_to(radius, len(points)) * np.linspace(1, tip, len(points))
    parts = [
        rod(a, b, float(r), material, float(q / r))
        for a, b, r, q in zip(points, points[1:], radii, radii[1:], strict=False)
    ]
    parts += [Solid("ball", p, np.full(3, float(r)), material) for p, r in zip(points, radii, strict=True)]
    return parts


def _meet(solid: Solid, origin: Floats, ray: Floats) -> tuple[Floats, Floats]:
    """Distance along the ray (inf: missed) and local outward normal, for local origins (n, 3) and one direction."""
    far = np.full(len(origin), np.inf)
    if solid.kind == "ball":
        a, b, c = ray @ ray, origin @ ray, (origin**2).sum(axis=1) - 1
        root = b * b - a * c
        t = np.where(root >= 0, (-b - np.sqrt(np.maximum(root, 0))) / a, far)
        return t, origin + np.where(np.isfinite(t), t, 0)[:, None] * ray
    if solid.kind == "box":
        with np.errstate(divide="ignore"):
            inverse = 1 / np.where(np.abs(ray) < 1e-9, 1e-9, ray)
        near = (-np.sign(inverse) - origin) * inverse
        exits = (np.sign(inverse) - origin) * inverse
        side = near.argmax(axis=1)
        t = near.max(axis=1)
        normal = np.zeros_like(origin)
        normal[np.arange(len(origin)), side] = -np.sign(ray[side])
        return np.where(t <= exits.min(axis=1), t, far), normal
    return _meet_rod(solid.tip, origin, ray)


def _meet_rod(tip: float, origin: Floats, ray: Floats) -> tuple[Floats, Floats]:
    # Radius at height y in [-1, 1] is p + q y.
    p, q = (1 + tip) / 2, (tip - 1) / 2
    ox, oy, oz = origin.T
    dx, dy, dz = ray
    rim = p + q * oy
    a = dx * dx + dz * dz - q * q * dy * dy
    b = ox * dx + oz * dz - q * dy * rim
    c = ox * ox + oz * oz - rim * rim
    a = a if abs(a) > 1e-9 else 1e-9
    root = b * b - a * c
    t = (-b - np.sqrt(np.maximum(root, 0))) / a
    y = oy + t * dy
    t = np.where((root >= 0) & (np.abs(y) <= 1), t, np.inf)
    bounded = np.where(np.isfinite(t), t, 0)
    hit = origin + bounded[:, None] * ray
    normal = np.stack([hit[:, 0], -q * (p + q * hit[:, 1]), hit[:, 2]], axis=1)
    if abs(dy) > 1e-9:
        for level, radius in ((-1.0, 1.0), (1.0, tip)):
            s = (level - oy) / dy
            x, z = ox + s * dx, oz + s * dz
            cap = (x * x + z * z <= radius * radius) & (s < t)
            t = np.where(cap, s, t)
            normal[cap] = (0, level, 0)
    return t, normal


def render(rng: Rng, solids: list[Solid], view: Floats, side: int) -> Pixels:
    """Draws the parts, fitted to a square of `side`, lit by one lamp and the sky: uint8 (side, side, RGB + alpha)."""
    big = side * 2
    centres = np.array([view @ s.centre for s in solids])
    reach = np.array([np.abs(view @ s.turn) @ s.scale * max(1.0, s.tip) for s in solids])
    low, high = (centres - reach)[:, :2].min(axis=0), (centres + reach)[:, :2].max(axis=0)
    unit = (big * 0.97) / (high - low).max()
    middle = (low + high) / 2
    depth = np.full((big, big), np.inf)
    colour, normals = np.zeros((big, big, 3)), np.zeros((big, big, 3))
    gloss = np.zeros((big, big, 2))
    for solid, centre, extent in zip(solids, centres, reach, strict=True):
        left, right = ((np.array([-1, 1]) * extent[0] + centre[0] - middle[0]) * unit + big / 2 + [-1, 2]).astype(int)
        top, bottom = ((np.array([-1, 1]) * extent[1] - centre[1] + middle[1]) * unit + big / 2 + [-1, 2]).astype(int)
        left, top, right, bottom = max(0, left), max(0, top), min(big, right), min(big, bottom)
        if left >= right or top >= bottom:
            continue
        v, u = np.mgrid[top:bottom, left:right]
        x = (u.ravel() + 0.5 - big / 2) / unit + middle[0]
        y = -(v.ravel() + 0.5 - big / 2) / unit + middle[1]
        into = solid.turn.T @ view.T / solid.scale[:, None]
        offset = np.stack([x - centre[0], y - centre[1], np.full(x.size, -centre[2])], axis=1)
        origin, ray = offset @ into.T, into @ np.array([0, 0, -1.0])
        t, normal = _meet(solid, origin, ray)
        flat_depth = depth[top:bottom, left:right].ravel()
        seen = t < flat_depth
        if not seen.any():
            continue
        t, normal, origin = t[seen], normal[seen], origin[seen]
        local = origin + t[:, None] * ray
        outward = (normal / solid.scale) @ (view @ solid.turn).T
        outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
        place = (local * solid.scale) @ solid.turn.T + solid.centre
        rows, columns = v.ravel()[seen], u.ravel()[seen]
        depth[rows, columns] = t
        colour[rows, columns] = solid.material.colour(local, place)
        normals[rows, columns] = outward
        gloss[rows, columns] = (solid.material.gloss, solid.material.shine)
    lamp = np.array([rng.uniform(-1, 1), rng.uniform(0.1, 1), rng.uniform(0.2, 1)])
    lamp /= np.linalg.norm(lamp)
    half = lamp + np.array([0, 0, 1.0])
    half /= np.linalg.norm(half)
    ambient = rng.uniform(0.25, 0.7)
    light = ambient * (0.75 + 0.25 * normals[..., 1]) + (1.15 - ambient) * np.clip(normals @ lamp, 0, 1)
    spark = gloss[..., 0] * np.clip(normals @ half, 0, 1) ** np.maximum(gloss[..., 1], 1)
    shaded = colour * light[..., None] + 255 * spark[..., None]
    covered = np.isfinite(depth)
    image = np.dstack([np.clip(shaded, 0, 255) * covered[..., None], covered * 255.0]).astype(np.float32)
    image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    # Averaging mixed black into edge colours: divide it out again (straight colour).
    image[..., :3] *= 255 / np.maximum(image[..., 3:], 1)
    return np.asarray(np.clip(image, 0, 255), np.uint8)
