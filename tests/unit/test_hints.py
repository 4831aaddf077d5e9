"""Hints: what is taken, what is refused in one line, and that their JSON form comes back unchanged."""

import pytest

from gigamatte.errors import UsageError
from gigamatte.hints import MOST, Hints, Point, Stroke
from gigamatte.types import Box, Size


def test_points_are_tuples_or_points():
    hints = Hints(keep=[(3, 4), (5, 6, 2.5)], drop=(Point(1, 2),), box=(10, 20, 30, 40))
    assert hints.keep == (Point(3, 4), Point(5, 6, 2.5))
    assert hints.box == Box(10, 20, 30, 40)
    assert hints.has_points
    assert not Hints(box=(0, 0, 9, 9)).has_points
    assert not Hints()


def test_the_json_form_comes_back():
    hints = Hints(
        keep=[(3.5, 4)],
        drop=[(1, 2, 8)],
        strokes=[{"kind": "keep", "points": [[1, 2], [3, 4]], "radius": 5}, Stroke("hair", ((7.0, 8.0),), 20)],
        box=(1, 2, 3, 4),
    )
    assert Hints.from_plain(hints.as_plain()) == hints
    assert Hints.from_json("{}") == Hints()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[1", "no JSON"),
        ("[1]", "JSON object"),
        ('{"kept": []}', "'kept'"),
        ('{"keep": [[1]]}', r"\(x, y\)"),
        ('{"keep": [["a", 2]]}', "number"),
        ('{"keep": [[true, 2]]}', "number"),
        ('{"keep": [[1e400, 2]]}', "number"),
        ('{"keep": 3}', "a list"),
        ('{"strokes": [{"kind": "cut", "points": [[1, 2]], "radius": 3}]}', "'cut'"),
        ('{"strokes": [{"kind": "keep", "points": [], "radius": 3}]}', "1…"),
        ('{"strokes": [{"kind": "keep", "points": [[1, 2]], "radius": 0}]}', "radius"),
        ('{"strokes": [{"kind": "keep", "points": [[1, 2]]}]}', "radius"),
        ('{"box": [1, 2, 3]}', "left, top, width, height"),
        ('{"box": [1, 2, -3, 4]}', "width"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_hint_is_refused_in_a_line(text, found):
    with pytest.raises(UsageError, match=found) as caught:
        Hints.from_json(text)
    assert "\n" not in caught.value.message


def test_there_is_a_limit():
    with pytest.raises(UsageError, match=str(MOST)):
        Hints(keep=[(1, 1)] * (MOST + 1))


def test_points_outside_of_the_photo_are_refused():
    Hints(keep=[(99, 49)]).refuse_outside(Size(100, 50))
    with pytest.raises(UsageError, match=r"100,20 to drop lies outside of the photo of 100×50"):
        Hints(drop=[(100, 20)]).refuse_outside(Size(100, 50))


@pytest.mark.parametrize("text", ["1", "1,2,3,4", "a,b", "", "nan,2"])
def test_a_point_of_the_command_line(text):
    assert Point.parse("12,34.5") == Point(12, 34.5)
    assert Point.parse("1,2,3") == Point(1, 2, 3)
    with pytest.raises(UsageError, match=r"X,Y|number"):
        Point.parse(text)
