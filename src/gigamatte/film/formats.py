"""Chooses the format of a film by the target's name, and refuses one that cannot hold the result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from gigamatte.cutout.backdrop import check_backdrop
from gigamatte.cutout.css_colour import parse_colour
from gigamatte.cutout.encode import SUFFIXES
from gigamatte.errors import UsageError
from gigamatte.film.kinds import is_pattern, kind_of
from gigamatte.options import Options

FilmFormat = Literal["webm", "mov", "mp4", "webp", "apng", "gif", "avif", "sequence"]
Ground = Literal["none", "plain", "film", "blur"]

#: what PyAV writes; what Pillow writes
VIDEO, ANIMATED = ("webm", "mov", "mp4"), ("webp", "apng", "gif", "avif")
_SUFFIXES = {".webm": "webm", ".mov": "mov", ".mp4": "mp4", ".m4v": "mp4", ".webp": "webp", ".apng": "apng",
             ".png": "apng", ".gif": "gif", ".avif": "avif"}  # fmt: skip
_TITLES = {"webm": "WebM", "mov": "MOV", "mp4": "MP4", "webp": "WebP", "apng": "APNG", "gif": "GIF", "avif": "AVIF"}
_ADVICE = "write .webm, .mov, .webp, .apng, .gif, .avif, or a sequence like shot_%05d.png"


@dataclass(frozen=True)
class Plan:
    """What is written: the format, whether it has alpha, and what the subject is laid on."""

    format: FilmFormat
    alpha: bool
    grey: bool
    ground: Ground
    #: what the pictures of a sequence are called, with a place for their number
    pattern: Path | None = None

    @property
    def title(self) -> str:
        """The format in words."""
        return _TITLES.get(self.format, "a sequence of pictures")


def default_name(source: Path, kind: str) -> str:
    """STEM.cutout.webm; an animated picture stays one, which every program shows: WebP."""
    stem = source.stem if kind != "sequence" else source.stem.split("%")[0].rstrip("_-. ") or "film"
    return f"{stem}.cutout{'.webp' if kind in ANIMATED else '.webm'}"


def plan(options: Options, target: Path) -> Plan:
    """What will be written to ``target``. Raises UsageError."""
    format, pattern = _format(target)
    if options.format is not None:
        raise UsageError("--format is for photos: a film's format is given by the name of the result", _ADVICE)
    grey = options.only in ("alpha", "trimap", "uncertainty")
    ground = _ground(options)
    if ground != "none" and options.only != "cutout":
        raise UsageError(
            f"--background lies behind the cutout, but --only {options.only} was asked for", "leave one of them out"
        )
    alpha = options.only == "cutout" and ground == "none"
    if format == "mp4" and alpha:
        raise UsageError(
            "MP4 holds no alpha that players show: what is written is dropped without a word",
            "write WebM or MOV, or give a --background",
        )
    return Plan(format, alpha, grey, ground, pattern)


def _format(target: Path) -> tuple[FilmFormat, Path | None]:
    if is_pattern(target.name):
        if target.suffix.lower() not in SUFFIXES:
            raise UsageError(f"the pictures of a sequence cannot be {target.suffix or 'without a suffix'}", _ADVICE)
        return "sequence", target
    if target.is_dir():
        return "sequence", target / "frame_%05d.png"
    found = _SUFFIXES.get(target.suffix.lower())
    if found is None:
        raise UsageError(f"a film is not written as {target.suffix or 'a name without a suffix'}", _ADVICE)
    assert found in get_args(FilmFormat)
    return found, None  # type: ignore[return-value]


def _ground(options: Options) -> Ground:
    said = options.background
    if said is None:
        return "none"
    if said.startswith("blur"):
        blur_of(said)
        return "blur"
    if said == "green" or parse_colour(said) is not None:
        opaque = said == "green" or not check_backdrop(said, options.max_pixels, options.background_fit)
    elif Path(said).exists() and kind_of(Path(said)) is not None:
        return "film"
    else:
        opaque = not check_backdrop(said, options.max_pixels, options.background_fit)
    if not opaque:
        raise UsageError("the background of a film cannot be seen through", "choose an opaque colour or picture")
    return "plain"


def blur_of(said: str) -> float:
    """σ of ``blur`` (2 %) or ``blur:PERCENT`` of the longer side, as a part of it. Raises UsageError."""
    word, _, amount = said.partition(":")
    try:
        percent = float(amount) if amount else 2.0
    except ValueError:
        percent = -1.0
    if word != "blur" or not 0 < percent <= 20:
        raise UsageError(f"--background blur:PERCENT takes 0…20 percent of the longer side; found {said!r}")
    return percent / 100
