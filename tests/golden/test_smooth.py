"""smooth equals ImageMagick's `-alpha on -channel A -blur 0x0.8 -level 10%,90% +channel` within one level.

Recorded answers always run; where a real ImageMagick is installed, it is asked again, on more alphas and settings.
"""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from gigamatte.errors import UsageError
from gigamatte.matte.smooth import blur_taps, smooth_alpha, smooth_halo, smooth_matte
from gigamatte.types import Matte, Size

RECORDED = Path(__file__).parent / "imagemagick"


def random_alpha(rng):
    return rng.integers(0, 256, (90, 70)).astype(np.uint8)


def hair_alpha(rng):
    alpha = np.zeros((160, 160), np.uint8)
    for _ in range(60):
        ends = rng.uniform(0, 160 * 8, 4).astype(int)
        cv2.line(alpha, ends[:2], ends[2:], int(rng.integers(40, 256)), 1, cv2.LINE_AA, shift=3)
    return alpha


def edge_alpha(_rng):
    y, x = np.mgrid[:120, :140]
    return np.clip((x + 0.3 * y - 80) * 40 + 128, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["random", "hair"])
def test_equals_the_recorded_answers(name):
    given = cv2.imread(str(RECORDED / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    expected = cv2.imread(str(RECORDED / f"{name}.smooth.png"), cv2.IMREAD_UNCHANGED)
    ours = smooth_alpha(given[..., 3])
    assert np.abs(ours.astype(int) - expected[..., 3]).max() <= 1
    assert (given[..., :3] == expected[..., :3]).all()


@pytest.mark.parametrize("make", [random_alpha, hair_alpha, edge_alpha])
@pytest.mark.parametrize(
    ("sigma", "levels"), [(0.8, (10, 90)), (0.5, (10, 90)), (1.7, (5, 80)), (4.0, (0, 100)), (0.8, (30, 60))]
)
def test_equals_the_real_imagemagick(make, sigma, levels, tmp_path, imagemagick):
    rng = np.random.default_rng(5)
    alpha = make(rng)
    rgba = np.dstack([rng.integers(0, 256, (*alpha.shape, 3)).astype(np.uint8), alpha])
    cv2.imwrite(str(tmp_path / "in.png"), rgba)
    recipe = f"-alpha on -channel A -blur 0x{sigma} -level {levels[0]}%,{levels[1]}% +channel".split()
    subprocess.run([imagemagick, str(tmp_path / "in.png"), *recipe, str(tmp_path / "out.png")], check=True)
    expected = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
    theirs = expected[..., 3] if expected.ndim == 3 and expected.shape[2] == 4 else np.full(alpha.shape, 255)
    assert np.abs(smooth_alpha(alpha, sigma, levels).astype(int) - theirs).max() <= 1


def test_a_plain_gaussian_would_not_do():
    # a kernel of plain Gaussian samples must fail: else the golden test could not find wrong taps
    given = cv2.imread(str(RECORDED / "random.png"), cv2.IMREAD_UNCHANGED)[..., 3]
    expected = cv2.imread(str(RECORDED / "random.smooth.png"), cv2.IMREAD_UNCHANGED)[..., 3]
    plain = cv2.GaussianBlur(given.astype(np.float32), (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)
    plain = np.clip((plain - 25.5) * 1.25, 0, 255).round()
    assert np.abs(plain - expected).max() > 5


def test_taps():
    expected = [0.00081777, 0.02864327, 0.23501835, 0.47104121, 0.23501835, 0.02864327, 0.00081777]
    assert blur_taps(0.8) == pytest.approx(expected, abs=1e-8)


def test_what_it_does_to_hair():
    strand = np.zeros((9, 9), np.uint8)
    strand[:, 4] = 255
    assert list(smooth_alpha(strand)[4, 3:6]) == [43, 118, 43]
    faint = np.zeros((9, 9), np.uint8)
    faint[:, 4] = 60
    assert smooth_alpha(faint).max() <= 4


def test_strips_give_the_same_as_the_whole():
    alpha = random_alpha(np.random.default_rng(6))
    halo = smooth_halo(2.0)
    whole = smooth_alpha(alpha, 2.0)
    for top in range(0, 90, 25):
        first, last = max(0, top - halo), min(90, top + 25 + halo)
        strip = smooth_alpha(alpha[first:last], 2.0)[top - first : top - first + 25]
        assert (strip == whole[top : top + 25]).all()


@pytest.mark.parametrize("sigma", [0.8, 6.0])
def test_a_matte_in_tiles_gives_the_same_as_the_whole(sigma):
    alpha = hair_alpha(np.random.default_rng(8))[:150]
    alpha[:40] = 0
    alpha[110:] = 255
    decided, tiles = np.zeros((10, 10), np.uint8), {}
    for row in range(10):
        for column in range(10):
            part = alpha[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
            decided[row, column] = 0 if (part == 0).all() else 1 if (part == 255).all() else 2
            if decided[row, column] == 2:
                tiles[row, column] = part.copy()
    matte = smooth_matte(Matte(Size(160, 150), 8, 16, decided, tiles), sigma)
    assert (matte.read(matte.size.box) == smooth_alpha(alpha, sigma)).all()
    assert (matte.decided[0] == (0 if sigma == 0.8 else 2)).all()


def test_sixteen_bits_agree_with_eight():
    alpha = hair_alpha(np.random.default_rng(7))
    wide = smooth_alpha(alpha.astype(np.uint16) * 257)
    assert wide.dtype == np.uint16
    assert np.abs(wide / 257 - smooth_alpha(alpha)).max() <= 0.51


@pytest.mark.parametrize("value", [0, 255])
def test_a_constant_alpha_stays(value):
    assert (smooth_alpha(np.full((20, 20), value, np.uint8)) == value).all()


@pytest.mark.parametrize(("sigma", "levels"), [(0, (10, 90)), (0.8, (90, 10)), (0.8, (-1, 90)), (101, (10, 90))])
def test_settings_out_of_range_are_refused(sigma, levels):
    with pytest.raises(UsageError):
        smooth_alpha(np.zeros((4, 4), np.uint8), sigma, levels)
