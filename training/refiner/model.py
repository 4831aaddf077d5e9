"""The refiner: a small U-Net over space-to-depth evidence. Plain convolutions, so that tiles agree with each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

#: Where the two priors' sub-pixels lie in the evidence.
GUIDED, UNMIXED = slice(12, 16), slice(16, 20)


class Block(nn.Module):
    """Residual block of two 3×3 convolutions: float (N, width, row, column), same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return relu(x + self.second(relu(self.first(x))))


class Refiner(nn.Module):
    """(N, channels, row, column) at the coarser level → (N, 4, row, column): what to add to the prior's sub-pixels.

    Rows and columns are even. ``width`` is the number of maps at the coarser level, ``deep`` at half of it.
    """

    def __init__(self, channels: int = 29, width: int = 24, deep: int = 48, blocks: int = 2) -> None:
        super().__init__()
        self.shape = (channels, width, deep, blocks)
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.Conv2d(width, deep, 3, stride=2, padding=1)
        self.middle = nn.Sequential(*[Block(deep) for _ in range(blocks)])
        self.up = nn.Conv2d(deep, width, 1)
        self.after = Block(width)
        self.leave = nn.Conv2d(width, 8, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # so that an untrained network returns the prior

    def forward(self, x: Tensor) -> Tensor:
        near = relu(self.enter(x))
        wide = self.middle(relu(self.down(near)))
        lifted = interpolate(self.up(wide), scale_factor=2.0, mode="nearest")
        said = self.leave(self.after(relu(near + lifted)))
        # four sub-pixels to add, and how far each goes from the guided alpha to the unmixed one
        out: Tensor = said[:, :4] + said[:, 4:] * (x[:, UNMIXED] - x[:, GUIDED])
        return out


def parameters(model: nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in model.parameters())


def to_space(depth: Tensor) -> Tensor:
    """float (N, 4, row, column) → (N, 1, 2·row, 2·column): the inverse of evidence.to_depth for one channel."""
    return torch.nn.functional.pixel_shuffle(depth, 2)
