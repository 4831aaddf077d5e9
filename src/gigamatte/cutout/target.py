"""Checks target, format and options of a result before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.backdrop import blur_of, check_backdrop, names_no_file
from gigamatte.cutout.css_colour import Colour, parse_colour
from gigamatte.cutout.encode import CONTAINERS, SUFFIXES, check_fits
from gigamatte.cutout.frame import canvas_size
from gigamatte.cutout.place import is_stream
from gigamatte.effects import outline_of, shadow_of
from gigamatte.errors import UsageError
from gigamatte.options import DEFAULTS, UNCUT, Drawing, Format, Only, Options
from gigamatte.types import Size

_ONE_CHANNEL = ("alpha", "trimap", "uncertainty")
#: formats that hold a clipping path
WITH_PATH = ("jpeg", "tiff", "psd")


def pair_of(target: Path | BinaryIO) -> tuple[tuple[Only, Path], ...]:
    """Where colour and alpha go when both are wanted as pictures of their own: NAME.colour.png and NAME.alpha.png.

    Raises UsageError for a stream.
    """
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


def output_format(options: Options, target: Path | BinaryIO | None) -> Format | None:
    """The format to write: the option's, else the suffix's, else PNG; None for a drawing of the path.

    Raises UsageError for one that is not written or does not go with the other options.
    """
    if options.only == "path":
        drawing_format(options, target)
        return None
    return picture_format(options, target)


def drawing_format(options: Options, target: Path | BinaryIO | None) -> Drawing:
    """The format of a drawing: the option's, else the suffix's, else SVG. Raises UsageError."""
    words = {
        "--background": options.background, "--clipping-path": options.clipping_path, "--quality": options.quality,
        "--compress": options.compress, "--pyramid": options.pyramid, "--palette": options.palette,
        "--max-bytes": options.max_bytes, "--shadow": options.shadow, "--outline": options.outline,
        "--relight": options.relight,
    }  # fmt: skip
    for word, said in words.items():
        if said:
            raise UsageError(f"--only path writes a drawing, to which {word} means nothing", "leave one of them out")
    _check_times(options, target)
    name = target if isinstance(target, Path) else getattr(target, "name", None)
    suffix = Path(name).suffix.lower() if isinstance(name, (str, Path)) else ""
    said = options.format or suffix.removeprefix(".")
    if said == "dxf":
        return "dxf"
    if said == "svg" or (not options.format and not (isinstance(target, Path) and suffix)):
        return "svg"
    raise UsageError(f"--only path writes SVG or DXF; found {said}", "name a file that ends in .svg or .dxf")


def picture_format(options: Options, target: Path | BinaryIO | None) -> Format:
    """The format of a picture, see ``output_format``. Raises UsageError."""
    chosen = _named(options, target)
    if options.background is not None and options.only != "cutout":
        raise UsageError(
            f"--background lies behind the cutout, but --only {options.only} was asked for", "leave one of them out"
        )
    if chosen == "jpeg" and (options.only == "shadow" or (options.only == "cutout" and options.background is None)):
        raise UsageError("JPEG has no transparency", "give a --background, or write PNG, WebP or TIFF")
    if chosen == "psd" and options.only in (*_ONE_CHANNEL, "shadow", "pair"):
        raise UsageError("a Photoshop file here holds a cutout, not a single channel", "choose --format png or tiff")
    _check_beside(options, chosen)
    _check_words(options, chosen)
    _check_path(options, chosen)
    _check_times(options, target)
    return chosen


def _check_times(options: Options, target: Path | BinaryIO | None) -> None:
    if options.keep_times and target is not None and (not isinstance(target, Path) or is_stream(target)):
        raise UsageError("--keep-times sets the times of a file, the result goes to a stream", "name a file with -o")


def _check_path(options: Options, format: Format) -> None:
    if options.offset is not None and not options.clipping_path:
        raise UsageError("--offset moves a path, but none is written", "add --clipping-path or --only path")
    if options.background == UNCUT and not options.clipping_path:
        raise UsageError(
            "--background keep leaves the photo uncut, so that nothing is done", "add --clipping-path, or leave it out"
        )
    if options.clipping_path and options.only != "cutout":
        raise UsageError(
            f"--clipping-path goes into the cutout's file, but --only {options.only} was asked for",
            "leave one of them out; --only path draws the path itself",
        )
    if options.clipping_path and format not in WITH_PATH:
        raise UsageError(
            f"{CONTAINERS[format].title} has no place for a clipping path", "write JPEG, TIFF or PSD, or --only path"
        )


def check_output(options: Options, target: Path | BinaryIO, photo: Size) -> Format | None:
    """The format to write, once the photo's size is known; None for a drawing of the path.

    Raises UsageError like ``output_format`` and for a background that is none, and WriteError when the result is
    larger than the format allows; a result cropped to an unknown subject has no known size yet.
    """
    if options.only == "path":
        return output_format(options, target)
    chosen = picture_format(options, target)
    uncut = options.background == UNCUT
    clear = not uncut and (
        options.background is None or check_backdrop(options.background, options.max_pixels, options.background_fit)
    )
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
    if options.format == "svg" or options.format == "dxf":
        raise UsageError(f"{options.format.upper()} holds a path alone", "add --only path, or choose --format png")
    if options.format is not None:
        return options.format
    if not isinstance(target, Path):
        # an open file has the suffix of its name, where it has one
        name = getattr(target, "name", None)
        return SUFFIXES.get(Path(name).suffix.lower(), "png") if isinstance(name, str) else "png"
    if not target.suffix:
        return "png"
    suffix = target.suffix.lower()
    if suffix in (".svg", ".dxf"):
        raise UsageError(f"{target.name}: {suffix[1:].upper()} holds a path alone", "add --only path")
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{target.name}: {suffix} is not a format that is written; expected {', '.join(SUFFIXES)}",
            "name one with --format",
        )
    return SUFFIXES[suffix]


def _bands(options: Options, clear: bool) -> int:
    if options.only in _ONE_CHANNEL:
        return 1
    return 4 if options.only == "shadow" or (options.only == "cutout" and clear) else 3


def _check_beside(options: Options, format: Format) -> None:
    """What lies around the subject, and what makes files smaller."""
    for word, said, kinds in (
        ("--shadow", options.shadow, ("cutout", "shadow")), ("--outline", options.outline, ("cutout",))
    ):  # fmt: skip
        if said is not None and options.only not in kinds:
            raise UsageError(
                f"{word} belongs to the cutout, but --only {options.only} was asked for", "leave one of them out"
            )
    if options.background == UNCUT and (options.shadow is not None or options.outline is not None):
        raise UsageError("--background keep shows the photo as it is", "leave --shadow and --outline out")
    if options.outline is not None:
        outline_colour(options.outline)
    if options.background is not None and blur_of(options.background) is not None:
        if options.shadow is not None and shadow_of(options.shadow).kind == "keep":
            raise UsageError("--background blur shows the photo's own shadow already", "leave --shadow keep out")
        if options.relight:
            raise UsageError("--background blur is the light that the photo was taken in", "leave --relight out")
    if options.background_fit != "cover" and (
        options.background is None or options.background == UNCUT or names_no_file(options.background)
    ):
        raise UsageError("--background-fit says how a picture fills the background", "name a picture with --background")
    if options.relight and options.background is None:
        raise UsageError("--relight matches the subject to a background", "name one with --background")
    if options.background_fit != DEFAULTS["background_fit"] and (
        options.background in (None, UNCUT) or names_no_file(options.background or "")
    ):
        raise UsageError("--background-fit says how a picture fills the background", "name one with --background")
    if options.palette and format != "png":
        raise UsageError(f"--palette is for PNG, the result is {CONTAINERS[format].title}", "choose --format png")
    if options.max_bytes is not None and format in ("tiff", "psd"):
        raise UsageError(
            f"--max-bytes cannot make a file of {CONTAINERS[format].title} fit", "choose png, webp, jpeg or avif"
        )
    if options.max_bytes is not None and options.only == "pair":
        raise UsageError("--max-bytes is for one file, --only pair writes two", "leave one of them out")


def outline_colour(text: str) -> Colour:
    """The colour of an outline, 0…255. Raises UsageError where it is none."""
    found = parse_colour(outline_of(text).colour)
    if found is None or found[3] < 255:
        raise UsageError(f"--outline takes an opaque colour such as 12px,white; found {outline_of(text).colour!r}")
    return found


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
