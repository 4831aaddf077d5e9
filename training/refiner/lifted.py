"""One step of the cascade by the network that is being trained."""

from __future__ import annotations

import torch
from torch import Tensor

from .model import Refiner, to_space
from .steps import Batch


def lifted(model: Refiner, step: Batch, hidden: tuple[int, ...] = ()) -> Tensor:
    """The network's alpha before clipping, (N, 1, row, column) at the finer level."""
    stack = torch.from_numpy(step.stack)
    if hidden:
        stack[:, list(hidden)] = 0
    stack = stack.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=model.training):
        residual = model(stack)
    return torch.from_numpy(step.prior) + torch.from_numpy(step.free) * to_space(residual.float())
