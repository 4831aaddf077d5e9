"""The ground of flat art: a smooth field under what is drawn, fitted on a reduced copy.

The ground may be uneven, as in a scan, but it changes slowly: what a sharp step separates from the ground at the
border is a plate, however pale, unless its colour is the ground's again, as in the hole of a letter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigamatte.filters import box_mean, extremes, gaussian, pieces, warped
from gigamatte.types import FloatArray, Size

#: a colour this far from the ground, in any channel of 0…1, is drawn; nearer ones are where a step says so
DRAWN = 0.1
#: how often the fit of an uneven ground is extended
STEPS = 16
#: a wide mean is taken of every fourth pixel
EVERY = 4
#: a change over three pixels is a step when it is higher than this, and than so many times what noise makes
STEP, ABOVE_NOISE = 0.012, 3
#: a piece behind a step whose colour is this near to the ground's is ground as well
ALIKE = 0.04
#: ground that reaches the border is less than this part of the picture: steps do not tell, as on rough paper
LITTLE = 0.05


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Connected parts without a step inside: ``labels`` int32 (row, column), 0 on steps; which of them, ``reaching``
    the picture's border in the ground's colour, are ground anyway."""

    labels: NDArray[np.int32]
    reaching: NDArray[np.bool_]

    def ground(self, away: FloatArray | None) -> NDArray[np.bool_]:
        """Where (row, column) a piece is ground; ``away`` from the ground as it is known, None: not yet known."""
        chosen = self.reaching.copy()
        if away is not None:
            count = np.maximum(np.bincount(self.labels.ravel(), minlength=len(chosen)), 1)
            means = [
                np.bincount(self.labels.ravel(), away[..., k].ravel(), minlength=len(chosen)) / count for k in range(3)
            ]
            chosen |= np.abs(means).max(0) < ALIKE
        chosen[0] = False
        where: NDArray[np.bool_] = chosen[self.labels]
        if away is not None:  # a step at the edge of what is drawn, or noise between letters
            where |= (self.labels == 0) & (np.abs(away).max(2) < ALIKE / 2)
        return where


def ground_of(small: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The smooth field of the ground behind ``small``, both float32 (row, column, RGB) in [0, 1], and where it is bare.

    The border's most frequent colour, then what lies near it and is no plate, spread over gaps.
    """
    rows, columns = small.shape[:2]
    wide = max(1, max(rows, columns) // 50)
    rim = np.ones((rows, columns), np.bool_)
    rim[wide : rows - wide, wide : columns - wide] = False
    plain = _frequent(small[rim])
    parts = _pieces(small, rim, plain)
    ground = np.broadcast_to(plain, small.shape).astype(np.float32)
    # an uneven ground is fitted where it is known already, then extended by a step each time
    for step, (part, near) in enumerate((*[(24, DRAWN)] * STEPS, (64, DRAWN / 2))):
        away = small - ground
        weight = np.abs(away).max(2) < near
        if parts is not None:
            weight &= parts.ground(away if step >= STEPS // 2 else None)
        ground = _spread(small, weight, max(rows, columns) / part, ground if parts is None else _surface(small, weight))
    bare = np.abs(small - ground).max(2) < DRAWN
    if parts is not None:
        bare &= parts.ground(small - ground)
    return np.ascontiguousarray(ground, np.float32), bare


def _frequent(border: FloatArray) -> FloatArray:
    """The most frequent colour (RGB) of some (pixel, RGB)."""
    # near the most frequent of 16 steps, whose border may divide it
    plain = most_frequent(border, 16)
    frequent: FloatArray = np.median(border[np.abs(border - plain).max(1) < DRAWN / 2], axis=0).astype(np.float32)
    return frequent


def most_frequent(colours: FloatArray, steps: int) -> FloatArray:
    """The median (RGB,) of those of some colours, (pixel, RGB) in [0, 1], that share the fullest of the cells that so
    many ``steps`` of each channel make."""
    cells = np.minimum((colours * steps).astype(np.int32), steps - 1) @ np.array([steps * steps, steps, 1])
    middle: FloatArray = np.median(colours[cells == np.bincount(cells).argmax()], axis=0)
    return middle


def _pieces(small: FloatArray, rim: NDArray[np.bool_], plain: FloatArray) -> _Pieces | None:
    """The parts between steps; None where steps do not divide the picture."""
    high, low = extremes(gaussian(small, 1.0))
    change = (high - low).max(2)
    near = np.abs(small - plain).max(2) < DRAWN
    flat = change < max(STEP, ABOVE_NOISE * float(np.median(change[near])))
    count, labels = pieces(flat)
    reaching = np.zeros(count, np.bool_)
    reaching[np.unique(labels[rim & near])] = True
    reaching[0] = False
    return _Pieces(labels, reaching) if reaching[labels].mean() >= LITTLE else None


def _spread(small: FloatArray, weight: NDArray[np.bool_], sigma: float, beyond: FloatArray) -> FloatArray:
    """The mean colour around each pixel of what has ``weight``; farther from it the field ``beyond``."""
    planes = np.concatenate([small, np.ones_like(small[..., :1])], axis=2) * weight[..., None]
    if sigma >= 4 * EVERY:  # so wide that every fourth pixel, a mean of its neighbours, says enough
        few = gaussian(box_mean(planes, EVERY // 2)[::EVERY, ::EVERY], sigma / EVERY, beyond="mirrored")
        planes = warped(few, np.array([[1 / EVERY, 0, 0], [0, 1 / EVERY, 0]]), Size.of(small))
    else:
        planes = gaussian(planes, sigma, beyond="mirrored")
    colour, spread = planes[..., :3], planes[..., 3:]
    known = np.clip(spread * 20, 0, 1)
    mixed: FloatArray = (beyond * (1 - known) + known * colour / np.maximum(spread, 1e-4)).astype(np.float32)
    return mixed


def _surface(small: FloatArray, weight: NDArray[np.bool_]) -> FloatArray:
    """A quadratic surface through what has ``weight``, least squares: it goes on where a gap is wide."""
    rows, columns = small.shape[:2]
    y, x = np.nonzero(weight)
    x, y, colours = x[::7] * (2 / columns) - 1, y[::7] * (2 / rows) - 1, small[y[::7], x[::7]].astype(np.float64)
    known = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    # a little stiff: what is known on one side alone says little about the other
    stiff = np.diag([0, *[1e-3 * len(known)] * 5])
    one, first, second, both, mixed, last = np.linalg.solve(known.T @ known + stiff, known.T @ colours)
    x, y = np.arange(columns) * (2 / columns) - 1, np.arange(rows)[:, None, None] * (2 / rows) - 1
    x = x[:, None]
    surface = (one + x * first + x * x * both) + y * (second + y * last) + x * y * mixed
    field: FloatArray = surface.astype(np.float32)
    return field
