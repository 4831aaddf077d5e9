"""Source, target and options of a film, checked before anything is decoded."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gigamatte import __version__
from gigamatte.cutout.place import refuse_existing, refuse_sources
from gigamatte.cutout.target import read_by
from gigamatte.errors import UsageError
from gigamatte.film import sticker
from gigamatte.film.formats import Plan
from gigamatte.film.hints import FilmHints
from gigamatte.film.kinds import numbered
from gigamatte.film.types import Source, Span
from gigamatte.options import Options


@dataclass(frozen=True, eq=False)
class FilmRequest:
    """``source`` in, ``target`` out; for a sequence ``target`` is its pattern. See ``Film.save`` for the others."""

    source: Source
    span: Span
    options: Options
    plan: Plan
    target: Path
    hints: FilmHints | None = None
    loop: int = 0
    fits: tuple[int, int] | None = None
    overwrite: bool = False

    @property
    def bits(self) -> int:
        """8 or 16: the depth in which frames are written."""
        return self.source.header.bits if self.plan.format in ("mov", "sequence") else 8

    @property
    def total(self) -> int | None:
        """How many frames will be cut: an estimate, None where it is not known."""
        return self.span.frames_of(self.source.header)

    @property
    def kept_in(self) -> Path:
        """The folder of frames that an interrupted run had finished."""
        return self.target.parent / f".{self.target.name}.film"

    def refuse(self) -> None:
        """Raise UsageError for what cannot be written."""
        if not 0 <= self.loop <= 65535:
            raise UsageError(f"--loop lies in 0…65535, 0 = for ever; found {self.loop}")
        if self.fits is not None:
            sticker.check(self.fits, self.plan)
        refuse_sources(self.target, self.source.path, read_by(self.options))
        if not self.target.parent.is_dir():
            raise UsageError(f"there is no folder {self.target.parent}", "make it first, or name another output")
        if self.plan.format != "sequence":
            refuse_existing(self.target, self.overwrite)
        elif not self.kept_in.exists():
            refuse_existing(numbered(self.target, 1), self.overwrite)

    def identity(self) -> dict[str, Any]:
        """Plain data that identify the run which finished frames belong to: frames of another run are not used."""
        path, span = self.source.path, self.span
        source: list[Any] = [self.source.header.name, self.source.header.frames]
        if path is not None:
            found = path.stat()
            source += [str(path.absolute()), found.st_size, found.st_mtime_ns]
        return {
            "version": __version__,
            "source": source,
            "target": self.target.name,
            "span": [span.start, span.end, span.every, span.fps],
            # but for those that change how fast it comes, not what it is
            "options": repr(dataclasses.replace(self.options, threads=0, memory=0)),
            "size": str(self.source.header.size),
            "hints": None if self.hints is None else self.hints.as_plain(),
            "fits": list(self.fits) if self.fits else None,
        }
