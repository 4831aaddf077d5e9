"""``gigamatte cut``: one photo in, one cutout out."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, cast

import typer

from gigamatte.cli.progress import progress_bar
from gigamatte.cli.values import parse_box, parse_count
from gigamatte.errors import GigamatteError, InputError, UsageError
from gigamatte.messages.translate import translate
from gigamatte.options import Format, MaskKind, Only, Options, Refine

if TYPE_CHECKING:
    from gigamatte.types import Receipt

PhotoArgument = Annotated[str, typer.Argument(metavar="PHOTO", help="The photo: JPEG, PNG, WebP or TIFF; - for stdin.")]
Out = Annotated[
    str | None, typer.Option("-o", "--out", metavar="OUT", help="Where to write; - for stdout. [STEM.cutout.png]")
]
Model = Annotated[
    str, typer.Option(metavar="NAME", help="Network: auto, locator, a name of `gigamatte models list`, or FILE.onnx.")
]
Mask = Annotated[
    str | None, typer.Option(metavar="FILE", help="A coarse mask, alpha or trimap of any size instead of a network.")
]
MaskKindOption = Annotated[str, typer.Option(metavar="auto|alpha|trimap", help="What --mask is.")]
RefineOption = Annotated[
    str,
    typer.Option(metavar="auto|neural|guided|off", help="How alpha is resolved: best, learned, classical, upscaled."),
]
OnlyOption = Annotated[
    str, typer.Option(metavar="cutout|alpha|foreground|trimap|uncertainty|pair", help="What to write.")
]
Background = Annotated[
    str | None, typer.Option(metavar="COLOUR|IMAGE", help="Lay the subject on this: white, '#ff00ff', photo.jpg.")
]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", metavar="png|webp|tiff|jpeg|avif|psd", help="File format. [OUT's suffix, or png]"),
]
Keep = Annotated[str | None, typer.Option(metavar="PNG", help="White here is subject, whatever the network says.")]
Drop = Annotated[str | None, typer.Option(metavar="PNG", help="White here is background, whatever the network says.")]
HoleFill = Annotated[
    float, typer.Option("--hole-fill", metavar="PERCENT", help="Fill holes of up to this part of the subject's area.")
]
Largest = Annotated[bool, typer.Option("--largest", help="Keep only the largest piece: drops specks.")]
Strip = Annotated[bool, typer.Option("--strip", help="Leave EXIF, XMP and IPTC out of the result.")]
StripGps = Annotated[bool, typer.Option("--strip-gps", help="Leave the place where it was taken out.")]
Quality = Annotated[int | None, typer.Option(metavar="1…100", help="Lossy WebP, or JPEG's quality. [lossless, or 95]")]
Memory = Annotated[
    str | None, typer.Option(metavar="N", help="Bytes one photo may need: 500M, 2G. More pixels go to disk.")
]
Crop = Annotated[bool, typer.Option("--crop", help="Crop to the subject.")]
Margin = Annotated[
    float, typer.Option(metavar="PERCENT", help="Room around --crop, in percent of the subject's longer side.")
]
BoxOption = Annotated[
    str | None, typer.Option("--box", metavar="L,T,W,H", help="Look for the subject only here (upright photo pixels).")
]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|…", help="Where the network runs.")]
RequireDevice = Annotated[bool, typer.Option("--require-device", help="Fail rather than fall back to another device.")]
Threads = Annotated[int, typer.Option(metavar="N", help="CPU threads. [0 = all]")]
MaxPixels = Annotated[str, typer.Option(metavar="N", help="Refuse larger photos, before decoding: 300M, 2G.")]
Smooth = Annotated[
    bool, typer.Option("--smooth", help="Harden the alpha as ImageMagick's blur and level do. It deletes fine hair.")
]
KeepEmpty = Annotated[bool, typer.Option("--keep-empty", help="Write an empty cutout when there is no subject.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print the receipt as JSON (to stderr when OUT is -).")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]


def cut(
    photo: PhotoArgument,
    out: Out = None,
    model: Model = "auto",
    mask: Mask = None,
    mask_kind: MaskKindOption = "auto",
    refine: RefineOption = "auto",
    only: OnlyOption = "cutout",
    background: Background = None,
    format: FormatOption = None,
    crop: Crop = False,
    margin: Margin = 0.0,
    box: BoxOption = None,
    device: Device = "auto",
    require_device: RequireDevice = False,
    threads: Threads = 0,
    max_pixels: MaxPixels = "2G",
    keep: Keep = None,
    drop: Drop = None,
    hole_fill: HoleFill = 0.0,
    largest: Largest = False,
    smooth: Smooth = False,
    strip: Strip = False,
    strip_gps: StripGps = False,
    quality: Quality = None,
    memory: Memory = None,
    keep_empty: KeepEmpty = False,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut the background out of PHOTO, at the photo's own resolution.

    \b
    gigamatte cut photo.jpg                        writes photo.cutout.png
    gigamatte cut photo.jpg -o out.webp --crop     crops to the subject
    gigamatte cut photo.jpg --background white -o shop.jpg
    gigamatte cut photo.jpg --mask mask.png        refines a mask from another tool
    cat photo.jpg | gigamatte cut - > cutout.png

    Exit codes: 0 done, 1 failed, 2 usage, 3 unreadable photo, 4 too many pixels, 5 network missing, 6 no subject,
    130 interrupted.
    """
    target = _target(photo, out)
    try:
        options = Options(
            model=model,
            mask=mask,
            mask_kind=cast(MaskKind, mask_kind),
            refine=cast(Refine, refine),
            only=cast(Only, only),
            background=background,
            format=cast("Format | None", format),
            crop=crop,
            margin=margin,
            box=parse_box(box),
            device=device,
            require_device=require_device,
            threads=threads,
            max_pixels=parse_count(max_pixels),
            keep=keep,
            drop=drop,
            hole_fill=hole_fill,
            largest=largest,
            smooth=smooth,
            strip=strip,
            strip_gps=strip_gps,
            quality=quality,
            memory=parse_count(memory, "--memory") if memory is not None else 0,
            keep_empty=keep_empty,
        )
        receipt = _process(photo, target, options, overwrite=overwrite, quiet=quiet or json)
    except GigamatteError as error:
        if json:
            _print_failure(photo, target, error)
        raise
    if json:
        text = jsonlib.dumps(receipt.as_dict(), ensure_ascii=False)
        print(text, file=sys.stderr if target == "-" else sys.stdout)
    elif not quiet:
        _report(receipt)


def _target(photo: str, out: str | None) -> str:
    """OUT as given, or beside the photo."""
    if out is not None:
        return out
    if photo == "-":
        return "-"
    path = Path(photo)
    return str(path.with_name(f"{path.stem}.cutout.png"))


def _process(photo: str, target: str, options: Options, *, overwrite: bool, quiet: bool) -> Receipt:
    from gigamatte.cutout.cutout import output_format
    from gigamatte.pipeline import Remover

    destination: Path | BinaryIO = sys.stdout.buffer if target == "-" else Path(target)
    output_format(options, destination)  # a wrong suffix is told before anything is computed
    if isinstance(destination, Path):
        if destination.exists() and not overwrite:
            raise UsageError(f"{target} exists", "use --overwrite to replace it, or name another file with -o")
        if photo != "-" and destination.exists() and Path(photo).exists() and destination.samefile(photo):
            raise UsageError(f"{target} is the photo itself", "name another file with -o: a source is never replaced")
    source: str | bytes = sys.stdin.buffer.read() if photo == "-" else photo
    if source == b"":
        raise InputError("stdin is empty; expected the bytes of a photo")
    with Remover(options) as remover, progress_bar(not quiet) as watch:
        return remover.process(source, destination, overwrite=overwrite, watch=watch)


def _report(receipt: Receipt) -> None:
    """What was done, on stderr: stdout belongs to pictures and JSON."""
    for warning in receipt.warnings:
        print(f"gigamatte: {translate(warning)}", file=sys.stderr)
    model = receipt.model
    by = f"{model.name} ({model.licence})" if model else "no network"
    total = receipt.seconds.get("total", 0.0)
    line = f"{receipt.output}: {receipt.width}×{receipt.height} in {total:.1f} s, {by}, {receipt.refine} refinement"
    print(translate(line), file=sys.stderr)


def _print_failure(photo: str, target: str, error: GigamatteError) -> None:
    from gigamatte import system
    from gigamatte.types import Receipt

    failed = Receipt(
        input=photo, peak_rss_mb=system.peak_rss_mb(), error={"code": error.code, "message": error.message}
    )
    text = jsonlib.dumps(failed.as_dict(), ensure_ascii=False)
    print(text, file=sys.stderr if target == "-" else sys.stdout)
