"""Contours as curves: traced exactly, fitted closely with few knots, moved outwards without crossing themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gigamatte.clipping import ClippingPath
from gigamatte.cutout.contour import calm
from gigamatte.cutout.contour.corners import corners_of
from gigamatte.cutout.contour.curves import MOST_KNOTS, Contour, contour_of
from gigamatte.cutout.contour.fit import fitted
from gigamatte.cutout.contour.trace import TooMany, traced
from gigamatte.photo.paths.fill import PathFill, flattened
from gigamatte.photo.paths.records import area
from gigamatte.types import Size

Alpha = NDArray[np.uint8]


def soft(away: NDArray[np.float64], depth: int = 8) -> NDArray[np.generic]:
    """An alpha of a signed distance, above zero outside."""
    full = 2**depth - 1
    return np.rint(np.clip(0.5 - away, 0, 1) * full).astype(np.uint8 if depth == 8 else np.uint16)


def centres(size: Size) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = np.mgrid[: size.height, : size.width] + 0.5
    return columns, rows


def disc(size: Size, x: float, y: float, radius: float) -> NDArray[np.float64]:
    columns, rows = centres(size)
    return np.hypot(columns - x, rows - y) - radius


def flower(size: Size) -> NDArray[np.float64]:
    """A smooth subject with bays, and a round hole."""
    columns, rows = centres(size)
    x, y = columns - size.width / 2 - 0.3, rows - size.height / 2 - 0.7
    angle, unit = np.arctan2(y, x), min(size.width, size.height) * 0.38
    away = (np.hypot(x, y) - unit * (1 + 0.2 * np.sin(3 * angle) + 0.05 * np.sin(11 * angle))) * 0.8
    return np.maximum(away, unit * 0.2 - np.hypot(x + unit * 0.3, y + unit * 0.1))


def strips_of(alpha: NDArray[np.generic], rows: int = 64) -> Callable[[], Iterator[NDArray[np.generic]]]:
    return lambda: (alpha[top : top + rows] for top in range(0, len(alpha), rows))


def contour(alpha: NDArray[np.generic], **how: float) -> Contour:
    return contour_of(strips_of(alpha), Size.of(alpha), **how)  # type: ignore[arg-type]


def overlap(path: ClippingPath, alpha: NDArray[np.generic]) -> float:
    """Intersection over union of a path, filled, and an alpha."""
    size = Size.of(alpha)
    values, right = PathFill(path, size).values(size.box), alpha / np.iinfo(alpha.dtype).max
    return float(np.minimum(values, right).sum() / np.maximum(values, right).sum())


def test_a_disc_is_traced_on_its_rim() -> None:
    size = Size(90, 70)
    for depth in (8, 16):
        (polygon,) = traced([soft(disc(size, 44.3, 33.8, 25), depth)], size)
        radius = np.hypot(polygon[:, 0] - 44.3, polygon[:, 1] - 33.8)
        assert float(np.abs(radius - 25).max()) < 0.1
        assert float(np.hypot(*np.diff(polygon, axis=0).T).max()) < 1.5


@pytest.mark.parametrize("rows", [1, 7, 33])
def test_the_trace_is_the_same_in_any_strips(rows: int) -> None:
    alpha = np.random.default_rng(3).integers(0, 256, (40, 51)).astype(np.uint8)
    whole = traced([alpha], Size(51, 40))
    parts = traced(strips_of(alpha, rows)(), Size(51, 40))
    assert len(whole) == len(parts) > 50
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_polygons_enclose_what_is_opaque_and_never_cross() -> None:
    alpha = np.random.default_rng(4).integers(0, 2, (30, 31)).astype(np.uint8) * 255
    polygons = traced([alpha], Size(31, 30))
    knots = tuple(np.repeat(polygon[:, None], 3, axis=1) for polygon in polygons)
    values = PathFill(ClippingPath("p", knots), Size(31, 30)).values(Size(31, 30).box)
    # the signed areas add up to what the even-odd rule fills: nothing is enclosed twice
    assert sum(map(area, knots)) == pytest.approx(float(values.sum()), rel=1e-4)
    # a pixel alone is a rhombus of half its area, and so is a hole of one pixel
    assert float(values[alpha > 0].min()) >= 0.49
    assert float(values[alpha == 0].max()) <= 0.51


def test_what_reaches_the_frame_is_closed_along_it() -> None:
    (polygon,) = traced([np.full((5, 9), 255, np.uint8)], Size(9, 5))
    assert polygon.min(axis=0).tolist() == [0, 0]
    assert polygon.max(axis=0).tolist() == [9, 5]


def test_a_contour_that_is_too_long_is_told_before_it_fills_the_memory() -> None:
    alpha = np.random.default_rng(5).integers(0, 256, (64, 64)).astype(np.uint8)
    with pytest.raises(TooMany):
        traced([alpha], Size(64, 64), 100)


def test_corners_are_found_where_it_turns() -> None:
    square = np.zeros((80, 80), np.uint8)
    square[20:60, 15:66] = 255
    (polygon,) = traced([square], Size(80, 80))
    found = polygon[corners_of(polygon)]
    right = np.array([(15, 20), (66, 20), (66, 60), (15, 60)], float)
    assert len(found) == 4
    assert all(float(np.hypot(*(found - corner).T).min()) < 1 for corner in right)
    (round_,) = traced([soft(disc(Size(80, 80), 40, 40, 30))], Size(80, 80))
    assert not len(corners_of(round_))


def test_a_rectangle_needs_few_knots() -> None:
    square = np.zeros((400, 400), np.uint8)
    square[100:300, 50:350] = 255
    found = contour(square)
    assert found.path.knots <= 12
    assert overlap(found.path, square) > 0.9999


def test_a_smooth_subject_is_followed_closely_with_few_knots() -> None:
    alpha = soft(flower(Size(1500, 1000)))
    found = contour(alpha)
    assert found.smoothed == 0
    assert not found.warnings
    assert found.middle <= 0.5
    assert found.most <= 1
    assert found.path.knots <= 300
    assert overlap(found.path, alpha) >= 0.999
    assert len(found.path.subpaths) == 2
    assert area(found.path.subpaths[0]) > 0 > area(found.path.subpaths[1])  # the hole comes behind what it is in


def test_distances_are_what_they_are_said_to_be() -> None:
    size = Size(700, 500)
    alpha = soft(flower(size))
    polygons = traced([alpha], size)
    found = fitted(polygons, (0.5,), 1000)
    assert found is not None
    curve = np.concatenate([flattened(knots, 0.001) for knots in found.subpaths])
    corners = np.concatenate(polygons)
    nearest = np.array([np.hypot(*(curve - corner).T).min() for corner in corners[::5]])
    assert float(nearest.max()) <= float(found.distances.max()) + 0.02 <= 0.52


@pytest.mark.parametrize("place", [301, 340, 388, 431])
def test_what_lies_between_the_corners_that_are_looked_at_first_is_followed(place: int) -> None:
    alpha = np.zeros((300, 900), np.uint8)
    alpha[100:200, 50:850] = 255
    alpha[96:100, place : place + 2] = 255
    polygons = traced([alpha], Size(900, 300))
    found = fitted(polygons, (0.3,), 200)
    assert found is not None
    assert float(found.distances.max()) <= 0.3
    curve = flattened(found.subpaths[0], 0.01)
    assert float(curve[:, 1].min()) == pytest.approx(96, abs=0.5)


def test_more_knots_than_allowed_are_none() -> None:
    polygons = traced([soft(flower(Size(300, 200)))], Size(300, 200))
    assert fitted(polygons, (0.3, 0.5), 5) is None
    assert fitted([], (0.3,), 5) is not None


def hairy(size: Size) -> NDArray[np.float64]:
    """A disc whose upper half is full of spikes, four pixels apart at their feet; its lower half is round."""
    columns, rows = centres(size)
    x, y = columns - size.width / 2, rows - size.height / 2
    angle, unit = np.arctan2(y, x), min(size.width, size.height) * 0.25
    spikes = (np.sin(angle * unit) > 0) * (0.5 + 0.5 * np.sin(angle * 61)) * (y < 0)
    return np.hypot(x, y) - unit * (1 + 0.7 * spikes)


def test_hair_is_smoothed_and_that_is_said_and_edges_stay() -> None:
    size = Size(1200, 900)
    alpha = soft(hairy(size))
    found = contour(alpha)
    assert found.smoothed >= 3
    assert found.path.knots <= 300  # 3,600 follow the spikes
    assert len(found.path.subpaths) == 1
    assert found.most >= found.middle > 10
    assert "smoothed over" in found.warnings[0]
    assert overlap(found.path, alpha) > 0.75
    points = flattened(found.path.subpaths[0])
    below = points[points[:, 1] > size.height / 2 + 4 * found.smoothed]
    assert len(below) > 20
    away = np.hypot(*(below - (600, 450)).T) - 225
    assert float(np.abs(away).max()) <= 0.6  # the edge without hair is where it was


def test_the_smoothed_path_does_not_go_to_and_fro() -> None:
    (knots,) = contour(soft(hairy(Size(1200, 900)))).path.subpaths
    sides = np.diff(flattened(knots), axis=0)
    length = float(np.hypot(*sides.T).sum())
    round_ = float(np.sqrt(4 * np.pi * abs(area(knots))))  # the length around a disc of its area
    assert length < 1.6 * round_


@pytest.mark.parametrize("rows", [7, 200])
def test_the_smoothed_path_is_the_same_in_any_strips(rows: int) -> None:
    alpha = soft(hairy(Size(1200, 900)))
    one, other = contour_of(strips_of(alpha, rows), Size.of(alpha)), contour(alpha)
    assert one.smoothed == other.smoothed > 0
    for own, same in zip(one.path.subpaths, other.path.subpaths, strict=True):
        np.testing.assert_array_equal(own, same)


def test_where_the_average_decides_alone_the_contour_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that it keeps wholly on one side of one half are not averaged pixel by pixel."""
    columns, rows = centres(Size(1200, 900))
    chance = np.random.default_rng(3).random((900, 1200))
    alpha = np.where(chance * (np.hypot(columns - 600, rows - 450) < 400) > 0.3, 255, 0).astype(np.uint8)
    quick = contour(alpha)
    enlarged: list[int] = []
    monkeypatch.setattr(calm, "SURE", 2.0)  # no block is decided
    plain = calm._enlarged
    monkeypatch.setattr(calm, "_enlarged", lambda cells, side: enlarged.append(1) or plain(cells, side))
    slow = contour(alpha)
    every = len(enlarged)
    monkeypatch.setattr(calm, "SURE", 0.501)
    contour(alpha)
    assert len(enlarged) - every < every
    assert quick.as_dict() == slow.as_dict()
    for own, same in zip(quick.path.subpaths, slow.path.subpaths, strict=True):
        np.testing.assert_array_equal(own, same)


@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_a_mesh_and_very_many_things_have_a_path(offset: float) -> None:
    place = np.arange(1100) % 22 - 11
    dots = (np.add.outer(place**2, place**2) < 50) * np.uint8(255)
    mesh = ((place[:, None] > 6) | (place[None] > 6)) * np.uint8(255)
    for alpha in (dots, mesh):
        found = contour(alpha, offset=offset)
        assert 100 <= found.path.knots + len(found.path.subpaths) <= MOST_KNOTS
        assert found.warnings


def test_nothing_gives_no_path() -> None:
    found = contour(np.full((50, 60), 100, np.uint8))
    assert found.path.subpaths == ()
    assert found.warnings == ("nothing is half opaque: there is no path",)


def test_specks_are_left_out() -> None:
    alpha = soft(disc(Size(100, 100), 50, 50, 30))
    alpha[3, 3] = alpha[50, 50] = 255 - alpha[50, 50] or 255
    alpha[50, 50] = 0
    assert len(contour(alpha).path.subpaths) == 1


@pytest.mark.parametrize("distance", [0.5, 3.0, 12.5, 70.0])
def test_a_disc_moved_outwards_is_a_larger_disc(distance: float) -> None:
    found = contour(soft(disc(Size(220, 200), 110, 100, 40)), offset=distance)
    (knots,) = found.path.subpaths
    radius = np.hypot(*(flattened(knots) - (110, 100)).T)
    assert float(np.abs(radius - 40 - distance).max()) < 0.5


@pytest.mark.parametrize("distance", [1.0, 30.0, 100.0, 300.0])
def test_a_subject_with_bays_is_moved_by_the_distance_everywhere(distance: float) -> None:
    size = Size(900, 700)
    alpha = soft(flower(size))
    corners = np.concatenate(traced([alpha], size))
    moved = contour(alpha, offset=distance)
    points = np.concatenate([flattened(knots) for knots in moved.path.subpaths])
    away = np.array([float(np.hypot(*(corners - point).T).min()) for point in points])
    assert float(np.abs(away - distance).max()) < 0.5
    # … and nothing farther inside is left out
    enclosed = PathFill(moved.path, size).values(size.box)
    assert np.all(enclosed[alpha > 127] > 0.99)


def test_hair_moved_outwards_is_calm_too_and_never_crosses_itself() -> None:
    size = Size(1200, 900)
    found = contour(soft(hairy(size)), offset=20)
    assert found.path.knots <= 300
    (knots,) = found.path.subpaths
    values = PathFill(found.path, size).values(size.box)
    assert area(np.repeat(flattened(knots)[:, None], 3, axis=1)) == pytest.approx(float(values.sum()), rel=1e-3)


def test_corners_moved_outwards_are_round_and_holes_close() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[100:200, 100:200] = 255
    alpha[140:150, 140:150] = 0
    (knots,) = contour(alpha, offset=20).path.subpaths
    points = flattened(knots)
    away = np.hypot(*np.maximum(np.abs(points - 150) - 50, 0).T)
    assert float(np.abs(away - 20).max()) < 0.9


def test_pieces_that_meet_become_one_that_does_not_cross_itself() -> None:
    size = Size(400, 300)
    alpha = soft(np.minimum(disc(size, 140, 150, 40), disc(size, 250, 140, 35)))
    assert len(contour(alpha).path.subpaths) == 2
    moved = contour(alpha, offset=25).path
    (knots,) = moved.subpaths
    whole = PathFill(moved, size).values(size.box)
    points = flattened(knots)
    x, y = points.T
    enclosed = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    assert enclosed == pytest.approx(float(whole.sum()), rel=1e-4)


def test_what_grows_beyond_the_frame_is_not_cut_there() -> None:
    (knots,) = contour(np.full((60, 80), 255, np.uint8), offset=10).path.subpaths
    points = flattened(knots)
    assert np.abs(points.min(axis=0) + 10).max() < 0.5
    assert np.abs(points.max(axis=0) - (90, 70)).max() < 0.5
