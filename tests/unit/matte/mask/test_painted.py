"""Strokes and points: obeyed exactly, antialiased, and the same wherever a tile begins."""

import numpy as np
import pytest

from gigamatte.hints import Hints
from gigamatte.matte.mask.painted import UNDECIDED, Painted
from gigamatte.types import Box, Size

PHOTO = Size(400, 300)


def enforced(hints, size=PHOTO, value=20_000):
    return Painted.of(hints, PHOTO).enforced(np.full(size.shape, value, np.uint16), size.box, size)


def test_a_stroke_is_as_wide_as_it_was_painted():
    alpha = enforced(Hints(strokes=[{"kind": "keep", "points": [[50, 100], [350, 100]], "radius": 10}]))
    column = alpha[:, 200]
    assert (column == 65535).sum() == 20
    np.testing.assert_array_equal(np.flatnonzero(column == 65535), np.arange(90, 110))
    assert (alpha[0:85] == 20_000).all()
    assert alpha[100, 41] > 20_000
    assert alpha[100, 38] == 20_000


def test_its_edge_is_antialiased():
    alpha = enforced(Hints(strokes=[{"kind": "drop", "points": [[200.5, 150.5]], "radius": 30}]), value=65535)
    covered = 1 - alpha / 65535
    assert covered.sum() == pytest.approx(np.pi * 30**2, rel=0.003)
    assert ((covered > 0.05) & (covered < 0.95)).sum() > 60


def test_what_is_painted_later_counts_and_a_click_is_the_last_word():
    keep = {"kind": "keep", "points": [[100, 100]], "radius": 20}
    drop = {"kind": "drop", "points": [[100, 100]], "radius": 20}
    assert enforced(Hints(strokes=[keep, drop]))[100, 100] == 0
    assert enforced(Hints(strokes=[drop, keep]))[100, 100] == 65535
    assert enforced(Hints(strokes=[drop], keep=[(100, 100)]))[100, 100] == 65535


def test_tiles_agree_to_the_bit():
    hints = Hints(
        keep=[(33.3, 44.4)], strokes=[{"kind": "drop", "points": [[10, 10], [390, 290], [30, 250]], "radius": 7.5}]
    )
    painted, before = Painted.of(hints, PHOTO), np.full(PHOTO.shape, 40_000, np.uint16)
    whole = painted.enforced(before, PHOTO.box, PHOTO)
    for left in range(0, 400, 64):
        for top in range(0, 300, 64):
            box = Box(left, top, 64, 64).within(PHOTO)
            part = painted.enforced(before[box.slices()], box, PHOTO)
            np.testing.assert_array_equal(part, whole[box.slices()])


def test_untouched_places_are_not_copied():
    before = np.full((64, 64), 7, np.uint16)
    painted = Painted.of(Hints(keep=[(390, 290)]), PHOTO)
    assert painted.enforced(before, Box(0, 0, 64, 64), PHOTO) is before


def test_on_a_coarser_level_a_thin_stroke_is_faint_but_there():
    drawn = Painted.of(Hints(keep=[(200, 150, 2)]), PHOTO).drawn_on(np.zeros((19, 25), np.float32))
    assert 0.01 < drawn.max() < 1


def test_hair_becomes_undecided_and_is_never_enforced():
    hints = Hints(strokes=[{"kind": "hair", "points": [[100, 100], [200, 100]], "radius": 25}])
    painted = Painted.of(hints, PHOTO)
    drawn = painted.drawn_on(np.ones(PHOTO.shape, np.float32))
    assert drawn[100, 150] == pytest.approx(1 - UNDECIDED)
    assert drawn[250, 150] == 1
    before = np.full(PHOTO.shape, 7, np.uint16)
    assert painted.enforced(before, PHOTO.box, PHOTO) is before
