"""Cuts a film in the child process, and reports each frame to the parent."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import cv2

from gigamatte.cutout.atomic import whole_file
from gigamatte.errors import BudgetExceeded, UnsupportedInput, WriteError
from gigamatte.film.bounded import Bounded
from gigamatte.film.coding import LARGE
from gigamatte.film.film import Film
from gigamatte.film.formats import Plan, plan
from gigamatte.film.reading import open_film
from gigamatte.film.saving import PART
from gigamatte.film.types import Progress, Span
from gigamatte.remover import Remover
from gigamatte.types import Receipt, Size, Watch
from gigamatte.worker.task import FRAMES
from gigamatte.worker.wire import FilmFrame, FilmJob, FilmLook

#: Bytes for each pixel of a frame, measured at 3840×2160: frames before and after, what is being refined and encoded.
PER_PIXEL = 125
#: What an encoder holds besides, for each pixel of its frames, measured: libvpx for colours, and as much for alpha;
#: x264; ProRes. Of LARGE frames the first three take this much more than cutting, after it.
VP9, X264, PRORES, DEFERRED = 75, 140, 10, 20
#: seconds before a frame from which films are decoded to find it, and how much later its time may be
BEFORE, SLACK = 2.0, 1e-3


def cut_film(job: FilmJob, remover: Remover, memory: int, watch: Watch) -> Receipt:
    """Cut one film. ``memory``: bytes that the child may hold; ``watch`` is called after each frame.

    Raises what ``Film.save`` raises, and BudgetExceeded for frames that do not fit into the memory.
    """
    film = Film(
        job.source, remover.options, Span(job.start, job.end, job.every), remover.tools, job.hints,
        side=job.side, most=job.most,
    )  # fmt: skip
    needed = film.header.size.pixels * per_pixel(plan(remover.options, job.target), film.header.size)
    if needed > memory // 2:
        raise BudgetExceeded(
            f"{film.header.name}: frames of {film.header.size} take {needed / 1e9:.1f} GB; allowed are "
            f"{memory / 2e9:.1f}",
            "cut a smaller version of it, or allow more memory",
        )

    def report(progress: Progress) -> None:
        if job.room is not None and progress.done % PART == 0:
            _check_room(job.target, job.room)
        watch(FRAMES, min(1.0, progress.done / progress.total) if progress.total else 0.0)

    receipt = film.save(job.target, loop=job.loop, sticker=job.sticker, overwrite=job.overwrite, watch=report)
    return dataclasses.replace(receipt.as_receipt(), input=str(job.source))


def per_pixel(chosen: Plan, size: Size) -> int:
    """Bytes that cutting a film into such a result takes for each pixel of a frame."""
    encoders = {"webm": 2 * VP9 if chosen.alpha else VP9, "mp4": X264}
    if size.pixels >= LARGE:
        encoders = dict.fromkeys(encoders, DEFERRED)
    return PER_PIXEL + ({"mov": PRORES} | encoders).get(chosen.format, 0)


def look_at(look: FilmLook) -> Receipt:
    """A film's size, ``film``: its frames that are asked for (0 = not known), seconds, kind and sound.

    Raises InputError, BudgetExceeded, UsageError without PyAV.
    """
    span = Span(look.start, look.end, look.every)
    film = Bounded(open_film(look.source, max_pixels=look.max_pixels), most=look.most)
    film.refuse(span)
    header = film.header
    facts = {
        "frames": span.frames_of(header) or 0,
        "last": header.seconds,
        "format": header.kind,
        "sound": header.sound,
    }
    return Receipt(input=header.name, width=header.size.width, height=header.size.height, film=facts)


def write_frame(wanted: FilmFrame) -> Receipt:
    """Write a frame as PNG; ``film.first`` of the receipt is its own time. Raises InputError, UsageError."""
    source = open_film(wanted.source, max_pixels=wanted.max_pixels)
    found = None
    for frame in source.frames(Span(max(0.0, wanted.time - BEFORE))):
        if found is not None and frame.time > wanted.time + SLACK:
            break
        found = frame
    if found is None or isinstance(found.pixels, Path):
        raise UnsupportedInput(f"{wanted.source.name} has no frame at {wanted.time:g} s")
    with whole_file(wanted.target, overwrite=True) as draft, os.fdopen(os.dup(draft.descriptor), "wb") as file:
        turned = cv2.cvtColor(
            found.pixels, cv2.COLOR_RGBA2BGRA if found.pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
        )  # fmt: skip
        done, data = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not done:
            raise WriteError(f"{wanted.target} cannot be encoded")
        file.write(data.tobytes())
    size = Size.of(found.pixels)
    return Receipt(
        input=wanted.source.name, output=str(wanted.target), width=size.width, height=size.height,
        film={"first": float(found.time)},
    )  # fmt: skip


def _check_room(target: Path, room: int) -> None:
    # the parts lie there until the whole is written of them, which takes as much again
    parts = sum(file.stat().st_size for file in target.parent.glob(f".{target.name}.film/*"))
    if 2 * parts > room:
        raise BudgetExceeded(
            f"the film's result takes more than the {room / 1e6:.0f} MB that are kept for it",
            "cut a part of it (from, to), every n-th frame, or a smaller version",
        )
