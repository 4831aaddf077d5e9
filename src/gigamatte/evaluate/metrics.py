"""The errors of an alpha against the true one: SAD, MSE, Grad, Conn and IoU.

The four matting errors are those of Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting"
(CVPR 2009), with the constants of its published evaluation: Gaussian derivatives of σ = 1.4, connectivity steps of 0.1.
Two things differ on purpose: an alpha is never stretched to its own minimum and maximum first, and the ``region`` may
be the whole picture, so that errors outside the band count too.

An alpha is (row, column): uint8, uint16, bool, or float in [0, 1]. A ``region`` is a bool array of the same shape; None
means every pixel.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError
from gigamatte.filters import FINE, distances, measured_pieces, rim, separable
from gigamatte.types import Depth, FloatArray

Region = NDArray[np.bool_]

GRADIENT_SIGMA = 1.4
CONNECTIVITY_STEP = 0.1
#: an opacity that exceeds the connected level by less than this is not counted as disconnected (Rhemann's θ)
CONNECTIVITY_TOLERANCE = 0.15


@dataclass(frozen=True, slots=True)
class Scores:
    """The errors of one alpha; lower is better, except ``iou`` (0…1)."""

    #: sum of |α − α*| / 1000
    sad: float
    #: mean of (α − α*)²
    mse: float
    #: Grad / 1000
    grad: float
    #: Conn / 1000
    conn: float
    #: intersection over union of α ≥ .5
    iou: float

    def as_dict(self) -> dict[str, float]:
        """Plain numbers by name."""
        return asdict(self)


def unit_alpha(alpha: NDArray[Any]) -> FloatArray:
    """``alpha`` as float32 in [0, 1]; integers are divided by their full scale. Raises UsageError for anything else."""
    if alpha.ndim != 2:
        raise UsageError(f"an alpha is a (row, column) array, found shape {alpha.shape}")
    if alpha.dtype in (np.dtype(np.uint8), np.dtype(np.uint16)):
        return Depth.of(alpha).unit(alpha)
    if alpha.dtype == np.bool_ or np.issubdtype(alpha.dtype, np.floating):
        return alpha.astype(np.float32, copy=False)
    raise UsageError(f"an alpha is uint8, uint16, bool or float, found {alpha.dtype}")


def score(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> Scores:
    """All five at once, in ``region``. Raises UsageError when the shapes differ."""
    alpha, truth = _pair(alpha, truth, region)
    return Scores(
        sad(alpha, truth, region),
        mse(alpha, truth, region),
        gradient_error(alpha, truth, region),
        connectivity_error(alpha, truth, region),
        iou(alpha, truth, region),
    )


def sad(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> float:
    """Sum of absolute differences / 1000."""
    alpha, truth = _pair(alpha, truth, region)
    return _total(cv2.absdiff(alpha, truth), region) / 1000


def mse(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> float:
    """Mean of squared differences over ``region``; 0 where it is empty."""
    alpha, truth = _pair(alpha, truth, region)
    difference = cv2.absdiff(alpha, truth)
    count = difference.size if region is None else int(np.count_nonzero(region))
    return _total(np.square(difference, out=difference), region) / max(1, count)


def gradient_error(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> float:
    """Grad / 1000: squared difference of the gradients' lengths, by first derivatives of a Gaussian of σ = 1.4."""
    alpha, truth = _pair(alpha, truth, region)
    difference = gradient_length(alpha)
    difference -= gradient_length(truth)
    return _total(np.square(difference, out=difference), region) / 1000


def gradient_length(alpha: FloatArray) -> FloatArray:
    """Length of the Gaussian derivative of ``alpha``, filters of unit energy as in the benchmark; float32."""
    smooth, derive = _gaussian_and_derivative(GRADIENT_SIGMA)
    across = separable(alpha, derive, smooth)
    down = separable(alpha, smooth, derive)
    length: FloatArray = cv2.magnitude(across, down)
    return length


def connectivity_error(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> float:
    """Conn / 1000: how much opacity is not connected to the largest part that both alphas have in common.

    A pixel's level is the highest threshold (steps of .1) at which it still belongs to that part; what exceeds the
    level by .15 or more counts as disconnected.
    """
    alpha, truth = _pair(alpha, truth, region)
    level = np.ones(alpha.shape, np.float32)
    undecided = np.ones(alpha.shape, np.bool_)
    common = np.minimum(alpha, truth)  # both reach a threshold exactly where the lesser does
    steps = round(1 / CONNECTIVITY_STEP)
    for step in range(1, steps + 1):
        dropped = undecided & ~_largest_component(common >= np.float32(step / steps))
        level[dropped] = (step - 1) / steps
        undecided ^= dropped
    difference = _connected(alpha, level)
    difference -= _connected(truth, level)
    return _total(np.abs(difference, out=difference), region) / 1000


def iou(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None = None) -> float:
    """Intersection over union of α ≥ .5; 1 when both are empty."""
    alpha, truth = _pair(alpha, truth, region)
    ours, theirs = alpha >= 0.5, truth >= 0.5
    if region is not None:
        ours, theirs = ours & region, theirs & region
    union = int(np.count_nonzero(ours | theirs))
    return int(np.count_nonzero(ours & theirs)) / union if union else 1.0


def band_of(truth: NDArray[Any], margin: int = 10) -> Region:
    """The undecided pixels of a true alpha (.01 < α < .99, and hard borders), widened by ``margin`` pixels."""
    truth = unit_alpha(truth)
    soft = (truth > 0.01) & (truth < 0.99)
    seeds = (soft | rim(truth >= 0.5)).astype(np.uint8)
    if margin <= 0:
        return np.asarray(seeds, np.bool_)
    if not seeds.any():
        return np.zeros(truth.shape, np.bool_)
    away = distances(seeds == 0, FINE)
    near: Region = away <= margin
    return near


def _connected(alpha: FloatArray, level: FloatArray) -> FloatArray:
    excess = alpha - level
    excess[excess < CONNECTIVITY_TOLERANCE] = 0
    connected: FloatArray = np.subtract(1, excess, out=excess)
    return connected


def _largest_component(mask: Region) -> Region:
    labels, areas = measured_pieces(mask, corners=False)
    if len(areas) < 2:
        return np.zeros(mask.shape, np.bool_)
    largest: Region = labels == 1 + int(np.argmax(areas[1:]))
    return largest


def _gaussian_and_derivative(sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # the benchmark cuts the kernel where the Gaussian's density falls to .01
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))
    x = np.arange(-half, half + 1, dtype=np.float64)
    gauss = np.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
    derivative = x * gauss / sigma**2
    return gauss / np.linalg.norm(gauss), derivative / np.linalg.norm(derivative)


def _pair(alpha: NDArray[Any], truth: NDArray[Any], region: Region | None) -> tuple[FloatArray, FloatArray]:
    if alpha.shape != truth.shape or (region is not None and region.shape != truth.shape):
        found = "" if region is None else f", region {region.shape}"
        raise UsageError(f"alphas of one shape are compared, found {alpha.shape} and {truth.shape}{found}")
    return unit_alpha(alpha), unit_alpha(truth)


def _total(values: FloatArray, region: Region | None) -> float:
    return float(np.sum(values, dtype=np.float64) if region is None else np.sum(values[region], dtype=np.float64))
