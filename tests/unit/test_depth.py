"""Channels of 8 and 16 bits, and the same in [0, 1]: every value comes back."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.depth import Depth
from gigamatte.errors import UsageError


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_a_depth_goes_there_and_back(bits: int, kind: type[np.uint8] | type[np.uint16]) -> None:
    depth = Depth(bits)
    every = np.arange(depth.full + 1).astype(kind)
    assert depth == Depth.of(every)
    assert (depth.dtype, depth.full) == (np.dtype(kind), np.iinfo(kind).max)
    for unit in (depth.unit(every), depth.quotient(every)):
        assert (unit.dtype, unit[0], unit[-1]) == (np.float32, 0, 1)
        back = depth.from_unit(unit)
        assert back.dtype == kind
        assert np.array_equal(back, every)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_quotient_is_the_nearest_float_and_the_product_the_next(bits: int) -> None:
    depth = Depth(bits)
    every = np.arange(depth.full + 1).astype(depth.dtype)
    quotient = depth.quotient(every)
    assert np.array_equal(quotient, (every.astype(np.float64) / depth.full).astype(np.float32))
    assert np.abs(depth.unit(every) - quotient).max() <= np.spacing(np.float32(0.5))


@pytest.mark.parametrize("bits", [8, 16])
def test_halves_are_rounded_upwards(bits: int) -> None:
    assert Depth(bits).from_unit(np.array([0.5], np.float32)).tolist() == [1 << (bits - 1)]


def test_other_depths_are_refused() -> None:
    with pytest.raises(UsageError, match="8 or 16 bits, found 12"):
        Depth(12)
