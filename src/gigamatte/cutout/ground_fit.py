"""The plain ground behind a subject as it would be without shade, fitted to its brightest part.

A polynomial of the place, then B-splines over the rows as well: where a cloth or board bends up behind the subject, the
light changes along the rows faster than a polynomial does. Shaded pixels lose their weight step by step (iteratively
reweighted least squares: P. Holland and R. Welsch, 1977); a shadow beside the subject leaves some of each row unshaded.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.types import FloatArray

#: longer side of the picture to which the ground is fitted
FIT_SIDE = 160
#: degrees of the polynomials that are fitted one after another, and the splines that come last
DEGREES, BUMPS = (1, 2, 4), 16
#: 1 / how much of each degree, and of each spline, a ground is expected to have
_STIFF, _BUMPY = (0.0, 3.0, 8.0, 40.0, 40.0), 6.0
#: how many of the ground's pixels say something of their own
INDEPENDENT = 10


def fitted_ground(colour: FloatArray, seen: FloatArray) -> FloatArray:
    """The ground without shade, float32 (row, column, RGB), from a picture (row, column, RGB) in [0, 1].

    ``seen`` (row, column): how much of a pixel is ground, shaded or not.
    """
    rows, columns = seen.shape
    shrink = min(1.0, FIT_SIDE / max(rows, columns))
    small = (max(4, round(columns * shrink)), max(4, round(rows * shrink)))
    weight = cv2.resize(seen, small, interpolation=cv2.INTER_AREA)
    values = (
        cv2.resize(colour * seen[..., None], small, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-6)[..., None]
    )
    use = weight.ravel() > 0.5
    target = values.reshape(-1, 3)[use].astype(np.float64)
    solution = np.quantile(target, 0.75, axis=0)[None]
    for degree in DEGREES:
        terms = _terms(*small[::-1], degree)[use]
        solution = _reweighted(terms, _stiffness(degree), target, _longer(solution, terms))
    across = np.repeat(_bumps(small[1]), small[0], axis=0)[use]
    terms = np.hstack([terms, across])
    stiff = np.concatenate([_stiffness(DEGREES[-1]), np.full(BUMPS, _BUMPY)])
    solution = _reweighted(terms, stiff, target, _longer(solution, terms))
    ground = _surface(solution[:-BUMPS], rows, columns)
    ground += (_bumps(rows) @ solution[-BUMPS:]).astype(np.float32)[:, None]
    return np.asarray(np.clip(ground, 1e-3, 2), np.float32)


def _longer(solution: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """The solution for more terms, of which those behind are still 0."""
    return np.vstack([solution, np.zeros((terms.shape[1] - len(solution), 3))])


def _bumps(rows: int) -> NDArray[np.float64]:
    """Cubic B-splines, evenly over the rows: (row, spline)."""
    place = np.linspace(0, BUMPS - 3, rows)[:, None] - np.arange(-1, BUMPS - 1)
    away = np.abs(place)
    inner = 2 / 3 - away**2 + away**3 / 2
    return np.where(away < 1, inner, np.maximum(2 - away, 0) ** 3 / 6)


def _stiffness(degree: int) -> NDArray[np.float64]:
    """Of each term of a polynomial."""
    return np.array([_STIFF[total] for total in range(degree + 1) for _ in range(total + 1)])


def _surface(solution: NDArray[np.float64], rows: int, columns: int) -> FloatArray:
    """The polynomial of these coefficients, (term, RGB), over a picture: float32 (row, column, RGB)."""
    degree = DEGREES[-1]
    across = np.polynomial.legendre.legvander(np.linspace(-1, 1, columns), degree)
    down = np.polynomial.legendre.legvander(np.linspace(-1, 1, rows), degree)
    planes = []
    for channel in range(3):
        table = np.zeros((degree + 1, degree + 1))
        for (i, j), value in zip(_pairs(degree), solution[:, channel], strict=True):
            table[j, i] = value
        planes.append((down @ table @ across.T).astype(np.float32))
    return np.asarray(cv2.merge(planes), np.float32)


def _pairs(degree: int) -> list[tuple[int, int]]:
    """Powers of (across, down) of each term, by rising degree."""
    return [(total - i, i) for total in range(degree + 1) for i in range(total + 1)]


def _terms(rows: int, columns: int, degree: int) -> NDArray[np.float64]:
    """Products of Legendre polynomials of the place by rising degree: (pixel, term)."""
    y, x = np.linspace(-1, 1, rows), np.linspace(-1, 1, columns)
    across = np.polynomial.legendre.legvander(x, degree)
    down = np.polynomial.legendre.legvander(y, degree)
    return np.stack([np.outer(down[:, j], across[:, i]).ravel() for i, j in _pairs(degree)], axis=1)


def _reweighted(
    terms: NDArray[np.float64], stiff: NDArray[np.float64], target: NDArray[np.float64], solution: NDArray[np.float64]
) -> NDArray[np.float64]:
    for _ in range(25):
        ground = np.maximum(terms @ solution, 1e-3)
        shade = 1 - (target * ground).sum(axis=1) / (ground * ground).sum(axis=1)
        # pixels brighter than the fit are not shaded: their spread is that of the ground itself
        bright = shade[shade < 0]
        spread = float(np.clip(1.5 * np.median(-bright) if len(bright) > 20 else 0.01, 0.003, 0.03))
        weight = 1 / (1 + (np.maximum(shade, 0) / (2 * spread)) ** 4)
        weight /= 1 + (np.minimum(shade, 0) / (6 * spread)) ** 2
        weighted = terms * weight[:, None]
        ridge = np.diag(len(terms) / INDEPENDENT * (spread * stiff) ** 2)
        solution = np.linalg.solve(terms.T @ weighted + ridge, weighted.T @ target)
    return solution
