"""Joins the finished frames of a film, adds its sound and makes the receipt."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

from gigamatte import system
from gigamatte.cutout.atomic import whole_file
from gigamatte.film import animation, sticker
from gigamatte.film.cutting import FilmCutting
from gigamatte.film.film_request import FilmRequest
from gigamatte.film.formats import ANIMATED, VIDEO
from gigamatte.film.join import join
from gigamatte.film.resume import FinishedParts
from gigamatte.film.sound import Sound
from gigamatte.film.types import FilmReceipt
from gigamatte.types import ModelUse, Size


def finish(wanted: FilmRequest, kept: FinishedParts) -> tuple[str, tuple[str, ...]]:
    """Write the target, whole or not at all: (how the sound was taken along, what there is to say)."""
    form, said = wanted.plan.format, list[str]()
    sound = _sound(wanted, said)
    if form in VIDEO:
        parts = [(kept.part(number), frames) for number, frames in enumerate(kept.parts)]
        start = Fraction(repr(wanted.span.start))
        try:
            join(
                parts, kept.shown, start, form, wanted.target, base=wanted.source.header.base,
                alpha=wanted.plan.alpha, sound=sound, overwrite=wanted.overwrite,
            )  # fmt: skip
        finally:
            if sound is not None:
                sound.close()
    elif form in ANIMATED:
        _animate(wanted, kept, said)
    return "none" if sound is None else sound.how, tuple(said)


def _animate(wanted: FilmRequest, kept: FinishedParts, said: list[str]) -> None:
    form, loop = wanted.plan.format, wanted.loop
    pictures = [kept.picture(number) for number in range(kept.frames)]
    with (
        whole_file(wanted.target, overwrite=wanted.overwrite) as draft,
        os.fdopen(os.dup(draft.descriptor), "w+b") as file,
    ):
        if wanted.fits is None:
            animation.encode(form, pictures, kept.shown, file, loop=loop, quality=wanted.options.quality)
        else:
            said.append(sticker.write(form, pictures, kept.shown, file, loop=loop, most=wanted.fits[1]))


def _sound(wanted: FilmRequest, said: list[str]) -> Sound | None:
    """The source's sound, where the result can hold it; where it cannot, that is said."""
    header, plan, path = wanted.source.header, wanted.plan, wanted.source.path
    if header.sound is None or path is None:
        return None
    if plan.format not in VIDEO or plan.grey:
        why = "an alpha has none" if plan.grey else f"{plan.title} holds none"
        said.append(f"the film's sound ({header.sound}) is left out: {why}")
        return None
    sound = Sound(path, header.kind, plan.format, wanted.span)
    if sound.tracks > 1:
        said.append(f"of {sound.tracks} sound tracks the first was taken along")
    return sound


def receipt_of(
    wanted: FilmRequest,
    kept: FinishedParts,
    cutting: FilmCutting,
    *,
    size: Size,
    before: int,
    sound: str,
    seconds: float,
    noted: dict[str, Any],
    said: tuple[str, ...],
) -> FilmReceipt:
    """The receipt. ``before``: frames of an earlier run; ``noted``: network, device and warnings."""
    shown = kept.shown
    return FilmReceipt(
        input=wanted.source.header.name,
        output=str(wanted.target),
        format=wanted.plan.format,
        frames=len(shown),
        width=size.width,
        height=size.height,
        first=float(shown[0].time),
        last=float(shown[-1].time + shown[-1].duration),
        model=ModelUse(*noted["model"]) if "model" in noted else None,
        device=noted.get("device"),
        precision=noted.get("precision"),
        cuts=cutting.cuts,
        kept=before,
        sound=sound,
        seconds={"total": round(seconds, 3)},
        tiles={"done": cutting.done, "kept": cutting.kept},
        peak_rss_mb=system.peak_rss_mb(),
        warnings=tuple(dict.fromkeys((*wanted.source.header.warnings, *said, *noted.get("warnings", ())))),
    )
