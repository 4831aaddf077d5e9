"""Where a result goes and in what format: everything about it that can be refused before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.backdrop import check_backdrop
from gigamatte.cutout.encode import CONTAINERS, SUFFIXES, check_fits
from gigamatte.cutout.frame import canvas_size
from gigamatte.cutout.place import is_stream
from gigamatte.errors import UsageError
from gigamatte.options import Format, Only, Options
from gigamatte.types import Size

_ONE_CHANNEL = ("alpha", "trimap", "uncertainty")


def pair_of(target: Path | BinaryIO) -> tuple[tuple[Only, Path], ...]:
    """Where colour and alpha go when both are wanted as pictures of their own: NAME.colour.png and NAME.alpha.png."""
    if not isinstance(target, Path):
        raise UsageError("--only pair writes two files; expected a name, found a stream", "name a file with -o")
    return (
        ("foreground", target.with_name(f"{target.stem}.colour{target.suffix}")),
        ("alpha", target.with_name(f"{target.stem}.alpha{target.suffix}")),
    )


def files_of(options: Options, target: Path | BinaryIO) -> list[Path]:
    """All files that will be written; none where the result goes to a stream."""
    if options.only == "pair":
        return [path for _, path in pair_of(target)]
    return [target] if isinstance(target, Path) else []


def read_by(options: Options) -> tuple[str | None, ...]:
    """The files that these options name, or what else stands in their place: a colour is no file's name."""
    return options.mask, options.keep, options.drop, options.background


def output_format(options: Options, target: Path | BinaryIO | None) -> Format:
    """The format to write: the option's, else the suffix's, else PNG.

    Raises UsageError for one that is not written or does not go with the other options.
    """
    chosen = _named(options, target)
    if options.background is not None and options.only != "cutout":
        raise UsageError(
            f"--background lies behind the cutout, but --only {options.only} was asked for", "leave one of them out"
        )
    if chosen == "jpeg" and options.only == "cutout" and options.background is None:
        raise UsageError("JPEG has no transparency", "give a --background, or write PNG, WebP or TIFF")
    if chosen == "psd" and options.only in (*_ONE_CHANNEL, "pair"):
        raise UsageError("a Photoshop file here holds a cutout, not a single channel", "choose --format png or tiff")
    _check_words(options, chosen)
    if options.keep_times and target is not None and (not isinstance(target, Path) or is_stream(target)):
        raise UsageError("--keep-times sets the times of a file, the result goes to a stream", "name a file with -o")
    return chosen


def check_output(options: Options, target: Path | BinaryIO, photo: Size) -> Format:
    """The format to write, once the photo's size is known.

    Raises UsageError like ``output_format`` and for a background that is none, and WriteError when the result is
    larger than the format allows; a result cropped to an unknown subject has no known size yet.
    """
    chosen = output_format(options, target)
    clear = options.background is None or check_backdrop(options.background, options.max_pixels)
    check_seen_through(chosen, clear and options.background is not None)
    known = canvas_size(options, photo)
    if known is not None or not (options.crop or options.aspect):
        check_fits(chosen, known or photo, _bands(options, clear))
    return chosen


def check_seen_through(format: Format, clear: bool) -> None:
    """Raise UsageError when a background can be seen through (``clear``) and the format holds no alpha."""
    if clear and not CONTAINERS[format].alpha:
        raise UsageError(
            f"{CONTAINERS[format].title} has no transparency, and the background can be seen through",
            "choose an opaque background, or write PNG, WebP or TIFF",
        )


def _named(options: Options, target: Path | BinaryIO | None) -> Format:
    if options.format is not None:
        return options.format
    if not isinstance(target, Path):
        # a file that was opened under a name promises what the name does, as far as it is a promise
        name = getattr(target, "name", None)
        return SUFFIXES.get(Path(name).suffix.lower(), "png") if isinstance(name, str) else "png"
    if not target.suffix:
        return "png"
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{target.name}: {suffix} is not a format that is written; expected {', '.join(SUFFIXES)}",
            "name one with --format",
        )
    return SUFFIXES[suffix]


def _bands(options: Options, clear: bool) -> int:
    if options.only in _ONE_CHANNEL:
        return 1
    return 4 if options.only == "cutout" and clear else 3


def _check_words(options: Options, format: Format) -> None:
    title = CONTAINERS[format].title
    words = [word for word, said in (("--compress", options.compress), ("--pyramid", options.pyramid)) if said]
    if words and format != "tiff":
        raise UsageError(
            f"{words[0]} is for TIFF only, the result is {title}",
            "write .tif or use --format tiff, or leave it out",
        )
    if options.quality is not None and format not in ("webp", "jpeg", "avif"):
        raise UsageError(
            f"--quality is for WebP, JPEG and AVIF, the result is {title}, which loses nothing", "leave it out"
        )
