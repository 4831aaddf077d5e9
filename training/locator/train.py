"""The training loop: a schedule in wall-clock time, an averaged copy of the weights, checkpoints to resume from.

Learning rate and picture size follow the share of the time budget that is spent, so the same command gives a complete
schedule on a slow or a busy machine.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from training.ranks import meet, side_by_side

from .compose import Studio, training_picture
from .export import read_weights, settle
from .loss import locator_loss
from .model import Locator

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


@dataclass(frozen=True)
class Plan:
    """One schedule: `phases` is (share of the time, picture side, batch) in order; shares sum to 1."""

    minutes: float
    phases: tuple[tuple[float, int, int], ...] = ((0.6, 224, 24), (0.4, 320, 16))
    peak_rate: float = 2e-3
    warm_up: float = 0.03
    weight_decay: float = 0.02
    averaging: float = 0.999
    seed: int = 1
    real_share: float | None = None
    times: int = 3
    #: processes that train side by side; their weights are averaged every ``together`` updates
    ranks: int = 1
    together: int = 20

    def rate(self, spent: float) -> float:
        """Learning rate at a share `spent` of the time: linear warm-up, then a cosine to zero."""
        if spent < self.warm_up:
            return self.peak_rate * (0.02 + 0.98 * spent / self.warm_up)
        return self.peak_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (spent - self.warm_up) / (1 - self.warm_up))))

    def phase(self, spent: float) -> tuple[int, int]:
        """(picture side, batch) at a share `spent` of the time."""
        until = 0.0
        for share, size, batch in self.phases:
            until += share
            if spent < until:
                return size, batch
        return self.phases[-1][1:]


class Pictures(IterableDataset[NDArray[np.uint8]]):
    """An endless, seeded stream of batches, uint8 (N, S, S, RGB + alpha)."""

    def __init__(
        self, cache: Path, sources: tuple[str, ...], size: int, batch: int, seed: list[int], share: float | None
    ):
        self.cache, self.sources = cache, sources
        self.size, self.batch, self.seed, self.share = size, batch, seed, share

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        cv2.setNumThreads(1)
        studio = Studio.open(self.cache, self.sources, held_out=False)
        number = 0
        while True:
            rngs = [np.random.default_rng([*self.seed, number + i]) for i in range(self.batch)]
            number += self.batch
            yield np.stack([training_picture(rng, studio, self.size, self.share) for rng in rngs])


def to_tensors(batch: Tensor) -> tuple[Tensor, Tensor]:
    """uint8 (N, S, S, 4) -> normalised pixels (N, 3, S, S) channels last, and target (N, 1, S, S) in [0, 1]."""
    scaled = batch.permute(0, 3, 1, 2).float() / 255
    return (scaled[:, :3] - MEAN) / STD, scaled[:, 3:].contiguous()


def rehearse(stream: Iterator[Tensor], times: int, generator: torch.Generator, held: int = 1024) -> Iterator[Tensor]:
    """Shows every picture about `times` times, far apart: batches drawn from the `held` newest pictures.

    Composing a picture costs nearly as much as learning from it, so showing each once would waste half the machine.
    """
    store: Tensor | None = None
    filled = at = 0
    while True:
        fresh = next(stream)
        if times == 1:
            yield fresh
            continue
        if store is None:
            store = torch.empty(held, *fresh.shape[1:], dtype=torch.uint8)
        count = len(fresh)
        store[at : at + count] = fresh[: held - at]
        at, filled = (at + count) % held, max(filled, min(held, at + count))
        yield fresh
        for _ in range(times - 1):
            yield store[torch.randint(filled, (count,), generator=generator)]


def vary(pixels: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mirrors half the pictures and changes their exposure and colour a little, so that none is seen twice alike."""
    count = len(pixels)
    mirrored = torch.rand(count, generator=generator) < 0.5
    pixels[mirrored], target[mirrored] = pixels[mirrored].flip(3), target[mirrored].flip(3)
    gain = torch.exp(0.08 * torch.randn(count, 3, 1, 1, generator=generator))
    lift = 0.15 * torch.randn(count, 1, 1, 1, generator=generator)
    return pixels * gain + lift, target


def average(running: Locator, model: Locator, keep: float) -> None:
    """Moves the running average of weights and batch-norm statistics one step towards `model`."""
    with torch.no_grad():
        pairs = list(zip(running.state_dict().values(), model.state_dict().values(), strict=True))
        floats = [(slow, fast) for slow, fast in pairs if slow.dtype.is_floating_point]
        # One call for all of them: there are three hundred, most of them tiny.
        torch._foreach_lerp_([slow for slow, _ in floats], [fast for _, fast in floats], 1 - keep)
        for slow, fast in pairs:
            if not slow.dtype.is_floating_point:
                slow.copy_(fast)


class Trainer:
    """Holds what a checkpoint holds: the network, its running average, the optimiser, time and pictures so far."""

    def __init__(self, plan: Plan, cache: Path, sources: tuple[str, ...], compiled: bool, rank: int = 0) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.cache, self.sources, self.rank = plan, cache, sources, rank
        self.model = Locator().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.running = copy.deepcopy(self.model).eval()
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.peak_rate, fused=True)
        self.generator = torch.Generator().manual_seed(plan.seed + rank)
        self.forward = torch.compile(self.model, dynamic=False) if compiled else self.model
        # Counted so far, and since this process last met the others.
        self.seconds = self.unmet = 0.0
        self.steps = 0
        # Of this schedule, and of the schedules that its starting weights came from.
        self.pictures, self.earlier = 0, 0

    def begin_from(self, model: Locator, pictures: int) -> None:
        """Starts a new schedule from given weights; those of an exported file must be settled first."""
        self.model.load_state_dict(model.state_dict())
        self.running.load_state_dict(model.state_dict())
        self.earlier = pictures

    def save(self, path: Path) -> None:
        """Writes the checkpoint; an interrupted write leaves the old one."""
        state = {
            "model": self.model.state_dict(),
            "running": self.running.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.seconds, self.steps, self.pictures, self.earlier),
            "sources": self.sources,
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def resume(self, path: Path) -> None:
        """Continues an interrupted schedule where its checkpoint was written."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.running.load_state_dict(state["running"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.steps, self.pictures, self.earlier = state["counters"]

    def _stream(self, size: int, batch: int) -> Iterator[Tensor]:
        seed = [self.plan.seed, self.earlier + self.pictures, *([self.rank] if self.rank else [])]
        dataset = Pictures(self.cache, self.sources, size, batch, seed, self.plan.real_share)
        stream = iter(DataLoader(dataset, batch_size=None, num_workers=1, prefetch_factor=6))
        return rehearse(stream, self.plan.times, self.generator)

    def _step(self, batch: Tensor) -> float:
        pixels, target = vary(*to_tensors(batch), self.generator)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.forward(pixels)
        loss = locator_loss(outputs, target)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        average(self.running, self.model, min(self.plan.averaging, (1 + self.steps) / (10 + self.steps)))
        return float(loss.detach())

    def run(self, checkpoint: Path, every: float = 60.0) -> None:
        """Trains until the plan's time is spent; writes `checkpoint` every `every` seconds and at the end.

        Only the first of several processes tells and writes.
        """
        self.model.train()
        budget = self.plan.minutes * 60
        shape: tuple[int, int] | None = None
        saved, losses = self.seconds, []
        while self.seconds < budget:
            begin = time.monotonic()
            spent = self.seconds / budget
            if self.plan.phase(spent) != shape:
                shape = self.plan.phase(spent)
                stream = self._stream(*shape)
            for group in self.optimiser.param_groups:
                group["lr"] = self.plan.rate(spent)
            losses.append(self._step(next(stream)))
            self.pictures += shape[1] * self.plan.ranks
            # A suspended machine must not eat the schedule: one step counts at most 60 s.
            self.unmet += min(60.0, time.monotonic() - begin)
            if self.plan.ranks > 1 and self.steps % self.plan.together:
                continue
            self._meet()
            if self.steps % 100 == 0 and self.rank == 0:
                rate = self.plan.rate(spent)
                print(
                    f"{time.strftime('%H:%M:%S')} {self.seconds / 60:6.1f} min  step {self.steps}  pictures "
                    f"{self.earlier + self.pictures}  side {shape[0]}  rate {rate:.5f}  loss {np.mean(losses):.4f}",
                    flush=True,
                )
                losses = []
            if self.seconds - saved > every and self.rank == 0:
                self.save(checkpoint)
                saved = self.seconds
        if self.rank == 0:
            self.save(checkpoint)

    def _meet(self) -> None:
        """Counts the time since the last meeting; all processes go on with the mean of their weights and times."""
        unmet = torch.tensor([self.unmet])
        if self.plan.ranks > 1:
            states = [*self.model.state_dict().values(), *self.running.state_dict().values()]
            meet([*(value for value in states if value.dtype.is_floating_point), unmet])
        self.seconds += float(unmet)
        self.unmet = 0.0


@dataclass(frozen=True)
class Schedule:
    """One schedule, whole: resumes where ``checkpoint`` stopped, else begins from the weights in ``start``, if any."""

    plan: Plan
    cache: Path
    sources: tuple[str, ...]
    checkpoint: Path
    start: Path | None = None
    compiled: bool = False
    threads: int = 1

    def run(self, port: int) -> None:
        """Runs it in the plan's number of processes."""
        side_by_side(self, self.plan.ranks, port)

    def __call__(self, rank: int) -> None:
        """One process; the first one tells and writes the checkpoint."""
        torch.set_num_threads(self.threads)
        trainer = Trainer(self.plan, self.cache, self.sources, self.compiled, rank)
        if self.checkpoint.is_file():
            trainer.resume(self.checkpoint)
        elif self.start is not None:
            trainer.begin_from(*self._begin(self.start))
        trainer.run(self.checkpoint)

    def _begin(self, start: Path) -> tuple[Locator, int]:
        """The weights in ``start`` and the pictures that they were trained on."""
        model, pictures = read_weights(start)
        if start.suffix == ".onnx":
            side = self.plan.phases[0][1]
            stream = Pictures(self.cache, self.sources, side, 16, [self.plan.seed, 0], self.plan.real_share)
            batches = iter(DataLoader(stream, batch_size=None))
            settle(model, [to_tensors(next(batches))[0] for _ in range(8)])
        return model, pictures
