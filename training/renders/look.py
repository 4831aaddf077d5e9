"""The light, the palette and the shading that one training render draws at random."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from strands import Floats, unit


@dataclass(frozen=True)
class Look:
    """What one picture draws at random: unit directions (light, 3) to the lights; their colours, linear RGB (light, 3);
    the ambient light, linear RGB (3,)."""

    rng: np.random.Generator
    directions: Floats
    colours: Floats
    ambient: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """Draw a key light, a light from behind and a weak one from the other side at random."""
        key = [rng.uniform(-1, 1), -1.0, rng.uniform(0.2, 1.4)]
        rim = [rng.uniform(-1.5, 1.5), rng.uniform(0.6, 1.4), rng.uniform(0.2, 1.2)]
        fill = [-key[0], -1.0, rng.uniform(-0.2, 0.6)]
        strength = np.array([rng.uniform(0.6, 1.2), rng.choice([0.0, 0.5, 1.6]), rng.uniform(0.1, 0.5)])
        warm = np.array([[1.0, 1.0 - 0.25 * w, 1.0 - 0.5 * w] for w in rng.uniform(-0.3, 0.8, 3)])
        ambient = rng.uniform(0.1, 0.35) * np.array([1.0, 1.0, 1.0 + rng.uniform(-0.15, 0.25)])
        return cls(rng, unit(np.array([key, rim, fill])), strength[:, None] * warm, ambient)

    def colour(self, *, natural: bool = False) -> Floats:
        """Draw a linear RGB colour; `natural` keeps to the browns, greys, blacks and whites of hair and fur."""
        rng = self.rng
        if natural:
            hue, full, light = (
                rng.uniform(0.04, 0.11),
                rng.uniform(0.05, 0.75),
                rng.choice([0.05, 0.12, 0.3, 0.55, 0.85]),
            )
        else:
            hue, full, light = rng.random(), rng.beta(1.2, 1.2), rng.uniform(0.06, 0.9)
        return np.asarray(colorsys.hsv_to_rgb(hue, full, light * rng.uniform(0.8, 1.1)))

    def leaf_green(self) -> Floats:
        """Draw the linear RGB colour of a leaf: mostly green, sometimes yellow to red."""
        rng = self.rng
        hue = rng.uniform(0.02, 0.12) if rng.random() < 0.15 else rng.uniform(0.19, 0.36)
        return np.asarray(colorsys.hsv_to_rgb(hue, rng.uniform(0.5, 0.95), rng.uniform(0.1, 0.55)))

    def on_strands(
        self, paths: Floats, normals: Floats, tint: Floats, *, depth: float = 0.6, gloss: float = 0.25
    ) -> Floats:
        """Shade strands as Kajiya and Kay (1989) do: (strand, step, 3) linear RGB.

        `depth` darkens the roots, which lie in their neighbours' shade; normals (strand, 3) turn whole sides away.
        """
        along = unit(np.gradient(paths, axis=1))
        view = np.array([0.0, -1.0, 0.0])
        glint = gloss * self.rng.uniform(0.3, 1.0)
        light = np.broadcast_to(self.ambient, paths.shape).copy()
        shine = np.zeros_like(light)
        for direction, colour in zip(self.directions, self.colours, strict=True):
            cosine = along @ direction
            sine = np.sqrt(np.clip(1 - cosine**2, 0, 1))
            facing = np.clip(0.35 + 0.65 * (normals @ direction), 0.05, 1)[:, None]
            light += (sine * facing)[..., None] * colour
            away = np.sqrt(np.clip(1 - (along @ view) ** 2, 0, 1))
            lobe = np.clip(sine * away - cosine * (along @ view), 0, 1) ** 24
            shine += (lobe * facing)[..., None] * colour
        reach = np.linspace(0, 1, paths.shape[1])[None, :, None] ** 0.7
        return np.asarray((tint[:, None] * light + glint * shine) * (1 - depth + depth * reach))


#: adds a thing to the scene; the number is the width of a pixel in scene units
Kind = Callable[[Look, float], None]
