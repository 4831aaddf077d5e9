"""What is filled of the curves is the alpha that they were made of, however small the picture is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath
from gigamatte.cutout.contour.curves import MOST_KNOTS, contour_of
from gigamatte.cutout.contour.trace import traced
from gigamatte.photo.paths.fill import PathFill
from gigamatte.types import Size

Places = NDArray[np.float32]


def covered(size: Size, away: Callable[[Places, Places], Places], finer: int = 8) -> NDArray[np.uint8]:
    """The alpha of what is inside where ``away`` of x and y is below zero: a part of ``finer``² places in each."""
    columns, rows = ((np.arange(side * finer, dtype=np.float32) + 0.5) / finer for side in (size.width, size.height))
    columns, rows = columns[None], rows[:, None]
    inside = (away(columns, rows) < 0).astype(np.float32)
    small = cv2.resize(inside, (size.width, size.height), interpolation=cv2.INTER_AREA)
    return np.rint(small * 255).astype(np.uint8)


def overlap(path: ClippingPath, alpha: NDArray[np.uint8]) -> float:
    size = Size.of(alpha)
    values, right = np.rint(PathFill(path, size).values(size.box) * 255), alpha.astype(np.float32)
    return float(np.minimum(values, right).sum() / np.maximum(values, right).sum())


@pytest.mark.parametrize("degrees", [0, 7, 20, 33, 45, 58, 76, 90])
def test_a_hard_edge_is_traced_where_it_is(degrees: float) -> None:
    """A straight line between two values is up to .09 pixels off."""
    size, turn = Size(24, 24), np.radians(degrees)
    for offset in (0.02, 0.27, 0.52, 0.77):
        beside = lambda x, y: (x - 12) * np.cos(turn) + (y - 12) * np.sin(turn) - offset  # noqa: B023, E731
        (polygon,) = traced([covered(size, beside, 32)], size)
        inner = polygon[np.all((polygon > 3) & (polygon < 21), axis=1)]
        assert len(inner) > 10
        assert float(np.abs(beside(*inner.T)).max()) < 0.025


def test_a_soft_edge_is_traced_where_it_is_half_opaque() -> None:
    columns = np.arange(80) + 0.5
    for wide in (5, 9, 20):
        alpha = np.rint(np.clip(0.5 + (40.3 - columns) / wide, 0, 1) * 255).astype(np.uint8)[None].repeat(40, axis=0)
        (polygon,) = traced([alpha], Size(80, 40))
        inner = polygon[(polygon[:, 0] > 20) & (polygon[:, 1] > 1) & (polygon[:, 1] < 39)]
        assert float(np.abs(inner[:, 0] - 40.3).max()) < 0.02


@pytest.mark.parametrize("seed", range(6))
def test_smooth_shapes_with_holes_come_back(seed: int) -> None:
    chance = np.random.default_rng(seed)
    width, height = (int(side) for side in chance.integers(180, 300, 2))
    unit = min(width, height)
    # every third one reaches the frame
    middle = np.array([width, height]) * (chance.uniform(0.45, 0.55, 2) if seed % 3 else (0.5, 0.8))
    waves = [(number, *chance.uniform((0, 0), (0.35 / number, 6))) for number in (2, 3, 5)]
    hole, piece = middle + chance.uniform(-0.1, 0.1, 2) * unit, np.array([0.93 * width, 0.1 * height])

    def away(x: Places, y: Places) -> Places:
        angle, far = np.arctan2(y - middle[1], x - middle[0]), np.hypot(x - middle[0], y - middle[1])
        outer = far / (1 + sum(size * np.sin(number * angle + turn) for number, size, turn in waves)) - 0.36 * unit
        outer = np.maximum(outer, 0.09 * unit - np.hypot(x - hole[0], y - hole[1]))
        return np.minimum(outer, np.hypot(x - piece[0], y - piece[1]) - 0.05 * unit)

    alpha = covered(Size(width, height), away)
    found = contour_of(lambda: [alpha], Size.of(alpha))
    assert len(found.path.subpaths) >= 3
    assert found.path.knots <= MOST_KNOTS / 8
    assert found.middle <= found.most <= 0.15
    assert overlap(found.path, alpha) >= 0.999


def test_a_path_is_as_exact_as_its_subject_is_small() -> None:
    found = {}
    for radius in (30, 300):
        size = Size(620, 620)
        disc = lambda x, y: np.hypot(x - 310.3, y - 309.6) - radius  # noqa: B023, E731
        alpha = covered(size, disc, 4 if radius > 100 else 8)
        found[radius] = contour_of(lambda: [alpha], size)  # noqa: B023
        assert overlap(found[radius].path, alpha) >= 0.999
    assert found[30].most < 0.05
    assert found[300].most > found[30].most
    assert found[300].path.knots <= 60


def test_noise_of_a_soft_edge_is_not_followed() -> None:
    """Each of its knots would be one for two pixels of the contour."""
    rows, columns = np.mgrid[:400, :400] + 0.5
    soft = np.clip(0.5 + (120 - np.hypot(rows - 200, columns - 200)) / 8, 0, 1)
    noise = np.random.default_rng(1).normal(0, 0.02, soft.shape) * ((soft > 0) & (soft < 1))
    alpha = np.rint(np.clip(soft + noise, 0, 1) * 255).astype(np.uint8)
    found = contour_of(lambda: [alpha], Size.of(alpha))
    assert found.path.knots <= 300
    assert found.most <= 0.3
