"""``gigamatte cut``: one photo in, one cutout out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from gigamatte.cli.options import takes_options
from gigamatte.cli.progress import progress_bar
from gigamatte.cli.streams import json_text
from gigamatte.errors import GigamatteError, InputError, UsageError
from gigamatte.messages.translate import translate
from gigamatte.options import Format, Options

if TYPE_CHECKING:
    from gigamatte.types import Receipt

PhotoArgument = Annotated[
    str, typer.Argument(metavar="PHOTO", help="The photo: JPEG, PNG, WebP, TIFF, AVIF or HEIC; - for stdin.")
]
Out = Annotated[
    str | None, typer.Option("-o", "--out", metavar="OUT", help="Where to write; - for stdout. [STEM.cutout.png]")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print the receipt as JSON (to stderr when OUT is -).")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]


@takes_options()
def cut(
    *,
    photo: PhotoArgument,
    out: Out = None,
    options: Callable[[], Options],
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
        chosen = options()
        target = _target(photo, out, chosen.format)
        receipt = _process(photo, target, chosen, overwrite=overwrite, quiet=quiet or json)
    except GigamatteError as error:
        if json:
            _print_failure(photo, target, error)
        raise
    if json:
        text = json_text(receipt.as_dict())
        print(text, file=sys.stderr if target == "-" else sys.stdout)
    elif not quiet:
        _report(receipt, cached=chosen.cache is not None)


def _target(photo: str, out: str | None, format: Format | None = None) -> str:
    """OUT as given, or beside the photo, with the suffix of a format that was asked for."""
    if out is not None:
        return out
    if photo == "-":
        return "-"
    path = Path(photo)
    return str(path.with_name(f"{path.stem}.cutout{_suffix(format)}"))


def _suffix(format: Format | None) -> str:
    if format is None:
        return ".png"
    from gigamatte.cutout.encode import CONTAINERS

    return CONTAINERS[format].suffixes[0]


def _process(photo: str, target: str, options: Options, *, overwrite: bool, quiet: bool) -> Receipt:
    from gigamatte.cutout.target import output_format, pair_of
    from gigamatte.pipeline import Remover

    destination: Path | BinaryIO = sys.stdout.buffer if target == "-" else Path(target)
    output_format(options, destination)  # a wrong suffix is told before anything is computed
    if options.only == "pair":
        files = [path for _, path in pair_of(destination)]
    else:
        files = [destination] if isinstance(destination, Path) else []
    for file in files:
        if file.exists() and not overwrite:
            raise UsageError(f"{file} exists", "use --overwrite to replace it, or name another file with -o")
        if photo != "-" and file.exists() and Path(photo).exists() and file.samefile(photo):
            raise UsageError(f"{file} is the photo itself", "name another file with -o: a source is never replaced")
    source: str | bytes = sys.stdin.buffer.read() if photo == "-" else photo
    if source == b"":
        raise InputError("stdin is empty; expected the bytes of a photo")
    with Remover(options) as remover, progress_bar(not quiet) as watch:
        return remover.process(source, destination, overwrite=overwrite, watch=watch)


def _report(receipt: Receipt, *, cached: bool) -> None:
    """What was done, on stderr: stdout belongs to pictures and JSON."""
    for warning in receipt.warnings:
        print(f"gigamatte: {translate(warning)}", file=sys.stderr)
    model = receipt.model
    by = f"{model.name} ({model.licence})" if model else "no network"
    total = receipt.seconds.get("total", 0.0)
    wrote = " + ".join(receipt.outputs)
    line = f"{wrote}: {receipt.width}×{receipt.height} in {total:.1f} s, {by}, {receipt.refine} refinement"
    print(translate(line), file=sys.stderr)
    if cached:
        done, kept = receipt.tiles["done"], receipt.tiles["kept"]
        print(translate(f"{done} of {done + kept} tiles were done, {kept} came from the cache"), file=sys.stderr)


def _print_failure(photo: str, target: str, error: GigamatteError) -> None:
    from gigamatte import system
    from gigamatte.types import Receipt

    failed = Receipt(
        input=photo, peak_rss_mb=system.peak_rss_mb(), error={"code": error.code, "message": error.message}
    )
    text = json_text(failed.as_dict())
    print(text, file=sys.stderr if target == "-" else sys.stdout)
