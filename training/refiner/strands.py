"""Hair, fur, wires and grass: curves drawn three times finer than needed, then averaged; each has its colour."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .textures import SIDE, Pixels, Rng

FINER = 3
Points = NDArray[np.float32]
#: of any precision
Floats = NDArray[np.floating[Any]]


def blank() -> Pixels:
    """An empty fine canvas."""
    return np.zeros((SIDE * FINER, SIDE * FINER), np.uint8)


def averaged(canvas: Pixels) -> NDArray[np.float32]:
    """The canvas at its final size, float32 (SIDE, SIDE) in [0, 1]."""
    small = np.asarray(cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return small.astype(np.float32) * np.float32(1 / 255)


def curves(
    rng: Rng, roots: Floats, angles: Floats, lengths: Floats, curl: float, wave: float, steps: int = 14
) -> Points:
    """Curves that start at ``roots`` (number, xy) towards ``angles``: float32 (number, steps, xy) in pixels.

    ``curl`` is the spread of the whole turn, ``wave`` the size of a ripple, both in radians.
    """
    number = len(roots)
    t = np.linspace(0, 1, steps, dtype=np.float32)
    turn = rng.normal(0, curl, (number, 1)) * t
    ripple = wave * np.sin(t * rng.uniform(2, 14) + rng.uniform(0, 6.3, (number, 1)))
    heading = angles[:, None] + turn + ripple
    step = np.stack([np.cos(heading), np.sin(heading)], axis=-1) * (lengths / (steps - 1))[:, None, None]
    return np.asarray(roots[:, None] + np.cumsum(step, axis=1) - step[:, :1], np.float32)


def fixed_point(points: Points, scale: float) -> list[NDArray[np.int32]]:
    """What cv2.polylines takes with shift=4; pixel centres of the fine grid lie between those of the final one."""
    scaled = np.round((points * scale + (scale - 1) / 2) * 16).astype(np.int32)
    return list(scaled)


def fill(canvas: Pixels, polygon: Points, value: int = 255) -> None:
    """Fills a polygon given in final pixels (points, xy)."""
    cv2.fillPoly(canvas, [np.stack(fixed_point(polygon, FINER))], value, cv2.LINE_AA, 4)


def pen_and_ink(thick: float, value: int) -> tuple[int, int]:
    """(line thickness, grey level) for OpenCV that cover ``thick`` fine pixels on average.

    Its antialiased lines are wider than asked: measured 1.5 pixels for thickness 1, t + 1.4 for the others.
    """
    if thick < 2.4:
        return 1, int(np.clip(value * thick / 1.5, 20, value))
    pen = max(2, round(thick - 1.4))
    return pen, int(np.clip(value * thick / (pen + 1.4), 20, value))


def stroke(canvas: Pixels, lines: Points, width: float, taper: bool = True, value: int = 255) -> None:
    """Draws curves ``width`` final pixels wide; tapered ones thin out towards the tip. The thinnest turn fainter."""
    thick = width * FINER
    steps = lines.shape[1]
    for share, factor in ((1.0, 0.4), (0.75, 0.7), (0.45, 1.0)) if taper else ((1.0, 1.0),):
        pen, ink = pen_and_ink(thick * factor, value)
        cut = lines[:, : max(2, int(steps * share))]
        cv2.polylines(canvas, fixed_point(cut, FINER), False, ink, pen, cv2.LINE_AA, 4)


def paint(colour: NDArray[np.float32], lines: Points, tones: NDArray[np.float32], width: float) -> None:
    """Gives each curve its own colour in ``colour`` (row, column, RGB), a little wider than it was drawn."""
    pen = max(2, round(width + 1.5))
    for line, tone in zip(fixed_point(lines, 1), tones, strict=True):
        cv2.polylines(colour, [line], False, [float(v) for v in tone], pen, cv2.LINE_8, 4)


def outline(rng: Rng, rough: float = 0.25, points: int = 400) -> tuple[Points, Points]:
    """A closed smooth contour that crosses the square: positions (points, xy) and outward angles (points)."""
    centre = rng.uniform(-0.15, 1.15, 2) * SIDE
    radius = SIDE * rng.uniform(0.18, 0.8)
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    r = np.ones(points)
    for k in range(1, 7):
        r += rough * rng.normal() / k**1.3 * np.sin(k * t + rng.uniform(0, 6.3))
    r = np.maximum(r, 0.15) * radius
    squash, tilt = rng.uniform(0.5, 1), rng.uniform(0, np.pi)
    x, y = r * np.cos(t), r * np.sin(t) * squash
    xy = np.stack([x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1) + centre
    along = np.roll(xy, -1, axis=0) - np.roll(xy, 1, axis=0)
    return xy.astype(np.float32), np.arctan2(-along[:, 0], along[:, 1]).astype(np.float32)


def visible(rng: Rng, xy: Points, count: int, margin: float) -> NDArray[np.intp]:
    """``count`` random indices of contour points inside the square (grown by ``margin``); all points if none is."""
    inside = np.flatnonzero(((xy > -margin) & (xy < SIDE + margin)).all(axis=1))
    return rng.choice(inside if inside.size else np.arange(len(xy)), count)


def tones_near(rng: Rng, base: NDArray[np.float32], count: int, spread: float) -> NDArray[np.float32]:
    """One colour per strand around ``base``: brighter or darker, a little shifted."""
    gain = np.exp(rng.normal(0, spread, (count, 1)))
    return np.asarray(np.clip(base * gain + rng.normal(0, 0.02, (count, 3)), 0, 1), np.float32)


def tuft(rng: Rng, canvas: Pixels, colour: NDArray[np.float32], kind: str) -> None:
    """A body with hair or fur along its contour, drawn into ``canvas``; strands are coloured in ``colour``."""
    xy, normal = outline(rng, 0.12 if kind == "hair" else 0.25)
    if rng.random() < 0.92:
        fill(canvas, xy)
    comb = rng.uniform(-np.pi, np.pi)
    combed = rng.uniform(0, 0.85)
    base = colour[tuple(rng.integers(SIDE, size=2))] if rng.random() < 0.6 else rng.uniform(0.02, 0.9, 3)
    spread = rng.uniform(0.05, 0.45)
    if rng.random() < 0.65:  # most bodies get the colour of their hair
        shade = 0.5 + colour.mean(axis=2, keepdims=True) * rng.uniform(0.2, 1.2)
        np.copyto(colour, np.clip(np.asarray(base, np.float32) * shade, 0, 1))
    layers = int(rng.integers(2, 5))
    longest = SIDE * (rng.uniform(0.15, 0.7) if kind == "hair" else rng.uniform(0.02, 0.14))
    for layer in range(layers):
        stray = layer == layers - 1
        count = int(rng.uniform(10, 60) if stray else rng.uniform(60, 260))
        chosen = visible(rng, xy, count, 0.3 * longest)
        if rng.random() < 0.6:  # clumps: strands share a root and nearly a direction
            chosen = chosen[rng.integers(0, max(3, count // int(rng.integers(4, 14))), count)]
        angles: Floats = normal[chosen]
        toward: Floats = np.stack([np.cos(angles), np.sin(angles)], 1) * (1 - combed)
        toward = toward + combed * np.array([np.cos(comb), np.sin(comb)])
        angles = np.arctan2(toward[:, 1], toward[:, 0]) + rng.normal(0, 0.5 if stray else rng.uniform(0.05, 0.3), count)
        lengths = longest * rng.uniform(0.3, 1.2, count)
        roots = xy[chosen] + rng.normal(0, 2.5, (count, 2)) - 3 * toward
        lines = curves(
            rng, roots, angles, lengths, rng.uniform(0.05, 1.2), rng.uniform(0, 0.35) if kind == "hair" else 0.1
        )
        width = float(rng.choice([0.3, 0.5, 0.7, 1.0, 1.5, 2.2], p=[0.25, 0.27, 0.2, 0.14, 0.1, 0.04]))
        stroke(canvas, lines, width)
        paint(colour, lines, tones_near(rng, np.asarray(base, np.float32), count, spread), width)


def wires(rng: Rng, canvas: Pixels, colour: NDArray[np.float32]) -> None:
    """A few long curves of one width each: cables, twigs, threads, grass."""
    base = np.asarray(rng.uniform(0, 1, 3), np.float32)
    for _ in range(int(rng.integers(2, 6))):
        count = int(rng.integers(1, 12))
        roots = rng.uniform(-0.1, 1.1, (count, 2)).astype(np.float32) * SIDE
        angles = rng.uniform(0, 2 * np.pi) + rng.normal(0, rng.uniform(0.05, 1.2), count)
        lines = curves(
            rng, roots, angles, SIDE * rng.uniform(0.2, 1.4, count), rng.uniform(0, 2), rng.uniform(0, 0.6), 24
        )
        width = float(np.exp(rng.uniform(np.log(0.35), np.log(7))))
        stroke(canvas, lines, width, taper=rng.random() < 0.4)
        if rng.random() < 0.7:
            paint(colour, lines, tones_near(rng, base, count, 0.2), width)
