"""Masks from the user: what kind they are, and what becomes of them."""

from __future__ import annotations

import numpy as np
import pytest

from gigamatte.errors import InputError
from gigamatte.matte.mask.user_mask import as_coarse, is_trimap, kind_of, settled_trimap
from gigamatte.types import Box, Size


def trimap(shape: tuple[int, int] = (60, 80)) -> np.ndarray:
    values = np.zeros(shape, np.uint8)
    values[:, 30:50] = 128
    values[:, 50:] = 255
    return values


def test_three_levels_with_one_in_the_middle_are_a_trimap() -> None:
    assert is_trimap(trimap())
    assert is_trimap(trimap().astype(np.uint16) * 257)


@pytest.mark.parametrize("middle", [30, 200])
def test_a_third_level_elsewhere_is_no_trimap(middle: int) -> None:
    values = trimap()
    values[values == 128] = middle
    assert not is_trimap(values)


def test_two_or_many_levels_are_no_trimap() -> None:
    assert not is_trimap(np.where(trimap() > 0, 255, 0).astype(np.uint8))
    assert not is_trimap(np.tile(np.arange(256, dtype=np.uint8), (4, 1)))


def test_a_trimap_must_know_something() -> None:
    with pytest.raises(InputError, match="knows only unknown"):
        kind_of(np.full((4, 4), 128, np.uint8), "trimap")


def test_auto_decides() -> None:
    assert kind_of(trimap(), "auto") == "trimap"
    assert kind_of(trimap(), "alpha") == "alpha"


def test_another_aspect_is_said() -> None:
    assert as_coarse(np.zeros((60, 80), np.uint8), Size(800, 600))[1] == ()
    assert as_coarse(np.zeros((64, 64), np.uint8), Size(800, 600))[1] == ()
    (warning,) = as_coarse(np.zeros((60, 90), np.uint8), Size(800, 600))[1]
    assert "stretched" in warning


def test_values_are_exact_in_both_depths() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    eight, _ = as_coarse(values, Size(16, 16))
    sixteen, _ = as_coarse(values.astype(np.uint16) * 257, Size(16, 16))
    assert np.allclose(eight.alpha, values / 255, atol=1e-6)
    assert np.allclose(sixteen.alpha, eight.alpha, atol=1e-6)


def test_a_region_keeps_only_itself() -> None:
    coarse, _ = as_coarse(np.full((60, 80), 255, np.uint8), Size(800, 600), Box(400, 0, 400, 600))
    assert (coarse.alpha[:, :40] == 0).all()
    assert (coarse.alpha[:, 40:] == 1).all()


def test_an_unknown_pixel_is_placed_between_the_known_colours() -> None:
    """A ramp from blue to orange under a trimap: alpha follows the colour."""
    ramp = np.clip((np.arange(80) - 32) / 16, 0, 1).astype(np.float32)
    front, back = np.float32([0.9, 0.5, 0.1]), np.float32([0.1, 0.2, 0.8])
    colour = np.tile(ramp[None, :, None] * front + (1 - ramp[None, :, None]) * back, (60, 1, 1))
    coarse = settled_trimap(trimap(), Size(80, 60), colour)
    assert np.abs(coarse.alpha - ramp).max() < 0.02
