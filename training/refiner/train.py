"""The training loop: a schedule in wall-clock time, averaged weights, checkpoints to resume from."""

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
from torch.utils.data import DataLoader
from training.ranks import meet, side_by_side

from .data import Walks
from .export import exported
from .lifted import lifted
from .loss import refiner_loss
from .model import Refiner, parameters
from .steps import Walk, gather
from .validate import Validation

#: Side of the square that each step keeps, in pixels of the coarser level: most of a photo has nothing to decide.
KEPT = 64


@dataclass(frozen=True)
class Plan:
    """One schedule."""

    minutes: float
    batch: int = 4
    peak_rate: float = 3e-3
    warm_up: float = 0.02
    weight_decay: float = 1e-3
    averaging: float = 0.995
    seed: int = 1
    render_share: float = 0.3
    shape: tuple[int, int, int, int] = (29, 32, 64, 2)
    #: evidence channels shown as zeros, for ablations
    hidden: tuple[int, ...] = ()
    #: processes that train side by side; their weights are averaged every ``together`` updates
    ranks: int = 1
    together: int = 20
    #: scenes to see instead of minutes to spend, so that runs on a busy machine compare; 0 counts minutes
    scenes: int = 0
    #: whether results that are worse than the classical refiner's add to the loss
    regret: bool = True
    #: no more doublings than this, the mask being enlarged before the first; 0 takes all, for ablations
    steps: int = 0

    def spent(self, seconds: float, scenes: int) -> float:
        """The share of the schedule that is over."""
        return scenes / self.scenes if self.scenes else seconds / (self.minutes * 60)

    def rate(self, spent: float) -> float:
        """Learning rate at a share ``spent`` of the time: linear warm-up, then a cosine to zero."""
        if spent < self.warm_up:
            return self.peak_rate * (0.02 + 0.98 * spent / self.warm_up)
        return self.peak_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (spent - self.warm_up) / (1 - self.warm_up))))


class Trainer:
    """Holds what a checkpoint holds: the network, its running average, the optimiser, time and scenes so far."""

    def __init__(self, plan: Plan, cache: Path, renders: Path | None, rank: int = 0) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.cache, self.renders, self.rank = plan, cache, renders, rank
        self.model = Refiner(*plan.shape).to(memory_format=torch.channels_last)
        self.running = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=plan.peak_rate, betas=(0.9, 0.99), weight_decay=plan.weight_decay
        )
        self.seconds = 0.0
        self.updates = self.scenes = 0
        self.rng = np.random.default_rng([plan.seed, 77, rank])

    def begin_from(self, model: Refiner) -> None:
        """Starts a new schedule from given weights."""
        self.model.load_state_dict(model.state_dict())
        self.running.load_state_dict(model.state_dict())

    def save(self, path: Path) -> None:
        """Writes the checkpoint; an interrupted write leaves the old one."""
        state = {
            "shape": self.plan.shape,
            "hidden": self.plan.hidden,
            "model": self.model.state_dict(),
            "running": self.running.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.seconds, self.updates, self.scenes),
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def resume(self, path: Path) -> None:
        """Continues an interrupted schedule."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.running.load_state_dict(state["running"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.updates, self.scenes = state["counters"]

    def _stream(self) -> Iterator[list[Walk]]:
        seed = [self.plan.seed, self.rank, self.scenes]
        walks = Walks(self.cache, self.plan.batch, seed, self.renders, self.plan.render_share, self.plan.steps)
        return iter(DataLoader(walks, batch_size=None, num_workers=1, prefetch_factor=4))

    def _update(self, walks: list[Walk]) -> float:
        """One walk down the levels, a loss at each; one step of the optimiser."""
        self.optimiser.zero_grad(set_to_none=True)
        count = walks[0].level
        total = 0.0
        while walks[0].level > 0:
            for walk in walks:
                walk.crop(self.rng, KEPT)
            step = gather(walks)
            raw = lifted(self.model, step, self.plan.hidden)
            prior = torch.from_numpy(step.prior) if self.plan.regret else None
            loss = refiner_loss(raw, torch.from_numpy(step.exact), torch.from_numpy(step.band), prior) / count
            loss.backward()
            total += float(loss.detach())
            for walk, alpha, inside in zip(walks, raw.detach().clamp(0, 1).numpy(), step.band, strict=True):
                walk.taken(alpha[0], inside[0] > 0)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        return total

    def run(self, checkpoint: Path, validation: Validation | None, every: float = 240.0) -> None:
        """Trains until the plan is spent; validates and writes ``checkpoint`` every ``every`` seconds.

        Only the first of several processes validates and writes.
        """
        print(f"{parameters(self.model)} parameters", flush=True)
        begun, saved, losses = time.monotonic() - self.seconds, self.seconds, []
        for walks in self._stream():
            for group in self.optimiser.param_groups:
                group["lr"] = self.plan.rate(self.plan.spent(self.seconds, self.scenes))
            losses.append(self._update(walks))
            self.updates += 1
            self.scenes += len(walks) * self.plan.ranks
            average(self.running, self.model, min(self.plan.averaging, (1 + self.updates) / (10 + self.updates)))
            self.seconds = time.monotonic() - begun
            over = self.plan.spent(self.seconds, self.scenes) >= 1
            if self.plan.ranks > 1:
                if self.updates % self.plan.together:
                    continue
                over = self._meet(over)
            if validation is not None and (self.seconds - saved > every or over):
                scores = validation.scores(self.running, self.plan.hidden)
                where = f"{self.seconds / 60:6.1f} min {self.scenes:7d} scenes loss {np.mean(losses):.4f}"
                print(f"{where} {scores}", flush=True)
                self.save(checkpoint)
                saved, losses = self.seconds, []
            if over:
                return

    def _meet(self, over: bool) -> bool:
        """Averages the weights of all processes; True when the first one's time is over."""
        ended = torch.tensor([float(over and self.rank == 0)])
        meet([*self.model.parameters(), *self.running.parameters(), ended])
        return bool(ended > 0)


@dataclass(frozen=True)
class Schedule:
    """One schedule, whole: resumes where ``checkpoint`` stopped, else begins from the weights in ``start``, if any."""

    plan: Plan
    cache: Path
    renders: Path | None
    checkpoint: Path
    every: float
    start: Path | None = None

    def run(self, port: int) -> None:
        """Runs it in the plan's number of processes."""
        side_by_side(self, self.plan.ranks, port)

    def __call__(self, rank: int) -> None:
        """One process; the first one validates and writes the checkpoint."""
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        trainer = Trainer(self.plan, self.cache, self.renders, rank)
        if self.checkpoint.is_file():
            trainer.resume(self.checkpoint)
        elif self.start is not None:
            trainer.begin_from(exported(self.start))
        validation = Validation(self.cache, self.renders, steps=self.plan.steps) if rank == 0 else None
        if validation is not None:
            print(f"guided: {validation.compared(validation.guided)}", flush=True)
        trainer.run(self.checkpoint, validation, self.every)


def average(running: Refiner, model: Refiner, keep: float) -> None:
    """Moves the running average one step towards ``model``."""
    with torch.no_grad():
        for slow, fast in zip(running.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
