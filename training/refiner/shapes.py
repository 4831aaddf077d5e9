"""Things with hard or soft contours that are not hair: polygons, leaves, nets, text, cloth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .strands import FINER, blank, curves, fill, outline, stroke
from .textures import SIDE, Pixels, Rng

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


def polygons(rng: Rng, canvas: Pixels) -> None:
    """A few straight-edged or round things, with holes: products, furniture, signs."""
    for _ in range(int(rng.integers(1, 5))):
        kind = rng.random()
        value = 255 if rng.random() < 0.75 else 0
        if kind < 0.35:
            fill(canvas, outline(rng, rng.uniform(0, 0.3))[0], value)
            continue
        centre, size = rng.uniform(0, 1, 2) * SIDE, SIDE * np.exp(rng.uniform(np.log(0.03), np.log(0.8)))
        corners = int(rng.integers(3, 9)) if kind < 0.8 else 90
        t = (
            np.sort(rng.uniform(0, 2 * np.pi, corners))
            if rng.random() < 0.5
            else np.arange(corners) * 2 * np.pi / corners
        )
        stretch = np.array([1, np.exp(rng.uniform(-1.8, 0))])
        tilt = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        xy = (np.stack([np.cos(t), np.sin(t)], 1) * size * stretch) @ turn.T + centre
        fill(canvas, xy.astype(np.float32), value)


def leaf(rng: Rng, at: NDArray[np.float32], angle: float, length: float) -> NDArray[np.float32]:
    """One pointed leaf, bent a little, (points, xy)."""
    t = np.linspace(0, 1, 12)
    half = length * rng.uniform(0.1, 0.35) * np.sin(np.pi * t**0.8)
    bend = length * rng.normal(0, 0.15) * t**2
    x = np.concatenate([t, t[::-1]]) * length
    y = np.concatenate([bend + half, (bend - half)[::-1]])
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(np.stack([x * cos - y * sin, x * sin + y * cos], 1) + at, np.float32)


def foliage(rng: Rng, canvas: Pixels) -> None:
    """Twigs with leaves, at one scale."""
    scale = SIDE * np.exp(rng.uniform(np.log(0.02), np.log(0.3)))
    twigs = int(np.clip(SIDE / scale * rng.uniform(0.3, 1.2), 2, 24))
    roots = (rng.uniform(-0.1, 1.1, (twigs, 2)) * SIDE).astype(np.float32)
    angles = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.7, twigs)
    lines = curves(rng, roots, angles, scale * rng.uniform(2, 7, twigs), 0.8, 0.2, 20)
    stroke(canvas, lines, float(np.clip(scale * 0.05, 0.4, 6)))
    for line, heading in zip(lines, angles, strict=True):
        for at in line[:: int(rng.integers(1, 4))]:
            side = rng.choice([-1, 1]) * rng.uniform(0.3, 1.2)
            fill(canvas, leaf(rng, at, float(heading + side), float(scale * rng.uniform(0.5, 1.3))))


def net(rng: Rng, canvas: Pixels) -> None:
    """Two families of parallel lines, warped: fences, nets, racks, baskets; sometimes under a contour."""
    gap, width = np.exp(rng.uniform(np.log(4), np.log(50))), 0.0
    width = float(np.clip(gap * rng.uniform(0.05, 0.45), 0.35, 9))
    tilt, skew = rng.uniform(0, np.pi), rng.uniform(0.6, 2.4)
    bow = rng.normal(0, 0.25)
    for angle in (tilt, tilt + skew) if rng.random() < 0.85 else (tilt,):
        offsets = np.arange(-0.8 * SIDE, 0.8 * SIDE, gap)
        across = np.array([-np.sin(angle), np.cos(angle)])
        along = np.array([np.cos(angle), np.sin(angle)])
        roots = SIDE / 2 + offsets[:, None] * across - 0.8 * SIDE * along
        headings = np.full(len(offsets), angle)
        lines = curves(rng, roots.astype(np.float32), headings, np.full(len(offsets), 1.6 * SIDE), 0.0, bow, 24)
        stroke(canvas, lines, width, taper=False)
    if rng.random() < 0.5:
        keep = blank()
        fill(keep, outline(rng)[0])
        np.minimum(canvas, keep, out=canvas)


def text(rng: Rng, canvas: Pixels) -> None:
    """Lines of letters."""
    size = np.exp(rng.uniform(np.log(0.4), np.log(5)))
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHKLMNPRSTWXYZ0123456789&%@#"
    for _ in range(int(rng.integers(1, 6))):
        word = "".join(letters[i] for i in rng.integers(len(letters), size=int(rng.integers(2, 9))))
        at = [int(v) for v in rng.uniform(-0.1, 0.9, 2) * SIDE * FINER]
        pen = max(1, round(FINER * size * rng.uniform(0.4, 2.5)))
        cv2.putText(canvas, word, at, FONTS[int(rng.integers(len(FONTS)))], size * FINER * 0.6, 255, pen, cv2.LINE_AA)


def cloth(rng: Rng, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Makes ``alpha`` see-through: an even veil, folds, or a lace pattern."""
    kind = rng.random()
    level = rng.uniform(0.15, 0.9)
    if kind < 0.35:
        return alpha * np.float32(level)
    if kind < 0.7:
        folds = rng.normal(0, 1, (int(rng.integers(3, 9)), int(rng.integers(3, 12)))).astype(np.float32)
        field = cv2.resize(folds, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        return np.asarray(alpha * np.clip(level + 0.2 * field, 0.05, 1), np.float32)
    holes = blank()
    net(rng, holes)
    lace = cv2.resize(holes, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(alpha * (level * 0.5 + (1 - level * 0.5) * lace), np.float32)


def soften(rng: Rng, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Defocus, even or growing across the square, or motion blur."""
    kind = rng.random()
    if kind < 0.6:
        return np.asarray(cv2.GaussianBlur(alpha, (0, 0), np.exp(rng.uniform(np.log(0.5), np.log(7)))), np.float32)
    if kind < 0.8:
        ramp = np.linspace(0, 1, SIDE, dtype=np.float32) ** 1.5
        weight = ramp[None] if rng.random() < 0.5 else ramp[:, None]
        out = alpha
        for sigma in (1.0, 2.5, 6.0):
            share = np.clip(weight * 3 - {1.0: 0, 2.5: 1, 6.0: 2}[sigma], 0, 1)
            out = out + share * (cv2.GaussianBlur(alpha, (0, 0), sigma) - out)
        return np.asarray(out, np.float32)
    length = int(rng.integers(3, 15))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [[int(v) for v in np.round(length / 2 - 0.5 + sign * reach)] for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(alpha, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)
