"""Computes the light on fur before rendering.

Tracing light between half a million hairs takes hours, this computation seconds. Strands are shaded as thin cylinders
(Kajiya and Kay 1989). The light that reaches a point is dimmed by the length of its way out through the coats, each
taken as a fog that fills its ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from strands import Ellipsoid, Floats, unit


@dataclass(frozen=True)
class Fog:
    """A coat as a fog: the ellipsoid out to the middle of the hairs; the way in which light falls to 1/e."""

    outer: Ellipsoid
    free_path: float = 0.10

    @classmethod
    def of(cls, part: Ellipsoid, length: float) -> Fog:
        """The fog of hair of this ``length`` (scene units) on ``part``."""
        x, y, z = (radius + 0.62 * length for radius in part.radii)
        return cls(Ellipsoid(part.centre, (x, y, z), part.tilt))

    def depth(self, points: Floats, direction: Floats) -> Floats:
        """Free paths from points (n, 3) out along a unit direction."""
        radii = np.asarray(self.outer.radii)
        start = (points - np.asarray(self.outer.centre)) @ self.outer.rotation / radii
        ray = direction @ self.outer.rotation / radii
        a, half, c = ray @ ray, start @ ray, (start**2).sum(1) - 1
        root = np.sqrt(np.maximum(half**2 - a * c, 0))
        near, far = (-half - root) / a, (-half + root) / a
        return np.asarray(np.where(half**2 > a * c, np.maximum(far, 0) - np.maximum(near, 0), 0) / self.free_path)


def reaching(points: Floats, direction: Floats, fogs: list[Fog]) -> Floats:
    """Share, in [0, 1], (n,), of the light from `direction` (3,) that reaches points (n, 3) in scene units."""
    return np.asarray(np.exp(-sum(fog.depth(points, direction) for fog in fogs)))


@dataclass(frozen=True)
class Rays:
    """Parallel light: unit direction to its source, linear RGB irradiance."""

    direction: Floats
    colour: Floats


@dataclass(frozen=True)
class FurLight:
    """Rays that make highlights, and soft light from a few directions that does not."""

    rays: list[Rays]
    soft: list[Rays]
    fogs: list[Fog]

    def shaded(self, paths: Floats, tint: Floats, *, gloss: float = 0.10) -> Floats:
        """Radiance of strands (strand, step, 3) with tint (strand, 3)."""
        steps = paths.shape[1]
        along = unit(np.gradient(paths, axis=1))
        at = np.linspace(0, steps - 1, 3).astype(int)
        view = np.array([0.0, -1.0, 0.15]) / np.hypot(1, 0.15)
        light, shine = np.zeros_like(paths), np.zeros_like(paths)
        for rays in self.rays:
            cosine = along @ rays.direction
            sine = np.sqrt(np.clip(1 - cosine**2, 0, 1))
            seen = self._between(paths, at, rays.direction)
            light += (sine * seen)[..., None] * rays.colour / np.pi
            away = np.sqrt(np.clip(1 - (along @ view) ** 2, 0, 1))
            lobe = np.clip(sine * away - cosine * (along @ view), 0, 1) ** 18
            shine += (lobe * seen)[..., None] * rays.colour / np.pi
        for rays in self.soft:
            light += self._between(paths, at, rays.direction)[..., None] * rays.colour
        return np.asarray(tint[:, None] * light + gloss * shine)

    def _between(self, paths: Floats, at: np.ndarray, direction: Floats) -> Floats:
        """Reaching light at three steps of each strand, linear between."""
        known = np.stack([reaching(paths[:, step], direction, self.fogs) for step in at], 1)
        place = np.interp(np.arange(paths.shape[1]), at, np.arange(len(at)))
        low = np.minimum(place.astype(int), len(at) - 2)
        part = place - low
        return np.asarray(known[:, low] * (1 - part) + known[:, low + 1] * part)
