"""The matting errors against their definitions, written out naively, and against values known by hand."""

import math

import cv2
import numpy as np
import pytest

from gigamatte.errors import UsageError
from gigamatte.evaluate import contour, halo, metrics


def disc(size=96, radius=30.0, blur=0.0):
    y, x = np.mgrid[:size, :size]
    alpha = np.clip(radius + 0.5 - np.hypot(x - size / 2, y - size / 2), 0, 1).astype(np.float32)
    return cv2.GaussianBlur(alpha, (0, 0), blur) if blur else alpha


def edge(angle, size=200, sigma=0.0):
    """A straight edge through the middle: area coverage, or a Gaussian ramp of ``sigma``."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2 + 0.3
    across = math.cos(angle) * x + math.sin(angle) * y
    if sigma:
        return np.array([[0.5 * (1 + math.erf(v / sigma / math.sqrt(2))) for v in row] for row in across], np.float32)
    span = abs(math.cos(angle)) + abs(math.sin(angle))
    return np.clip(across / span + 0.5, 0, 1).astype(np.float32)


def naive_gradient(alpha, sigma=1.4):
    """Direct two-dimensional convolution, as the benchmark's formulas read."""
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))

    def gauss(v):
        return math.exp(-(v**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))

    taps = range(-half, half + 1)
    kernel = np.array([[gauss(r) * -c * gauss(c) / sigma**2 for c in taps] for r in taps])
    kernel /= math.sqrt((kernel**2).sum())
    padded = np.pad(alpha.astype(np.float64), half, mode="edge")
    rows, columns = alpha.shape
    x, y = np.zeros(alpha.shape), np.zeros(alpha.shape)
    for r in taps:
        for c in taps:
            part = padded[half - r : half - r + rows, half - c : half - c + columns]
            x += kernel[r + half, c + half] * part
            y += kernel.T[r + half, c + half] * part
    return np.hypot(x, y)


def naive_connectivity(alpha, truth):
    level = np.full(alpha.shape, -1.0)
    for step in range(1, 11):
        both = ((alpha >= np.float32(step / 10)) & (truth >= np.float32(step / 10))).astype(np.uint8)
        count, labels = cv2.connectedComponents(both, connectivity=4)
        sizes = [(labels == label).sum() for label in range(1, count)]
        omega = labels == 1 + int(np.argmax(sizes)) if sizes else np.zeros(alpha.shape, bool)
        level[(level == -1) & ~omega] = (step - 1) / 10
    level[level == -1] = 1
    phi = [1 - (a - level) * ((a - level) >= 0.15) for a in (alpha.astype(float), truth.astype(float))]
    return np.abs(phi[0] - phi[1]).sum()


def test_a_perfect_alpha_scores_zero():
    truth = disc(blur=2)
    assert metrics.score(truth, truth).as_dict() == pytest.approx(metrics.Scores(0, 0, 0, 0, 1).as_dict(), abs=1e-12)


def test_sad_and_mse_by_hand():
    truth = np.zeros((10, 20), np.uint8)
    alpha = truth.copy()
    alpha[2, 3:13] = 51  # ten pixels, each off by .2
    assert metrics.sad(alpha, truth) == pytest.approx(10 * 0.2 / 1000)
    assert metrics.mse(alpha, truth) == pytest.approx(10 * 0.04 / 200)
    region = np.zeros((10, 20), bool)
    region[2, :8] = True
    assert metrics.sad(alpha, truth, region) == pytest.approx(5 * 0.2 / 1000)
    assert metrics.mse(alpha, truth, region) == pytest.approx(5 * 0.04 / 8)


def test_sixteen_bits_and_floats_mean_the_same():
    truth = (disc(blur=1) * 255).round().astype(np.uint8)
    alpha = np.roll(truth, 2, axis=1)
    expected = metrics.score(alpha, truth).as_dict()
    wide = metrics.score(alpha.astype(np.uint16) * 257, truth.astype(np.uint16) * 257).as_dict()
    unit = metrics.score(alpha.astype(np.float32) / 255, truth.astype(np.float32) / 255).as_dict()
    assert wide == pytest.approx(expected, rel=1e-4)
    assert unit == pytest.approx(expected, rel=1e-4)


def test_grad_is_the_benchmarks():
    rng = np.random.default_rng(1)
    alpha, truth = disc(60, 18, 1.5), np.clip(disc(60, 20, 0.7) + rng.normal(0, 0.05, (60, 60)), 0, 1)
    truth = truth.astype(np.float32)
    expected = ((naive_gradient(alpha) - naive_gradient(truth)) ** 2).sum() / 1000
    assert metrics.gradient_error(alpha, truth) == pytest.approx(expected, rel=1e-4)


def test_conn_is_the_benchmarks():
    rng = np.random.default_rng(2)
    truth = disc(80, 25, 2)
    alpha = np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)
    alpha[:10, :10] = 0.6  # an island that hangs free
    assert metrics.connectivity_error(alpha, truth) == pytest.approx(naive_connectivity(alpha, truth) / 1000, rel=1e-4)
    assert metrics.connectivity_error(alpha, truth) > metrics.connectivity_error(alpha[10:], truth[10:])


def test_conn_of_nothing_in_common():
    nothing = np.zeros((20, 20), np.float32)
    everything = np.ones((20, 20), np.float32)
    assert metrics.connectivity_error(everything, nothing) == pytest.approx(0.4)


def test_iou():
    left, middle = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    left[:, :6] = 255
    middle[:, 3:9] = 255
    assert metrics.iou(left, middle) == pytest.approx(3 / 9)
    assert metrics.iou(np.zeros((4, 4)), np.zeros((4, 4))) == 1


def test_shapes_and_kinds_are_checked():
    with pytest.raises(UsageError, match=r"\(4, 5\) and \(5, 4\)"):
        metrics.sad(np.zeros((4, 5)), np.zeros((5, 4)))
    with pytest.raises(UsageError, match="int32"):
        metrics.sad(np.zeros((4, 5), np.int32), np.zeros((4, 5), np.int32))
    with pytest.raises(UsageError, match=r"\(4, 5, 3\)"):
        metrics.unit_alpha(np.zeros((4, 5, 3)))


def test_band_holds_soft_pixels_and_hard_borders():
    truth = np.zeros((40, 40), np.uint8)
    truth[10:30, 10:30] = 255
    band = metrics.band_of(truth, margin=0)
    assert band[10, 15]
    assert not band[20, 20]
    assert not band[5, 5]
    wide = metrics.band_of(truth, margin=4)
    assert wide[6, 15]
    assert not wide[4, 15]
    assert not metrics.band_of(np.zeros((8, 8), np.uint8)).any()


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.7, 1.3, 2.0])
def test_a_straight_edge_is_not_ragged(angle):
    assert contour.raggedness(edge(angle)) < 0.06


def test_an_enlarged_staircase_is_ragged():
    small = cv2.resize(edge(0.5), (40, 40), interpolation=cv2.INTER_AREA)
    stairs = cv2.resize((small >= 0.5).astype(np.float32), (200, 200), interpolation=cv2.INTER_NEAREST)
    # a staircase of 5-pixel steps strays by about 5·cos(.5)/√12 from its line
    assert contour.raggedness(stairs) == pytest.approx(5 * math.cos(0.5) / math.sqrt(12), rel=0.25)


@pytest.mark.parametrize("sigma", [1.0, 2.5, 5.0])
def test_edge_width_of_a_gaussian_ramp(sigma):
    assert contour.edge_width(edge(0.6, sigma=sigma)) == pytest.approx(
        2.563 * sigma, abs=0.35
    )  # bilinear sampling adds a little


def test_edge_width_does_not_depend_on_which_side_is_inside():
    ramp = edge(0.6, sigma=2.0)
    assert contour.edge_width(1 - ramp) == pytest.approx(contour.edge_width(ramp), abs=0.2)


def test_no_contour_is_not_a_number():
    assert math.isnan(contour.raggedness(np.zeros((30, 30), np.uint8)))
    assert math.isnan(contour.edge_width(np.full((30, 30), 255, np.uint8)))


def scene():
    rng = np.random.default_rng(3)
    truth = disc(96, 30, 3)
    foreground = np.broadcast_to(np.array([200, 60, 30], np.uint8), (96, 96, 3))
    background = rng.integers(80, 160, (96, 96, 3)).astype(np.uint8)
    photo = np.round(truth[..., None] * foreground + (1 - truth[..., None]) * background).astype(np.uint8)
    return photo, np.ascontiguousarray(foreground), background, truth, metrics.band_of(truth, 0)


def test_halo_of_the_true_colours_is_zero_and_of_the_background_one():
    photo, foreground, background, truth, region = scene()
    assert halo.halo_leak(foreground, truth, photo, foreground, truth, region) == pytest.approx(0, abs=0.01)
    assert halo.halo_leak(background, truth, photo, foreground, truth, region) == pytest.approx(1, abs=0.01)
    mixed = np.round(0.75 * foreground + 0.25 * background.astype(float)).astype(np.uint8)
    assert halo.halo_leak(mixed, truth, photo, foreground, truth, region) == pytest.approx(0.25, abs=0.02)


def test_naive_colours_leak():
    photo, foreground, _, truth, region = scene()
    assert halo.halo_leak(photo, truth, photo, foreground, truth, region) > 0.2


def test_colour_error_by_hand():
    photo, foreground, _, truth, region = scene()
    assert halo.colour_error(foreground, truth, foreground, truth, region) == 0
    shifted = foreground + np.uint8(10)
    expected = 10 * truth[region].mean()
    assert halo.colour_error(shifted, truth, foreground, truth, region) == pytest.approx(expected, rel=1e-3)
    with pytest.raises(UsageError, match="one shape"):
        halo.colour_error(photo[:5], truth, foreground, truth, region)
