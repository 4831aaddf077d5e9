"""What is wanted is covered, once, by rectangles that together cost less than the whole."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.matte.cover import OVERHEAD, covering
from gigamatte.types import Box


def cost(boxes, margin):
    return sum((box.width + 2 * margin) * (box.height + 2 * margin) + OVERHEAD for box in boxes)


def counted(boxes, shape):
    """How many of the rectangles hold each pixel; they may reach a pixel beyond an odd rim."""
    held = np.zeros((shape[0] + 1, shape[1] + 1), int)
    for box in boxes:
        held[box.slices()] += 1
    return held[: shape[0], : shape[1]]


@pytest.mark.parametrize("margin", [8, 32])
@pytest.mark.parametrize("seed", range(12))
def test_every_wanted_pixel_lies_in_one_rectangle(seed, margin):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 300, 2))
    wanted = rng.random(shape) < rng.choice([0.0005, 0.01, 0.5])
    boxes = covering(wanted, margin)
    held = counted(boxes, shape)
    assert held.max() <= 1
    assert held[wanted].all()
    assert all(box.left % 2 == box.top % 2 == box.width % 2 == box.height % 2 == 0 for box in boxes)


def test_nothing_wanted_needs_no_rectangle():
    assert covering(np.zeros((100, 70), np.bool_), 8) == []


def test_a_diagonal_contour_costs_less_than_its_square():
    wanted = np.abs(np.subtract.outer(np.arange(256), np.arange(256))) < 8
    boxes = covering(wanted, 8)
    assert len(boxes) > 2
    assert cost(boxes, 8) < 0.7 * (256 + 16) ** 2


def test_a_square_that_is_wanted_as_a_whole_stays_one():
    (box,) = covering(np.ones((256, 256), np.bool_), 8)
    assert (box.left, box.top, box.width, box.height) == (0, 0, 256, 256)


def test_a_straight_contour_is_one_narrow_rectangle():
    wanted = np.zeros((256, 256), np.bool_)
    wanted[100:117] = True
    (box,) = covering(wanted, 32)
    assert (box.top, box.height, box.width) == (100, 18, 256)


def test_sides_that_are_read_are_paid_for_as_they_are_made():
    wanted = np.abs(np.subtract.outer(np.arange(256), np.arange(256))) < 8

    def length(side):
        return -(-side // 64) * 64

    def paid(boxes):
        return sum(length(box.width + 28) * length(box.height + 28) for box in boxes)

    by_length = covering(wanted, 14, cell=4, overhead=300, length=length)
    held = counted(by_length, wanted.shape)
    assert held.max() == 1
    assert held[wanted].all()
    assert paid(by_length) < paid(covering(wanted, 14, cell=4, overhead=300))
    assert paid([Box(0, 0, 256, 256)]) > 1.3 * paid(by_length)
