"""Measures the gain of each part of the recipe: variants trained alike on as many scenes, judged on the same ones."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from .model import parameters
from .train import Plan, Trainer
from .validate import Validation

#: These start from random weights, so without the regret term: see "regret at once".
BASE = Plan(0, batch=8, shape=(29, 32, 64, 2), regret=False)
#: Evidence channels: guided 12-15, unmixed 16-19, mask 20, sure colours and their difference 21-27, blur 28.
PRIORS, COLOURS = tuple(range(12, 20)), (*range(16, 20), *range(21, 28))
VARIANTS: dict[str, Plan] = {
    "as shipped": BASE,
    "priors hidden": replace(BASE, hidden=tuple(sorted({*PRIORS, *COLOURS}))),
    "one jump": replace(BASE, steps=1),
    "drawn scenes only": replace(BASE, render_share=0.0),
    "50 k parameters": replace(BASE, shape=(29, 16, 32, 2)),
    "400 k parameters": replace(BASE, shape=(29, 46, 92, 2)),
    "regret at once": replace(BASE, regret=True),
    "two steps": replace(BASE, steps=2),
    "rendered scenes only": replace(BASE, render_share=1.0),
    "100 k parameters": replace(BASE, shape=(29, 22, 46, 2)),
    "sure colours hidden": replace(BASE, hidden=COLOURS),
}
#: Held-out scenes to judge on.
JUDGED = 72


def compare(cache: Path, renders: Path, scenes: int, only: list[str]) -> None:
    """Prints a row per variant, in Markdown."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    judge = Validation(cache, renders, count=JUDGED)
    print(f"guided alone: {judge.compared(judge.guided)}", flush=True)
    print("| variant | parameters | SAD | Grad | better in both | ms a scene |\n|---|---|---|---|---|---|", flush=True)
    for name in only or VARIANTS:
        plan = replace(VARIANTS[name], scenes=scenes)
        trainer = Trainer(plan, cache, renders)
        begun = time.process_time()
        trainer.run(cache / f"ablation-{name.replace(' ', '-')}.pt", None)
        spent = (time.process_time() - begun) / trainer.scenes * 1000
        judge.steps = plan.steps
        scores = judge.scores(trainer.running, plan.hidden)
        row = (name, parameters(trainer.model), *np.round([scores.sad, scores.grad], 3), f"{scores.better:.0%}")
        print(f"| {' | '.join(map(str, row))} | {spent:.0f} |", flush=True)
