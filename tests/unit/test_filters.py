"""Each filter gives what its line of documentation says, computed here without OpenCV."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.filters import (
    COARSE,
    EXACT,
    FINE,
    bilateral,
    box_mean,
    box_sum,
    dilated,
    distances,
    extremes,
    gaussian,
    grown,
    measured_pieces,
    moved,
    nearest_left_out,
    part_chosen,
    pieces,
    remapped,
    rim,
    separable,
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
    near, zero = box_mean(PLANE, radius), box_mean(PLANE, radius, beyond="zero")
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


@pytest.mark.parametrize(("beyond", "mode"), [("nearest", "edge"), ("mirrored", "reflect"), ("zero", "constant")])
def test_what_counts_beyond_the_border(beyond, mode):
    mean, total, blurred = (how(PLANE, 3, beyond=beyond) for how in (box_mean, box_sum, gaussian))
    wide = np.pad(PLANE, 40, "edge") if mode == "edge" else np.pad(PLANE, 8, mode)
    room = (len(wide) - len(PLANE)) // 2
    inside = slice(room, -room), slice(room, -room)
    np.testing.assert_allclose(mean, box_mean(wide, 3)[inside], atol=1e-6)
    np.testing.assert_allclose(total, box_sum(wide, 3)[inside], atol=1e-5)
    assert blurred.shape == PLANE.shape
    assert total[4, 5] == pytest.approx(PLANE[3:6, 4:7].sum(), abs=1e-5)


def test_a_gaussian_may_be_wider_down_than_across():
    point = np.zeros((61, 61), np.float32)
    point[30, 30] = 1
    spread = gaussian(point, 2, down=5).astype(np.float64)
    far = np.arange(61) - 30
    for axis, sigma in ((0, 2), (1, 5)):
        assert np.sqrt((spread.sum(axis) * far**2).sum()) == pytest.approx(sigma, rel=0.03)


def test_filters_along_rows_and_columns():
    taps = np.array([0.0, 0.0, 1.0])
    same = np.array([0.0, 1.0, 0.0])
    assert np.array_equal(separable(PLANE, taps, same)[:, :-1], PLANE[:, 1:])
    assert np.array_equal(separable(PLANE, same, taps)[:-1], PLANE[1:])


def test_noise_goes_and_steps_stay():
    step = np.repeat(np.float32([0.2, 0.8]), 20)[None].repeat(30, 0)
    noisy = step + np.random.default_rng(1).normal(0, 0.02, step.shape).astype(np.float32)
    smooth = bilateral(noisy, 9, 0.1, 3.0)
    assert np.abs(smooth - step).mean() < 0.5 * np.abs(noisy - step).mean()
    assert np.abs(smooth - step).max() < 0.1


def test_parts_rims_and_windows():
    part = part_chosen(CHOSEN, 1)
    assert part[2, 2] == pytest.approx(3 / 9, abs=1e-6)
    assert part[0, 0] == pytest.approx(5 / 9, abs=1e-6)  # the corner counts four times, (1, 1) once
    inside = np.zeros((7, 7), bool)
    inside[2:5, 2:5] = True
    ring = rim(inside)
    assert ring.sum() == 8 + 12
    assert not ring[3, 3]
    assert not ring[1, 1]
    assert not rim(np.ones((3, 3), bool)).any()
    across = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]], np.uint8)
    assert dilated(inside.view(np.uint8), across).sum() == 15


def test_areas_of_pieces_with_and_without_corners():
    labels, areas = measured_pieces(CHOSEN)
    assert sorted(areas[1:].tolist()) == [1, 2, 2, 2]
    assert areas[0] == (~CHOSEN).sum()
    assert (labels[CHOSEN] > 0).all()
    _, areas = measured_pieces(CHOSEN, corners=False)
    assert sorted(areas[1:].tolist()) == [1, 1, 1, 2, 2]


def test_the_nearest_pixel_that_is_left_out():
    free = np.ones((9, 9), bool)
    free[0, 0] = free[8, 8] = False
    near = nearest_left_out(free)
    assert near[1, 2] == near[0, 0]
    assert near[8, 6] == near[8, 8] != near[0, 0]


def test_a_moved_plane_leaves_zero_behind():
    shifted = moved(PLANE, 2, 1)
    np.testing.assert_allclose(shifted[1:, 2:], PLANE[:-1, :-2], atol=1e-6)
    assert not shifted[0].any()
    assert not shifted[:, :2].any()
