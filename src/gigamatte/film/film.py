"""A film that is to be cut: its frames one after another, or all of them into a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gigamatte.film.bounded import Bounded
from gigamatte.film.cutting import FilmCutting, check_options
from gigamatte.film.film_request import FilmRequest
from gigamatte.film.formats import plan
from gigamatte.film.hints import FilmHints
from gigamatte.film.reading import open_film
from gigamatte.film.saving import FilmSaving
from gigamatte.film.types import FilmReceipt, FilmWatch, Header, Moment, Span
from gigamatte.options import Options
from gigamatte.thread_exit import native_work, watched
from gigamatte.tools import Tools


class Film:
    """The frames of ``source`` that ``span`` names, to be cut with ``options``.

    Iterating gives ``(time, cutout)`` of each frame, in order; the time is the source's own, in seconds. A cutout holds
    its frame until it is closed or forgotten. Each iteration and each ``save`` begins anew.

    ``side``: frames are shrunk to this longer side, for a quick look. ``most``: pixels of all frames together.

    Raises InputError, BudgetExceeded, UsageError; iterating raises NetworkUnavailable too.
    """

    def __init__(
        self,
        source: str | Path,
        options: Options,
        span: Span,
        tools: Tools,
        hints: FilmHints | Sequence[Mapping[str, Any]] | None = None,
        *,
        side: int | None = None,
        most: int | None = None,
    ) -> None:
        check_options(options)
        self._options, self._tools, self._span = options, tools, span
        if hints is not None and not isinstance(hints, FilmHints):
            hints = FilmHints.from_plain(list(hints))
        self._hints = hints
        with native_work():
            self._source = open_film(source, fps=span.fps, max_pixels=options.max_pixels)
            if side is not None or most is not None:
                bounded = Bounded(self._source, side=side, most=most)
                bounded.refuse(span)
                self._source = bounded

    @property
    def header(self) -> Header:
        """Size, rate, number of frames and what else is known before anything is decoded."""
        return self._source.header

    def __iter__(self) -> Iterator[Moment]:
        cutting = self._cutting()
        nobody = watched(None)
        for frame in self._source.frames(self._span):
            yield Moment(float(frame.time), cutting.cut(frame, nobody))

    def save(
        self,
        target: str | Path,
        *,
        loop: int = 0,
        sticker: tuple[int, int] | None = None,
        overwrite: bool = False,
        watch: FilmWatch | None = None,
    ) -> FilmReceipt:
        """Cut all frames into ``target``: WebM, MOV, MP4, WebP, APNG, GIF, AVIF, or a sequence like shot_%05d.png.

        ``loop``: how often an animated picture is played, 0 = for ever. ``sticker``: (side in pixels, bytes): fitted
        into a square of that side, frames and quality lowered until it has no more bytes. An interrupted run goes on
        from the frames that it had finished. Raises UsageError, WriteError, NoSubject, and what ``watch`` raises.
        """
        with native_work():
            chosen = plan(self._options, Path(target))
            wanted = FilmRequest(
                self._source, self._span, self._options, chosen, chosen.pattern or Path(target),
                self._hints, loop, sticker, overwrite,
            )  # fmt: skip
            return FilmSaving(wanted, self._cutting(), watch).run()

    def _cutting(self) -> FilmCutting:
        hints = None if self._hints is None else FilmHints.from_plain(self._hints.as_plain())
        return FilmCutting(self._options, self._tools, hints)

    def __repr__(self) -> str:
        header = self.header
        return f"<Film {header.name}: {header.size} pixels, {header.frames or '?'} frames>"
