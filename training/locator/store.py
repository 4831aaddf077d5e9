"""Composed pictures, kept on the device that trains: workers fill the store, batches are drawn from it and varied.

Composing a picture takes as long as a training step on it, so each is used several times, each time varied anew; those
that are answered worst are drawn most often, within bounds (as in Shrivastava et al., 2016, who pick examples by loss).
"""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, multiprocessing
from torch.nn import functional

from .compose import Studio, training_picture

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: pictures that a worker sends at a time, and that must be there before training begins
TOGETHER, ENOUGH = 8, 64
#: how often a picture is drawn goes by its newest loss, from the smallest to the largest of these; new ones first
SMALLEST, LARGEST = 0.15, 1.0


def compose_for_ever(
    cache: Path, sources: tuple[str, ...], side: int, seed: list[int], pictures: multiprocessing.Queue[Tensor]
) -> None:
    """A worker: puts uint8 (TOGETHER, side, side, RGB + alpha + number) into the queue until it is ended."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    os.nice(5)
    studio = Studio.open(cache, sources, held_out=False)
    number = 0
    while True:
        rngs = [np.random.default_rng([*seed, number + i]) for i in range(TOGETHER)]
        number += TOGETHER
        pictures.put(torch.from_numpy(np.stack([training_picture(rng, studio, side) for rng in rngs])))


class Store:
    """The newest ``size`` pictures of ``side``, uint8 on ``device``; ``workers`` processes compose them.

    At most ``size`` pictures are composed ahead of one for every ``uses`` that were drawn: on a machine of few cores
    more would only delay the training.
    """

    def __init__(
        self,
        cache: Path,
        sources: tuple[str, ...],
        *,
        side: int,
        size: int,
        workers: int,
        seed: int,
        device: str,
        uses: int = 1,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        multiprocessing.set_sharing_strategy("file_system")
        self.side, self.size, self.device, self.uses = side, size, device, uses
        self.made = self.shown = 0
        self._pictures = torch.empty(size, side, side, 5, dtype=torch.uint8, device=device)
        self._chances = torch.full((size,), LARGEST, device=device)
        self._queue: multiprocessing.Queue[Tensor] = context.Queue(max(4, workers))
        for number in range(workers):
            arguments = (cache, sources, side, [seed, number], self._queue)
            context.Process(target=compose_for_ever, args=arguments, daemon=True).start()
        threading.Thread(target=self._fill, daemon=True).start()
        while self.made < min(ENOUGH, size):
            time.sleep(0.1)

    def _fill(self) -> None:
        while True:
            if self.made > self.size + self.shown // self.uses:
                time.sleep(0.2)
                continue
            try:
                batch = self._queue.get(timeout=2)
            except queue.Empty:
                continue
            at = self.made % self.size
            count = min(len(batch), self.size - at)
            self._pictures[at : at + count] = batch[:count].to(self.device)
            self._chances[at : at + count] = LARGEST
            self.made += count

    def draw(self, side: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """``count`` pictures at ``side``, see ``varied``; ``answered`` tells what became of them."""
        self._drawn = torch.multinomial(self._chances[: min(self.made, self.size)], count)
        self.shown += count
        return varied(self._pictures[self._drawn], side)

    def answered(self, losses: Tensor) -> None:
        """Takes the losses (N,) of the pictures that were drawn last: those with large ones come again sooner."""
        self._chances[self._drawn] = losses.detach().clamp(SMALLEST, LARGEST)


def normalised(pixels: Tensor) -> Tensor:
    """RGB in [0, 1], (N, 3, S, S), as the network takes it."""
    mean, std = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (pixels - mean) / std


def _windows(count: int, device: torch.device) -> Tensor:
    """Affine matrices (N, 2, 3): a window of .65…1 of the picture or all of it, half of them mirrored."""

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count, device=device).uniform_(low, high)

    across = uniform(0.72, 1.0)
    down = (across * uniform(0.85, 1.15)).clamp(0.65, 1)
    whole = uniform(0, 1) < 0.35
    across, down = torch.where(whole, 1.0, across), torch.where(whole, 1.0, down)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    matrix = torch.zeros(count, 2, 3, device=device)
    matrix[:, 0, 0], matrix[:, 1, 1] = across * mirror, down
    matrix[:, 0, 2], matrix[:, 1, 2] = (1 - across) * uniform(-1, 1), (1 - down) * uniform(-1, 1)
    return matrix


def varied(batch: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """uint8 (N, S, S, 5) -> normalised pixels, target in [0, 1] and subjects' numbers, (N, 3 | 1 | 1, side, side).

    A window, a mirror image, half the sharpness, noise, exposure and colour: drawn anew each time.
    """
    count, device = len(batch), batch.device
    planes = batch.permute(0, 3, 1, 2)
    grid = functional.affine_grid(_windows(count, device), [count, 4, side, side], align_corners=False)
    sampled = {"padding_mode": "reflection", "align_corners": False}
    numbers = functional.grid_sample(planes[:, 4:].float(), grid, mode="nearest", **sampled).round()
    colours = planes[:, :4].float() / 255
    if side < colours.shape[-1]:
        colours = functional.interpolate(colours, size=(side, side), mode="bilinear", antialias=True)
    colours = functional.grid_sample(colours, grid, mode="bilinear", **sampled)
    pixels, target = colours[:, :3], colours[:, 3:].clamp(0, 1)
    half = functional.interpolate(pixels, scale_factor=0.5, mode="bilinear", align_corners=False)
    softened = functional.interpolate(half, size=(side, side), mode="bilinear", align_corners=False)
    pixels = torch.where(torch.rand(count, 1, 1, 1, device=device) < 0.15, softened, pixels)
    noise = torch.empty(count, 1, 1, 1, device=device).uniform_(0, 0.02)
    pixels = normalised(pixels + torch.randn_like(pixels) * noise)
    gain = torch.exp(0.08 * torch.randn(count, 3, 1, 1, device=device))
    return pixels * gain + 0.15 * torch.randn(count, 1, 1, 1, device=device), target, numbers
