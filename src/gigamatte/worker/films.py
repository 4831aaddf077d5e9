"""A film, cut in the child: frame by frame, each of which is told to the parent."""

from __future__ import annotations

import dataclasses

from gigamatte.errors import BudgetExceeded
from gigamatte.film.film import Film
from gigamatte.film.types import Progress, Span
from gigamatte.remover import Remover
from gigamatte.types import Receipt, Watch
from gigamatte.worker.task import FRAMES
from gigamatte.worker.wire import FilmJob

#: bytes for each pixel of a frame: the frame before, the next one, those that are being encoded, and their alphas
PER_PIXEL = 70


def cut_film(job: FilmJob, remover: Remover, memory: int, watch: Watch) -> Receipt:
    """Cut one film. ``memory``: bytes that the child may hold; ``watch`` is called after each frame.

    Raises what ``Film.save`` raises, and BudgetExceeded for frames that do not fit into the memory.
    """
    film = Film(
        job.source, remover.options, Span(job.start, job.end, job.every), remover.tools, job.hints,
        side=job.side, most=job.most,
    )  # fmt: skip
    needed = film.header.size.pixels * PER_PIXEL
    if needed > memory // 2:
        raise BudgetExceeded(
            f"{film.header.name}: frames of {film.header.size} take {needed / 1e9:.1f} GB; allowed are "
            f"{memory / 2e9:.1f}",
            "cut a smaller version of it, or allow more memory",
        )

    def told(progress: Progress) -> None:
        watch(FRAMES, min(1.0, progress.done / progress.total) if progress.total else 0.0)

    receipt = film.save(job.target, overwrite=job.overwrite, watch=told)
    return dataclasses.replace(receipt.as_receipt(), input=str(job.source))
