"""Sums of a part after another against Pillow's bicubic of the whole, and against exact arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gigamatte.cutout.bicubic import COLUMNS, PRODUCT, ROWS, Weights, along_rows, down_columns
from gigamatte.types import FloatArray


def resampled(
    plane: FloatArray, size: tuple[int, int], box: tuple[float, float, float, float], part: int
) -> FloatArray:
    """The ``box`` (left, top, right, bottom) of the plane as ``size`` (width, height), ``part`` rows at a time."""
    rows, columns = plane.shape
    across, down = (
        Weights(0, length, box[axis], (box[axis + 2] - box[axis]) / length, 0, whole, 0, whole)
        for axis, (length, whole) in enumerate(zip(size, (columns, rows), strict=True))
    )
    sums, out = np.zeros((size[1], columns), np.float32), np.zeros((size[1], size[0]), np.float32)
    for top in range(0, rows, part):
        strip = plane[top : top + part]
        blocks = list(down.blocks(ROWS, top, top + len(strip)))
        down_columns(strip, blocks, top, 0, sums)
    along_rows(sums, list(across.blocks(COLUMNS)), 0, 0, out)
    return out


@given(
    st.integers(1, 70), st.integers(1, 70), st.integers(1, 90), st.integers(1, 90), st.integers(1, 70), st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_parts_add_up_to_pillows_bicubic(columns, rows, width, height, part, inside) -> None:
    """Reduced and enlarged, of all of a plane and of a box within it, however its rows are divided."""
    plane = np.random.default_rng(columns * rows + width).random((rows, columns), dtype=np.float32)
    box = (columns / 8, rows / 8, columns - columns / 8, rows - rows / 8) if inside else (0.0, 0.0, columns, rows)
    pillow = np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC, box=box))
    found = resampled(plane, (width, height), box, part)
    if not inside:
        assert np.abs(found - pillow).max() < 2e-5
    else:  # Pillow looks beyond the box only as far as the plane goes, as this does; its box is rounded to float32
        assert np.abs(found - pillow).max() < 2e-4


@pytest.mark.parametrize("step", [0.3, 1.0, 1.7, 9.3])
def test_every_result_takes_all_of_one(step: float) -> None:
    """Weights of the pixels that lie in the picture add up to 1, whatever is given of them."""
    weights = Weights(0, 40, 2.25, step, 0, 400, 0, 400)
    for block in weights.blocks(7):
        assert np.allclose(block.weights.sum(axis=1), 1, atol=1e-6)
    halves = [list(weights.blocks(7, *ends)) for ends in ((0, 60), (60, 400))]
    total = np.zeros(40)
    for block in (*halves[0], *halves[1]):
        total[block.first : block.last] += block.weights.sum(axis=1)
    assert np.allclose(total, 1, atol=1e-6)


def test_a_large_plane_is_multiplied_in_parts() -> None:
    """Wider than one product may be, the columns are the same as alone."""
    plane = np.random.default_rng(0).random((64, PRODUCT // 100), dtype=np.float32)
    down = list(Weights(0, 20, 0.0, 3.2, 0, 64, 0, 64).blocks(ROWS))
    whole, alone = np.zeros((20, plane.shape[1]), np.float32), np.zeros((20, 100), np.float32)
    down_columns(plane, down, 0, 0, whole)
    down_columns(plane[:, 1500:1600], down, 0, 0, alone)
    assert np.allclose(whole[:, 1500:1600], alone, atol=1e-6)
