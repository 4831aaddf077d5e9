"""inspect: arithmetic that can be checked, and a loss that grows with detail."""

import numpy as np
import pytest
from PIL import Image

from gigamatte.errors import BudgetExceeded, MissingInput
from gigamatte.workflow.inspect import inspect_photo


def saved(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def test_sizes_and_scale(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    photo = saved(tmp_path / "p.jpg", np.full((1500, 3000, 3), 90, np.uint8), exif=exif)
    found = inspect_photo(photo)
    assert (found.width, found.height, found.orientation, found.format) == (1500, 3000, 8, "jpeg")
    assert (found.across, found.down) == (pytest.approx(1500 / 1024, abs=1e-3), pytest.approx(3000 / 1024, abs=1e-3))
    assert found.finest == pytest.approx(2 * 3000 / 1024, abs=0.05)
    assert found.detail_lost == 0


def stripes(period, side=2048):
    x = np.arange(side)
    wave = np.round(127.5 + 100 * np.sin(2 * np.pi * x / period)).astype(np.uint8)
    return np.dstack([np.broadcast_to(wave, (side, side))] * 3)


def test_fine_stripes_are_lost_and_coarse_ones_are_not(tmp_path):
    fine = inspect_photo(
        saved(tmp_path / "fine.png", stripes(3))
    )  # 2 photo pixels become 1: stripes under 4 px are lost
    coarse = inspect_photo(saved(tmp_path / "coarse.png", stripes(64)))
    assert fine.detail_lost > 0.85
    assert coarse.detail_lost < 0.05


def test_a_small_photo_loses_nothing(tmp_path):
    rng = np.random.default_rng(1)
    photo = saved(tmp_path / "p.png", rng.integers(0, 256, (500, 700, 3)).astype(np.uint8))
    assert inspect_photo(photo).detail_lost == 0


def test_wide_photos_of_many_strips(tmp_path):
    photo = saved(tmp_path / "p.png", stripes(64, 7000)[:1111])
    found = inspect_photo(photo)
    assert (found.width, found.height) == (7000, 1111)
    assert found.prepared is not None


def test_refusals(tmp_path):
    with pytest.raises(MissingInput):
        inspect_photo(tmp_path / "none.jpg")
    with pytest.raises(BudgetExceeded):
        inspect_photo(saved(tmp_path / "p.png", np.zeros((50, 50, 3), np.uint8)), max_pixels=100)
