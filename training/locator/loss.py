"""The locator's loss: cross-entropy with slightly more weight on edges, plus soft overlap, at three scales."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SIDE_WEIGHTS = (1.0, 0.3, 0.2)
EDGE_STRESS = 2.0


def _at_scale(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy + (1 - soft IoU) of each picture, (N,).  Both (N, 1, s, s); target in [0, 1].

    The edge weight grows where a pixel differs from the mean of its neighbourhood (Wei et al., F3Net, 2020).
    """
    # A coarse grid, enlarged again, gives about that mean in a hundredth of the time of a sliding window.
    near = functional.avg_pool2d(target, max(2, logits.shape[-1] // 16))
    near = functional.interpolate(near, size=target.shape[-2:], mode="bilinear", align_corners=False)
    weight = 1 + EDGE_STRESS * (near - target).abs()
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    entropy = (entropy * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))
    guess = torch.sigmoid(logits)
    both = (guess * target).sum((1, 2, 3))
    either = (guess + target - guess * target).sum((1, 2, 3))
    # With the constant, a few wrong pixels in an empty picture have a small loss, and an empty answer there has none.
    slack = logits.shape[-1] ** 2 / 1000
    overlap = (both + slack) / (either + slack)
    return entropy + 1 - overlap


def locator_loss(outputs: list[Tensor], target: Tensor) -> Tensor:
    """Loss of each picture, (N,): full and side outputs, logits (N, 1, s, s), against target (N, 1, S, S) in [0, 1]."""
    total = torch.zeros(len(target), device=target.device)
    for weight, logits in zip(SIDE_WEIGHTS, outputs, strict=True):
        factor = target.shape[-1] // logits.shape[-1]
        small = functional.avg_pool2d(target, factor) if factor > 1 else target
        total = total + weight * _at_scale(logits.float(), small)
    return total
