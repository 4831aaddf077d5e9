"""The refiner's loss: errors of values, of means at four scales, and of gradients. Tensors are float32."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

#: Derivative of a Gaussian with σ = 1.4, the filter of the Grad error (Rhemann et al., 2009).
_X = torch.arange(-4, 5, dtype=torch.float32)
_SMOOTH = torch.exp(-(_X**2) / (2 * 1.4**2))
_SMOOTH = _SMOOTH / _SMOOTH.sum()
_SLOPE = _X * _SMOOTH / 1.4**2
ACROSS = torch.outer(_SMOOTH, _SLOPE)[None, None]
DOWN = torch.outer(_SLOPE, _SMOOTH)[None, None]


def gradients(alpha: Tensor) -> Tensor:
    """(N, 1, row, column) → (N, 2, row - 8, column - 8): derivatives across and down. Its backward pass is slow."""
    return torch.cat([conv2d(alpha, ACROSS), conv2d(alpha, DOWN)], 1)


def slope_size(error: Tensor) -> Tensor:
    """Gradient magnitude of ``error`` (N, 1, row, column) after three 3×3 means (σ = 1.41); 4 pixels less a side."""
    for _ in range(3):
        error = avg_pool2d(error, 3, stride=1)
    across = (error[:, :, 1:-1, 2:] - error[:, :, 1:-1, :-2]) / 2
    down = (error[:, :, 2:, 1:-1] - error[:, :, :-2, 1:-1]) / 2
    return torch.sqrt(across**2 + down**2 + 1e-6)


def coarser(error: Tensor, weight: Tensor, levels: int = 4) -> Tensor:
    """Sum of the mean absolute errors of 2×2, 4×4 … means, weighted by ``weight``; both (N, 1, row, column).

    It sees small errors over large areas. (A Laplacian pyramid says much the same at three times the cost.)
    """
    total = error.new_zeros(())
    for _ in range(levels):
        error, weight = avg_pool2d(error, 2), avg_pool2d(weight, 2)
        total = total + (error.abs() * weight).sum() / (weight.sum() + 1)
    return total


def regret(error: Tensor, before: Tensor, band: Tensor) -> Tensor:
    """Relative excess of ``error`` over that ``before`` within ``band``, 0 where smaller; mean over the pictures.

    All (N, 1, row, column); ``before`` is the error of the classical alpha.
    """
    now, then = ((e.abs() * band).sum((1, 2, 3)) / (band.sum((1, 2, 3)) + 16) for e in (error, before))
    return (torch.relu(now - then) / (then + 0.01)).mean()


def refiner_loss(raw: Tensor, exact: Tensor, band: Tensor, prior: Tensor | None = None) -> Tensor:
    """``raw`` before clipping, ``exact`` in [0, 1], ``band`` 1 where the result is used; all (N, 1, row, column).

    ``prior`` is the classical alpha: being worse than it counts once more.
    """
    clipped = raw.clamp(0, 1)
    alpha = clipped + 0.05 * (raw - clipped)  # sloped outside [0, 1] too: else no gradient there
    error = (alpha - exact) * band
    unknown = ((exact > 0.01) & (exact < 0.99)).float() * band
    known = band - unknown
    values = (error.abs() * unknown).sum() / (unknown.sum() + 16) + (error.abs() * known).sum() / (known.sum() + 16)
    inner = band[:, :, 4:-4, 4:-4]
    size = slope_size(error)
    edges = ((size + 8 * size**2) * inner).sum() / (inner.sum() + 16)
    total = values + 0.5 * coarser(error, band) + 2.0 * edges
    return total if prior is None else total + 0.5 * regret(error, prior - exact, band)
