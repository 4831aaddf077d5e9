"""The query of a film, which mirrors ``gigamatte cut``, becomes what a job keeps: Options, and the rest."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from gigamatte.cutout.backdrop import names_no_file
from gigamatte.errors import UsageError
from gigamatte.film.formats import plan
from gigamatte.film.hints import FilmHints
from gigamatte.film.sticker import check
from gigamatte.film.types import Span
from gigamatte.hints import Hints
from gigamatte.options import Kind, Options, Refine
from gigamatte.service.options import asked, parse_box, served
from gigamatte.service.record import Record
from gigamatte.service.settings import Settings
from gigamatte.types import Receipt
from gigamatte.worker.wire import FilmJob, pack_options, unpack_options

Format = Literal["webm", "mov", "mp4", "webp", "apng", "gif", "avif"]
MEDIA: dict[str, str] = {
    "webm": "video/webm", "mov": "video/quicktime", "mp4": "video/mp4", "webp": "image/webp", "apng": "image/apng",
    "gif": "image/gif", "avif": "image/avif",
}  # fmt: skip
FORMATS: tuple[str, ...] = get_args(Format)
#: the part that is the film, and its file
FILM = "film"
#: bytes that are kept for each pixel of all frames: the result and the parts that it is written of
ROOM = {"webm": 1.2, "mp4": 1.2, "mov": 8.0}
ROOM_ELSE = 8.0
#: bytes for heads, and for the preview
EXTRA = 8 << 20
#: seconds of a film that are shown first, and the longer side that they have
PREVIEW_SECONDS, PREVIEW_SIDE = 1.0, 640


class FilmQuery(BaseModel):
    """How to cut a film; every field has a default. The same words and meanings as the options of ``gigamatte cut``."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    format: Format = Field("webm", description="file format; mp4 has no alpha and needs a background")
    model: str = asked("model", "one of the names that GET /about lists", examples=["auto"], max_length=64)
    only: Literal["cutout", "alpha"] = Field("cutout", description="the cutout, or its alpha as a grey film")
    background: str | None = asked(
        "background", "a colour, green, a gradient, or blur[:PERCENT]: what the subject is laid on", max_length=512,
        examples=["white", "green", "blur"],
    )  # fmt: skip
    quality: int | None = asked("quality")
    refine: Refine = asked("refine")
    kind: Kind = asked("kind")
    ignore_alpha: bool = asked("ignore_alpha")
    box: str | None = asked("box", pattern=r"^\d{1,7},\d{1,7},\d{1,7},\d{1,7}$", examples=["0,0,640,480"])
    keep_empty: bool = asked("keep_empty", "return a film without a subject instead of failing")
    start: Annotated[float, Field(alias="from", ge=0, le=1e6, description="where to begin, in seconds")] = 0.0
    end: Annotated[float | None, Field(alias="to", gt=0, le=1e6, description="where to end, in seconds")] = None
    every: int = Field(1, ge=1, le=10_000, description="every n-th frame only")
    loop: int = Field(0, ge=0, le=65_535, description="how often an animated picture plays, 0 = for ever")
    sticker: str | None = Field(
        None, pattern=r"^\d{1,4},\d{1,10}$", examples=["512,500000"],
        description="an animated picture of this side, in so many bytes",
    )  # fmt: skip
    hints: str | None = Field(
        None, description="entries of places that were pointed at, as JSON, each with its time in seconds",
        max_length=64_000, examples=['[{"time": 0, "keep": [[812, 640]]}]'],
    )  # fmt: skip

    def kept(self, settings: Settings, entries: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """The plain JSON a job stores; ``entries`` are hints, in place of the query's. Raises UsageError."""
        span, sticker = Span(self.start, self.end, self.every), self._square()
        options = self._options(settings)
        chosen = plan(options, Path(f"result.{self.format}"))
        if sticker is not None:
            check(sticker, chosen)
        hints = entries if entries is not None else self._hints()
        film = {
            "format": self.format, "start": span.start, "end": span.end, "every": span.every, "loop": self.loop,
            "sticker": sticker, "hints": hints,
        }  # fmt: skip
        return pack_options(options) | {"film": film}

    def _options(self, settings: Settings) -> Options:
        background = self.background
        if background is not None and background != "green" and not names_no_file(background):
            raise UsageError(
                f"background is a colour such as white or #ff00ff, green, a gradient, or blur; found {background!r}"
            )
        return Options(
            model=served(self.model, settings), only=self.only, background=background, quality=self.quality,
            refine=self.refine, kind=self.kind, ignore_alpha=self.ignore_alpha, box=parse_box(self.box),
            keep_empty=self.keep_empty, device=settings.device, threads=settings.threads,
            max_pixels=settings.max_pixels,
        )  # fmt: skip

    def _square(self) -> tuple[int, int] | None:
        if self.sticker is None:
            return None
        side, _, most = self.sticker.partition(",")
        return int(side), int(most)

    def _hints(self) -> list[dict[str, Any]] | None:
        if self.hints is None:
            return None
        try:
            return FilmHints.from_plain(json.loads(self.hints)).as_plain()
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the hints are no JSON: {error}") from error


def film_of(record: Record) -> Mapping[str, Any] | None:
    """What a job stores about its film; None for a photo's job."""
    found: Mapping[str, Any] | None = record.options.get("film")
    return found


def result_of(home: Path, film: Mapping[str, Any]) -> Path:
    """The file of the result: its suffix tells the format."""
    return home / f"result.{film['format']}"


def work_of(record: Record, home: Path, settings: Settings) -> tuple[FilmJob, FilmJob]:
    """(the preview, the whole) of a film's job."""
    film = film_of(record)
    assert film is not None
    options = unpack_options({name: value for name, value in record.options.items() if name != "film"})
    start, end = film["start"], film["end"]
    sticker = None if film["sticker"] is None else (film["sticker"][0], film["sticker"][1])
    most = round(settings.film_megapixels * 1e6)
    whole = FilmJob(
        home / FILM, result_of(home, film), options, film["hints"], start, end, film["every"], most=most,
        room=film.get("room"), loop=film["loop"], sticker=sticker, overwrite=True,
    )  # fmt: skip
    soon, scale = start + PREVIEW_SECONDS, min(1.0, PREVIEW_SIDE / max(film["size"]))
    shown = Options(**{name: getattr(options, name) for name in _SHOWN}, keep_empty=True)
    if options.box is not None:
        shown = dataclasses.replace(shown, box=Hints(box=options.box).scaled(scale).box)
    hints = film["hints"]
    if hints is not None and scale < 1:
        hints = FilmHints.from_plain(hints).scaled(scale).as_plain()
    preview = FilmJob(
        home / FILM, home / "preview.webm", shown, hints, start,
        soon if end is None else min(end, soon), film["every"], side=PREVIEW_SIDE, most=most, overwrite=True,
    )  # fmt: skip
    return preview, whole


#: the preview shows where the subject is found, whatever the result is laid on
_SHOWN = ("model", "refine", "kind", "ignore_alpha", "device", "threads", "max_pixels")


def room_of(look: Receipt, film: Mapping[str, Any], upload: int, most: int) -> int:
    """Bytes that a film's result may take while it is written: half of ``most`` where its length is not known."""
    frames, pixels = look.film["frames"], look.width * look.height
    if film["sticker"] is not None:
        pixels = film["sticker"][0] ** 2
    if not frames:
        return most // 2
    return int(frames * pixels * ROOM.get(film["format"], ROOM_ELSE)) + upload + EXTRA
