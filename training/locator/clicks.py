"""Simulates a person's clicks: first clicks on the meant subject, then one more where the answer is wrong.

As in RITM (Sofiiuk et al., 2021), but in one batch on the device: a click lies well inside a region, not at its exact
middle. All arrays are (N, 1, S, S); a click is a disc of ``RADIUS`` of the side, as the product draws it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .compose import BEHIND

RADIUS = 0.02
#: chances of a first and a second click to keep, and to drop
KEEP, DROP = (0.95, 0.3), (0.35, 0.15)
#: share of the pictures with several subjects of which one is meant, and of clicks to drop that go to another subject
ONE, OTHER = 0.7, 0.7
#: share of the pictures whose first clicks come without an earlier answer
FRESH = 0.4


def spot(region: Tensor) -> tuple[Tensor, Tensor]:
    """One place well inside each region of zeros and ones: (N, 2) x, y in pixels, and (N,) whether there is one."""
    factor = max(1, region.shape[-1] // 64)
    small = functional.avg_pool2d(region, factor)
    inner = functional.avg_pool2d(small, 5, 1, 2)
    weight = ((small > 0.99).float() * inner**4 + 1e-4 * (small > 0.5).float()).flatten(1)
    at = torch.multinomial(weight + 1e-9, 1)[:, 0]
    side = small.shape[-1]
    return torch.stack([(at % side + 0.5) * factor, (at // side + 0.5) * factor], 1), weight.sum(1) > 1e-6


def disc(at: Tensor, there: Tensor, side: int) -> Tensor:
    """Discs around the places ``at`` (N, 2), nothing where ``there`` (N,) is false: (N, 1, side, side)."""
    centre = torch.arange(side, device=at.device) + 0.5
    away = (centre[None, None, :] - at[:, 0, None, None]) ** 2 + (centre[None, :, None] - at[:, 1, None, None]) ** 2
    return ((away < (RADIUS * side) ** 2) & there[:, None, None]).float()[:, None]


def meant(target: Tensor, numbers: Tensor) -> Tensor:
    """The target that a person means: of several subjects often one, also a blurred one that does not count as one."""
    count, _, side, _ = target.shape
    at, there = spot((numbers > 0).float())
    column, row = at.long().clamp(0, side - 1).unbind(1)
    number = numbers[torch.arange(count), 0, row, column].view(-1, 1, 1, 1)
    one = ((torch.rand(count, device=target.device) < ONE) & there).view(-1, 1, 1, 1) & (number > 0)
    own = (numbers == number).float()
    return torch.where(one, torch.where(number == BEHIND, own, target * own), target)


def first_clicks(target: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """(keep, drop): clicks in the ``target`` and beside it, there mostly on other subjects."""
    count, _, side, _ = target.shape
    sure, nothing = (target > 0.9).float(), (target < 0.1).float()
    others = (numbers > 0).float() * nothing
    keep, drop = torch.zeros_like(target), torch.zeros_like(target)
    for keeping, dropping in zip(KEEP, DROP, strict=True):
        at, there = spot(sure)
        there &= torch.rand(count, device=target.device) < keeping
        keep = torch.maximum(keep, disc(at, there, side) * sure)
        on_other = (torch.rand(count, device=target.device) < OTHER) & (others.sum((1, 2, 3)) > 0)
        at, there = spot(torch.where(on_other.view(-1, 1, 1, 1), others, nothing))
        there &= torch.rand(count, device=target.device) < dropping
        drop = torch.maximum(drop, disc(at, there, side) * nothing)
    return keep, drop


def next_click(answer: Tensor, target: Tensor, keep: Tensor, drop: Tensor) -> tuple[Tensor, Tensor]:
    """(keep, drop) with one click more, in the larger of the missed region and the wrongly found one."""
    side = target.shape[-1]
    missed, extra = ((answer < 0.5) & (target > 0.9)).float(), ((answer > 0.5) & (target < 0.1)).float()
    more = missed.sum((1, 2, 3)) >= extra.sum((1, 2, 3))
    at, there = spot(missed)
    keep = torch.maximum(keep, disc(at, there & more, side) * (target > 0.9))
    at, there = spot(extra)
    return keep, torch.maximum(drop, disc(at, there & ~more, side) * (target < 0.1))


def earlier(answer: Tensor) -> Tensor:
    """The earlier answer that is an input beside the first clicks; zeros for some pictures."""
    fresh = torch.rand(len(answer), 1, 1, 1, device=answer.device) < FRESH
    return torch.where(fresh, torch.zeros_like(answer), answer)
