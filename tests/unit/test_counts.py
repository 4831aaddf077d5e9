"""Large numbers as people write them."""

import pytest

from gigamatte.counts import count_of


@pytest.mark.parametrize(
    ("text", "count"),
    [("40000000", 40_000_000), ("300M", 300_000_000), ("1.5k", 1500), ("500kB", 500_000), ("2 MB", 2_000_000),
     ("2GB", 2_000_000_000), ("12B", None), ("B", None), ("kB", None), ("0", None), ("five", None)],
)  # fmt: skip
def test_units_are_read_with_and_without_a_b_for_bytes(text, count):
    assert count_of(text) == count
