"""Training in several processes of one thread each: on a busy machine threads that wait for each other lose half."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import torch
from torch import distributed
from torch.multiprocessing import spawn

from .export import exported
from .train import Plan, Trainer
from .validate import Validation


def train(
    plan: Plan, cache: Path, renders: Path | None, checkpoint: Path, every: float, port: int, start: Path | None = None
) -> None:
    """Runs the whole schedule; resumes if the checkpoint is there already."""
    if plan.ranks == 1:
        train_rank(0, plan, cache, renders, checkpoint, every, port, start)
    else:
        spawn(train_rank, (plan, cache, renders, checkpoint, every, port, start), plan.ranks)


def train_rank(
    rank: int,
    plan: Plan,
    cache: Path,
    renders: Path | None,
    checkpoint: Path,
    every: float,
    port: int,
    start: Path | None,
) -> None:
    """One process; the first one validates and writes the checkpoint."""
    if plan.ranks > 1:
        os.setsid()  # Linux shares processors among sessions first: the ranks must not halve each other's part
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if plan.ranks > 1:
        meeting = f"tcp://127.0.0.1:{port}"
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.ranks)
    trainer = Trainer(plan, cache, renders, rank)
    if checkpoint.is_file():
        trainer.resume(checkpoint)
    elif start is not None:
        trainer.begin_from(exported(start))
    validation = Validation(cache, renders, steps=plan.steps) if rank == 0 else None
    if validation is not None:
        print(f"guided: {validation.compared(validation.guided)}", flush=True)
    trainer.run(checkpoint, validation, every)
