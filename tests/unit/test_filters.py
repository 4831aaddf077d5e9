"""Each filter gives what its line of documentation says, computed here without OpenCV."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.filters import (
    COARSE,
    EXACT,
    FINE,
    box_mean,
    distances,
    extremes,
    gaussian,
    grown,
    pieces,
    remapped,
    warped,
)
from gigamatte.types import Size

PLANE = np.random.default_rng(3).random((9, 12), np.float32)
CHOSEN = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 0, 1, 0]], bool)


def around(plane, row, column, radius, mode, value=0.0):
    how = {"constant_values": value} if mode == "constant" else {}
    return np.pad(plane, radius, mode, **how)[row : row + 2 * radius + 1, column : column + 2 * radius + 1]


@pytest.mark.parametrize("radius", [1, 3])
def test_means_and_extremes_of_squares(radius):
    highest, lowest = extremes(PLANE, radius)
    near, zero = box_mean(PLANE, radius), box_mean(PLANE, radius, zero_beyond=True)
    for row, column in np.ndindex(PLANE.shape):
        assert near[row, column] == pytest.approx(around(PLANE, row, column, radius, "edge").mean(), abs=1e-6)
        assert zero[row, column] == pytest.approx(around(PLANE, row, column, radius, "constant").mean(), abs=1e-6)
        assert highest[row, column] == around(PLANE, row, column, radius, "constant", -9).max()
        assert lowest[row, column] == around(PLANE, row, column, radius, "constant", 9).min()


def test_a_gaussian_keeps_what_is_even_and_spreads_a_point_by_its_sigma():
    assert gaussian(PLANE, 0) is PLANE
    np.testing.assert_allclose(gaussian(np.full((20, 30), 0.25, np.float32), 2), 0.25, atol=1e-6)
    point = np.zeros((61, 61), np.float32)
    point[30, 30] = 1
    spread = gaussian(point, 3).astype(np.float64)
    rows = np.arange(61) - 30
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    assert np.sqrt((spread.sum(1) * rows**2).sum()) == pytest.approx(3, rel=0.02)


def test_what_is_chosen_grows_by_a_disc():
    one = np.zeros((11, 11), bool)
    one[5, 5] = True
    rows, columns = np.mgrid[-5:6, -5:6]
    wider = grown(one, 3)
    assert wider.dtype == np.bool_
    assert wider[rows**2 + columns**2 <= 9].all()
    assert not wider[rows**2 + columns**2 > 18].any()


def test_pieces_are_connected_over_corners():
    count, labels = pieces(CHOSEN)
    assert count == 5
    assert (labels > 0).tolist() == CHOSEN.tolist()
    assert labels[0, 0] == labels[1, 1]
    assert len({labels[0, 0], labels[0, 4], labels[3, 0], labels[3, 3]}) == 4


@pytest.mark.parametrize(("exactness", "off"), [(EXACT, 1e-4), (FINE, 0.03), (COARSE, 0.06)])
def test_distances_to_the_nearest_that_is_not_chosen(exactness, off):
    inside = np.ones((30, 40), bool)
    inside[4, 7] = inside[22, 30] = False
    rows, columns = np.mgrid[:30, :40]
    true = np.minimum(np.hypot(rows - 4, columns - 7), np.hypot(rows - 22, columns - 30))
    np.testing.assert_allclose(distances(inside, exactness), true, rtol=off, atol=1e-4)


def test_a_warp_takes_pixels_from_where_it_is_told():
    places = np.array([[0.5, 0, 1.0], [0, 1.0, 2.0]])
    taken = warped(PLANE, places, Size(4, 3))
    assert taken.shape == (3, 4)
    np.testing.assert_allclose(taken[:, ::2], PLANE[2:5, 1:3], atol=1e-6)
    np.testing.assert_allclose(taken[:, 1], (PLANE[2:5, 1] + PLANE[2:5, 2]) / 2, atol=1e-6)
    x, y = np.meshgrid([1.0, 1.5, 2.0, 2.5], [2.0, 3.0, 4.0])
    np.testing.assert_allclose(remapped(PLANE, x, y), taken, atol=1e-6)
    outside = remapped(PLANE, np.array([[-5.0, 99.0]]), np.array([[0.0, 99.0]]))
    assert outside.tolist() == [[PLANE[0, 0], PLANE[-1, -1]]]
