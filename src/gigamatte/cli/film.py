"""Finds the films among the arguments of ``cut``, and cuts them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gigamatte.cli.targets import STREAM
from gigamatte.cli.values import parse_count
from gigamatte.errors import Cancelled, UsageError
from gigamatte.hints import Point
from gigamatte.messages.translate import translate
from gigamatte.options import Options

if TYPE_CHECKING:
    from gigamatte.film.hints import FilmHints
    from gigamatte.film.types import FilmReceipt
    from gigamatte.remover import Remover

#: what an animated picture is cut into as a photo: its first frame; GIF is read as a film alone
_STILL = (".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".psd", ".psb")


@dataclass(frozen=True, slots=True)
class FilmSaid:
    """The options that are for films only."""

    start: float = 0.0
    end: float | None = None
    every: int = 1
    fps: float | None = None
    loop: int | None = None
    sticker: str | None = None

    def refuse_without_films(self) -> None:
        """Raise UsageError where something was said about films and there is none."""
        for name, default in (("start", 0.0), ("end", None), ("every", 1), ("fps", None), ("loop", None),
                              ("sticker", None)):  # fmt: skip
            if getattr(self, name) != default:
                option = {"start": "from", "end": "to"}.get(name, name)
                raise UsageError(
                    f"--{option} is for films, and none was named",
                    "a folder of pictures is one with --fps; written as JPEG, TIFF or PSD an animation is a photo",
                )

    def square(self) -> tuple[int, int] | None:
        """(side, bytes) of ``--sticker SIDE,BYTES``. Raises UsageError."""
        if self.sticker is None:
            return None
        side, _, most = self.sticker.partition(",")
        if not side.isdigit():
            raise UsageError(f"--sticker is SIDE,BYTES, such as 512,500k; found {self.sticker!r}")
        return int(side), parse_count(most or "500k", "--sticker")


def films_in(photos: Sequence[str], out: str | None, options: Options, fps: float | None) -> dict[str, str]:
    """The films among the named files, each with the default name of its result."""
    from gigamatte.film.formats import default_name
    from gigamatte.film.kinds import ANIMATIONS, is_pattern, kind_of

    found = {}
    for photo in photos:
        path = Path(photo)
        if photo in ("", STREAM):
            continue
        if path.is_dir():
            kind = "sequence" if fps is not None else None
        elif is_pattern(path.name) and not path.exists():
            kind = "sequence"
        else:
            kind = kind_of(path)
        still = options.format is not None or out == STREAM or (out or "").lower().endswith(_STILL)
        if kind is not None and not (kind in ANIMATIONS and kind != "gif" and still):
            found[photo] = default_name(path, kind)
    return found


def film_hints(keep: Sequence[str], drop: Sequence[str], file: str | None, start: float) -> FilmHints | None:
    """The hints of a file, and points that hold from the first frame on."""
    from gigamatte.film.hints import FilmHints

    if file is None and not keep and not drop:
        return None
    entries = [] if file is None else FilmHints.read(Path(file)).as_plain()
    points = {name: [dataclasses.astuple(Point.parse(text))[:2] for text in typed] for name, typed in
              (("keep", keep), ("drop", drop))}  # fmt: skip
    if keep or drop:
        first = next((entry for entry in entries if entry["time"] == start), None)
        if first is None:
            first = {"time": start}
            entries.append(first)
        for name, given in points.items():
            if given:
                first[name] = [*first.get(name, []), *given]
    return FilmHints.from_plain(entries)


def cut_film(
    remover: Remover, source: str, target: str, said: FilmSaid, hints: FilmHints | None, *, overwrite: bool, quiet: bool
) -> FilmReceipt:
    """Cut one film. Raises Cancelled on Ctrl-C, which says that a rerun goes on."""
    from gigamatte.cli.progress import film_bar

    if target == STREAM:
        raise UsageError("a film is not written to standard output", "name a file with -o")
    film = remover.film(source, start=said.start, end=said.end, every=said.every, fps=said.fps, hints=hints)
    with film_bar(not quiet) as watch:
        try:
            return film.save(target, loop=said.loop or 0, sticker=said.square(), overwrite=overwrite, watch=watch)
        except KeyboardInterrupt:
            raise Cancelled(
                "interrupted", "finished frames are kept beside the target: the same command goes on from them"
            ) from None


def report_film(receipt: FilmReceipt) -> None:
    """What was done, on stderr."""
    for warning in receipt.warnings:
        print(f"gigamatte: {translate(warning)}", file=sys.stderr)
    total = receipt.seconds.get("total", 0.0)
    rate = (receipt.frames - receipt.kept) / total if total else 0.0
    size = f"{receipt.width}×{receipt.height}"
    line = translate(
        f"{receipt.output}: 1 frame of {size} in {total:.1f} s ({rate:.1f} frames/s), sound: {receipt.sound}"
        if receipt.frames == 1
        else f"{receipt.output}: {receipt.frames} frames of {size} in {total:.1f} s "
        f"({rate:.1f} frames/s), sound: {receipt.sound}"
    )
    print(line, file=sys.stderr)
    if receipt.kept:
        line = translate(
            "1 frame was kept from an interrupted run"
            if receipt.kept == 1
            else f"{receipt.kept} frames were kept from an interrupted run"
        )
        print(line, file=sys.stderr)
