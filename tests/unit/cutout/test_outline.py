"""Outlines: as wide as asked, smooth, the same in every division."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from gigamatte import Options, cut
from gigamatte.cutout.outline import outlined
from gigamatte.types import Box, Depth, Size


def disc(size: int, radius: float) -> Any:
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.clip(radius + 0.5 - np.hypot(x - size / 2, y - size / 2), 0, 1)


def rim_of(rgba: Any, width: float, depth: int = 8, heights: list[int] | None = None) -> Any:
    """The outline of a picture in strips of these heights, and the strips themselves."""
    rows, columns = rgba.shape[:2]
    top, parts = 0, []
    for height in heights or [rows]:
        parts.append((rgba[top : top + height], Box(0, top, columns, height)))
        top += height
    alpha = [strip[..., 3] for strip, _ in parts]
    found = list(outlined(parts, width, Depth(depth), alpha, Size(columns, rows)))
    assert np.array_equal(np.concatenate([strip for strip, _, _ in found]), rgba)
    return np.concatenate([rim for _, _, rim in found])


@pytest.mark.parametrize("width", [1.0, 3.5, 12.0])
def test_around_a_disc_lies_a_larger_disc(width: float) -> None:
    alpha = disc(100, 25)
    strip = np.dstack([np.zeros((100, 100, 3)), alpha * 255]).round().astype(np.uint8)
    found = rim_of(strip, width)
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
    depth = 8 * np.dtype(dtype).itemsize
    assert np.array_equal(rim_of(rgba, 6.5, depth, heights), rim_of(rgba, 6.5, depth))


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
    found = rim_of(strip, 10.0)
    length = 2 * np.pi * 85  # of a line around all
    assert ((found > 0.1) & (found < 0.9)).sum() < 4 * length  # no wider than its smooth edge


def test_gaps_are_filled_and_corners_stay() -> None:
    alpha = np.zeros((120, 160), np.uint8)
    alpha[40:80, 20:65] = alpha[40:80, 81:126] = 255
    strip = np.dstack([np.zeros((120, 160, 3), np.uint8), alpha])
    found = rim_of(strip, 6.0)
    assert (found[45:75, 60:86] == 1).all()  # 4 of 16 pixels would be left between the two lines
    assert found[60, 12] == 0
    assert found[60, 15] == 1
    assert found[32, 40] == 0


def furry(size: int, radius: float, hairs: int) -> Any:
    """A disc with hairs, solid and two pixels wide, that reach as far beyond it as half its radius."""
    alpha = np.rint(disc(size, radius) * 255).astype(np.uint8)
    for angle in np.arange(hairs) * 2 * np.pi / hairs:
        ends = [
            (size / 2 + way * np.array([np.cos(angle), np.sin(angle)])).round().astype(int)
            for way in (radius - 4, radius * 1.5)
        ]
        cv2.line(alpha, *(tuple(end.tolist()) for end in ends), 255, 2, cv2.LINE_AA)
    return np.dstack([np.zeros((size, size, 3), np.uint8), alpha])


@pytest.mark.parametrize("heights", [None, [7] * 40, [1, 139, 140]])
def test_hairs_of_a_body_get_no_line_each(heights: list[int] | None) -> None:
    found = rim_of(furry(280, 70, 12), 9.0, heights=heights)
    exact = disc(280, 79)
    assert np.abs(found - exact).max() > 0
    away = np.hypot(*(np.mgrid[0:280, 0:280] + 0.5 - 140))
    assert (found[away < 77] == 1).all()
    assert (found[away > 86] == 0).all()  # 105 + 9 around the ends of the hairs
    assert np.abs(found - exact).mean() < 0.02


def test_what_is_thin_throughout_keeps_its_line() -> None:
    """A wheel of wire and letters, also beside a body; hair of the body is none of them."""
    rgba = np.zeros((300, 520, 4), np.uint8)
    rgba[10:290, :280] = furry(280, 60, 9)
    alpha = np.ascontiguousarray(rgba[..., 3])
    cv2.circle(alpha, (400, 110), 80, 255, 2, cv2.LINE_AA)
    for angle in np.arange(6) * np.pi / 6:
        across = np.rint(80 * np.array([np.cos(angle), np.sin(angle)])).astype(int)
        cv2.line(alpha, (400 - across[0], 110 - across[1]), (400 + across[0], 110 + across[1]), 255, 1, cv2.LINE_AA)
    cv2.putText(alpha, "wire", (340, 270), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 2, cv2.LINE_AA)
    rgba[..., 3] = alpha
    found = rim_of(rgba, 9.0)
    letters = alpha[:, 300:] > 127
    assert (found[:, 300:][cv2.dilate(letters.view(np.uint8), np.ones((11, 11))) > 0] > 0.9).all()
    y, x = np.mgrid[0:300, 0:280] + 0.5
    assert (found[:, :280][np.hypot(x - 140, y - 150) > 76] == 0).all()


def test_corners_are_as_far_from_the_line_as_edges() -> None:
    alpha = np.zeros((140, 140), np.uint8)
    alpha[40:100, 40:100] = 255
    rgba = np.dstack([np.zeros((140, 140, 3), np.uint8), alpha])
    away = np.hypot(*np.maximum(np.abs(np.mgrid[0:140, 0:140] + 0.5 - 70) - 30, 0))
    found = rim_of(rgba, 12.0)
    assert (found[away < 10.5] == 1).all()
    assert (found[away > 13] == 0).all()
