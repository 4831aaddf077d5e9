"""The options of a cut, once for every command that cuts: a line each, whatever takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from gigamatte.cli.values import parse_box, parse_count
from gigamatte.options import Options


def _as_said(value: Any) -> Any:
    return value


def _bytes(text: str | None) -> int:
    return 0 if text is None else parse_count(text, "--memory")


def _disk(text: str) -> int:
    return parse_count(text, "--cache-size")


@dataclass(frozen=True)
class Shared:
    """An option that becomes the field of Options with the same name."""

    name: str
    #: what it is when nothing is said, as it would be typed; False makes a switch
    default: str | int | float | bool | None
    metavar: str | None
    help: str
    #: the type of what is typed; None = the default's, text where that is None
    kind: Any = None
    #: makes the field's value of what was typed; raises UsageError
    parse: Callable[[Any], Any] = _as_said

    @property
    def annotation(self) -> Any:
        """What Typer reads: the type of what is typed, and the option."""
        # a switch is named here, because Typer would add its opposite, --no-…
        names = (f"--{self.name.replace('_', '-')}",) if isinstance(self.default, bool) else ()
        kind = self.kind or (str | None if self.default is None else type(self.default))
        return Annotated[kind, typer.Option(*names, metavar=self.metavar, help=self.help)]


#: in the order in which --help shows them
SHARED = (
    Shared("model", "auto", "NAME", "Network: auto, locator, a name of `gigamatte models list`, or FILE.onnx."),
    Shared("kind", "photo", "photo|art", "art: a logo, signature or drawing on a plain ground; no network is asked."),
    Shared("ignore_alpha", False, None, "Cut the photo as if it had no alpha of its own."),
    Shared(
        "normalise", "auto", "auto|imagenet|MEAN/STD", "How the network's pictures are normalised: 0.5/0.5 gives -1…1."
    ),
    Shared("mask", None, "FILE", "A coarse mask, alpha or trimap of any size instead of a network."),
    Shared("mask_kind", "auto", "auto|alpha|trimap", "What --mask is."),
    Shared("refine", "auto", "auto|neural|guided|off", "How alpha is resolved: best, learned, classical, upscaled."),
    Shared("only", "cutout", "cutout|alpha|foreground|trimap|uncertainty|pair", "What to write."),
    Shared("background", None, "COLOUR|IMAGE", "Lay the subject on this: white, '#ff00ff', photo.jpg."),
    Shared("under", "edge", "edge|white|black", "Colour under alpha 0: a ring of the nearest and white, white, black."),
    Shared("format", None, "png|webp|tiff|jpeg|avif|psd", "File format. [OUT's suffix, or png]"),
    Shared("crop", False, None, "Crop to the subject."),
    Shared("margin", 0.0, "PERCENT", "Room around --crop, in percent of the subject's longer side."),
    Shared("box", None, "L,T,W,H", "Look for the subject only here (upright photo pixels).", parse=parse_box),
    Shared("device", "auto", "auto|cpu|cuda|…", "Where the network runs."),
    Shared("require_device", False, None, "Fail rather than fall back to another device."),
    Shared("threads", 0, "N", "CPU threads. [0 = all]"),
    Shared("max_pixels", "2G", "N", "Refuse larger photos, before decoding: 300M, 2G.", parse=parse_count),
    Shared("keep", None, "PNG", "White here is subject, whatever the network says."),
    Shared("drop", None, "PNG", "White here is background, whatever the network says."),
    Shared("hole_fill", 0.0, "PERCENT", "Fill holes of up to this part of the subject's area."),
    Shared("largest", False, None, "Keep only the largest piece: drops specks."),
    Shared("smooth", False, None, "Harden the alpha as ImageMagick's blur and level do. It deletes fine hair."),
    Shared("strip", False, None, "Leave EXIF, XMP and IPTC out of the result."),
    Shared("strip_gps", False, None, "Leave the GPS position out (not place names in XMP or IPTC: --strip does)."),
    Shared("keep_times", False, None, "Set the photo's file times (last access, last change) on the result."),
    Shared("quality", None, "1…100", "Lossy WebP; the quality of JPEG, AVIF. [lossless, 95, 90]", kind=int | None),
    Shared("compress", None, "deflate|lzw|none", "How a TIFF is packed, without loss. [deflate]"),
    Shared("pyramid", None, "pages|sub", "Tiles and smaller copies in the TIFF: pages (OpenSlide), sub (GDAL)."),
    Shared(
        "memory",
        None,
        "N",
        "Bytes one photo may need: 700M (enough for 21 megapixels), 2G. More pixels go to disk.",
        parse=_bytes,
    ),
    Shared("cache", None, "DIR", "Keep finished tiles there, so that a corrected run only re-does what it touches."),
    Shared("cache_size", "2G", "N", "Bytes --cache may take on disk; the least recently used go first.", parse=_disk),
    Shared("keep_empty", False, None, "Write an empty cutout when there is no subject."),
)


def takes_options(
    *, without: Collection[str] = (), instead: Mapping[str, object] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options in the place of its parameter ``options``, a ``Callable[[], Options]``.

    The command calls it where it can tell of what was typed wrong: it raises UsageError. ``without`` names options
    that the command does not take, or takes in a meaning of its own; ``instead`` describes some of them in other words.
    """
    shared = [one for one in SHARED if one.name not in without]
    described = instead or {}

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        def run(**said: Any) -> None:
            typed = {one.name: said.pop(one.name) for one in shared}
            command(**said, options=lambda: Options(**{one.name: one.parse(typed[one.name]) for one in shared}))

        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command, eval_str=True).parameters.values():
            if own.name == "options":
                parameters += (_parameter(one, described.get(one.name, one.annotation)) for one in shared)
            else:
                parameters.append(own.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
        # what the command line library reads, in its older and its newer versions
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return wrap


def _parameter(one: Shared, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=annotation)
