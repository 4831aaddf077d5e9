"""Outlines: as wide as asked, smooth, the same in every division."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gigamatte import Options, cut
from gigamatte.cutout.outline import outlined
from gigamatte.types import Box, Depth


def disc(size: int, radius: float) -> Any:
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.clip(radius + 0.5 - np.hypot(x - size / 2, y - size / 2), 0, 1)


@pytest.mark.parametrize("width", [1.0, 3.5, 12.0])
def test_around_a_disc_lies_a_larger_disc(width: float) -> None:
    alpha = disc(100, 25)
    strip = np.dstack([np.zeros((100, 100, 3)), alpha * 255]).round().astype(np.uint8)
    ((_, _, found),) = outlined([(strip, Box(0, 0, 100, 100))], width, Depth(8))
    exact = disc(100, 25 + width)
    # as much covered as by a disc of that width, to a quarter of a pixel; nowhere off by more than half a pixel's edge
    assert abs(np.sqrt(found.sum() / np.pi) - np.sqrt(exact.sum() / np.pi)) < 0.4
    assert np.abs(found - exact).mean() < 0.02
    assert ((found > 0.02) & (found < 0.98)).sum() > 100  # antialiased


@pytest.mark.parametrize("heights", [[64], [1] * 64, [3, 20, 1, 40], [32, 32]])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_division_gives_the_same(heights: list[int], dtype: Any) -> None:
    chance = np.random.default_rng(2)
    rgba = np.zeros((64, 70, 4), dtype)
    rgba[..., 3] = np.where(chance.random((64, 70)) < 0.01, chance.integers(0, np.iinfo(dtype).max, (64, 70)), 0)
    depth = Depth(8 * np.dtype(dtype).itemsize)
    ((_, _, whole),) = outlined([(rgba, Box(0, 0, 70, 64))], 6.5, depth)
    top, parts = 0, []
    for height in heights:
        parts.append((rgba[top : top + height], Box(0, top, 70, height)))
        top += height
    found = list(outlined(parts, 6.5, depth))
    assert np.array_equal(np.concatenate([rim for _, _, rim in found]), whole)
    assert np.array_equal(np.concatenate([strip for strip, _, _ in found]), rgba)


def test_the_line_lies_outside_of_the_subject() -> None:
    alpha = np.rint(disc(120, 30) * 255).astype(np.uint8)
    photo = np.full((120, 120, 3), (20, 90, 160), np.uint8)
    found = cut(photo, Options(refine="off", outline="8px,#ff0000"), mask=alpha).rgba()
    assert (found[alpha == 255] == (20, 90, 160, 255)).all()
    y, x = np.mgrid[0:120, 0:120] + 0.5
    away = np.hypot(x - 60, y - 60)
    assert (found[(away > 32) & (away < 36.5)] == (255, 0, 0, 255)).all()
    assert (found[away > 40][:, 3] == 0).all()
    small = cut(photo, Options(refine="off", outline="8px,#ff0000", crop=True), mask=alpha)
    assert 75 <= small.size.width <= 80
    assert small.rgba()[..., 3][0].max() < 255
    assert np.count_nonzero(small.rgba()[..., 3]) == np.count_nonzero(found[..., 3])  # nothing is filled at its border


def test_around_hair_the_line_is_solid() -> None:
    """Hairs beyond a furry edge, each a little opaque, were surrounded by half-transparent discs."""
    alpha = disc(240, 60)
    chance = np.random.default_rng(4)
    for angle in chance.uniform(0, 2 * np.pi, 60):
        along = np.arange(58.0, 58.0 + chance.uniform(5, 25), 0.3)
        rows, columns = (np.rint(120 + along * way(angle)).astype(int) for way in (np.sin, np.cos))
        strands = np.linspace(0.9, 0.1, along.size)
        alpha[rows, columns] = np.maximum(alpha[rows, columns], strands)
    strip = np.dstack([np.zeros((240, 240, 3)), alpha * 255]).round().astype(np.uint8)
    ((_, _, found),) = outlined([(strip, Box(0, 0, 240, 240))], 10.0, Depth(8))
    length = 2 * np.pi * 85  # of a line around all
    assert ((found > 0.1) & (found < 0.9)).sum() < 4 * length  # no wider than its smooth edge


def test_gaps_are_filled_and_corners_stay() -> None:
    alpha = np.zeros((120, 160), np.uint8)
    alpha[40:80, 20:65] = alpha[40:80, 81:126] = 255
    strip = np.dstack([np.zeros((120, 160, 3), np.uint8), alpha])
    ((_, _, found),) = outlined([(strip, Box(0, 0, 160, 120))], 6.0, Depth(8))
    assert (found[45:75, 60:86] == 1).all()  # 4 of 16 pixels would be left between the two lines
    assert found[60, 12] == 0
    assert found[60, 15] == 1
    assert found[32, 40] == 0
