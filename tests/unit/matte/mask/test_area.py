"""Means over rectangles between pixels, and where a mask's pixels lie in a tile."""

import cv2
import numpy as np
import pytest

from gigamatte.matte.mask.area import area_means, between
from gigamatte.matte.mask.axis import Axis


def test_means_are_exact_between_pixels():
    pixels = np.random.default_rng(1).random((7, 5)).astype(np.float32)
    fine = pixels.repeat(20, 0).repeat(20, 1)  # borders at twentieths of a pixel fall between these
    rows, columns = np.array([0.25, 2.5, 6.0]), np.array([-1.0, 0.5, 1.25, 9.0])
    found = area_means(pixels, rows, columns)
    assert found.shape == (2, 3)
    for row, (top, bottom) in enumerate(((5, 50), (50, 120))):
        for column, (left, right) in enumerate(((0, 10), (10, 25), (25, 100))):
            assert found[row, column] == pytest.approx(fine[top:bottom, left:right].mean(), abs=1e-5)


def test_means_of_colours_and_of_nothing():
    colours = np.random.default_rng(2).random((6, 6, 3)).astype(np.float32)
    whole = area_means(colours, np.array([0.0, 6.0]), np.array([0.0, 6.0, 8.0]))
    np.testing.assert_allclose(whole[0, 0], colours.mean((0, 1)), atol=1e-6)
    np.testing.assert_array_equal(whole[0, 1], 0)


def test_between_is_linear_and_repeats_the_rim():
    plane = np.add.outer(np.arange(4.0), 10 * np.arange(3.0)).astype(np.float32)
    at = between(plane, np.array([-1.0, 0.5, 3.0]), np.array([0.25, 5.0]))
    np.testing.assert_allclose(at, [[2.5, 20], [3.0, 20.5], [5.5, 23]], atol=1e-5)


@pytest.mark.parametrize("count", [100, 333, 500, 640])
def test_the_axis_of_a_tile_is_a_piece_of_the_whole_one(count):
    whole, part = Axis.of(0, 1000, 0, 1000, count, 0), Axis.of(256, 128, 0, 1000, count, 0)
    np.testing.assert_allclose(part.borders + 256, whole.borders[part.first : part.end + 1], atol=1e-9)
    np.testing.assert_allclose(part.reads + part.first, whole.reads[256:384], atol=1e-9)
    assert whole.whole.all()
    assert Axis.of(1000, 64, 0, 1000, count, 0) is None


def test_where_the_level_is_coarser_than_the_mask_its_own_pixels_are_known():
    axis = Axis.of(0, 250, 0, 1000, 500, 2)
    assert axis.inside is not None
    assert axis.span == (0, 250)
    values = np.random.default_rng(3).random((500, 500)).astype(np.float32)
    np.testing.assert_allclose(
        area_means(values, axis.edges, axis.edges),
        cv2.resize(values, (250, 250), interpolation=cv2.INTER_AREA),
        atol=1e-5,
    )
