"""``gigamatte cut``: photos in, cutouts out."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from gigamatte.cli.film import FilmSaid, cut_film, film_hints, films_in, report_film
from gigamatte.cli.hints import read_hints
from gigamatte.cli.options import takes_options
from gigamatte.cli.progress import progress_bar
from gigamatte.cli.streams import json_text
from gigamatte.cli.targets import STREAM, folder_for, paired, terminal_refused
from gigamatte.errors import GigamatteError, InputError
from gigamatte.messages.plural import plural
from gigamatte.messages.translate import translate
from gigamatte.options import Options
from gigamatte.types import Receipt

if TYPE_CHECKING:
    from gigamatte.film.types import FilmReceipt
    from gigamatte.remover import Remover

PhotoArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PHOTO",
        help="Photos: JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD; films: MP4, MOV, WebM, GIF …; - for stdin.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option("-o", "--out", metavar="OUT", help="A file, or a folder; - for stdout. [STEM.cutout.png]"),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace OUT if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print the receipt as JSON (to stderr when OUT is -).")]
KeepAt = Annotated[
    list[str] | None,
    typer.Option("--keep-at", metavar="X,Y", help="This place is the subject (upright photo pixels). Repeatable."),
]
DropAt = Annotated[
    list[str] | None,
    typer.Option("--drop-at", metavar="X,Y", help="This place is not the subject. Repeatable."),
]
HintsFile = Annotated[
    str | None,
    typer.Option("--hints", metavar="JSON", help="A file of points, strokes and a box: {'keep': [[X, Y]], …}."),
]
From = Annotated[float, typer.Option("--from", metavar="SECONDS", help="Films: where to begin.")]
To = Annotated[float | None, typer.Option("--to", metavar="SECONDS", help="Films: where to end. [the end]")]
Every = Annotated[int, typer.Option("--every", metavar="N", help="Films: every N-th frame only.")]
Fps = Annotated[
    float | None,
    typer.Option("--fps", metavar="RATE", help="A sequence (shot_%05d.png) or a folder is a film of this rate. [25]"),
]
Loop = Annotated[
    int | None, typer.Option("--loop", metavar="N", help="Animated pictures: how often they play. [0 = for ever]")
]
Sticker = Annotated[
    str | None,
    typer.Option(
        "--sticker", metavar="SIDE,BYTES", help="An animated picture of this side, in so many bytes: 512,500k."
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]


@takes_options()
def cut(
    *,
    photo: PhotoArgument,
    out: Out = None,
    keep_at: KeepAt = None,
    drop_at: DropAt = None,
    hints: HintsFile = None,
    options: Callable[[], Options],
    start: From = 0.0,
    end: To = None,
    every: Every = 1,
    fps: Fps = None,
    loop: Loop = None,
    sticker: Sticker = None,
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
    gigamatte cut photo.jpg --keep-at 900,400 --drop-at 80,1200
    gigamatte cut *.jpg -o cutouts/                several photos, one after another
    cat photo.jpg | gigamatte cut - > cutout.png
    gigamatte cut film.mp4 -o film.webm --from 2.5 --to 10

    Exit codes: 0 done, 1 failed, 2 usage, 3 unreadable photo, 4 too many pixels, 5 network missing, 6 no subject,
    130 interrupted. Of several photos one that fails does not stop the others; 1 where they failed for several reasons.
    """
    from gigamatte.remover import Remover
    from gigamatte.tools import Tools

    said = FilmSaid(start, end, every, fps, loop, sticker)
    entries = None
    try:
        chosen = options()
        films = films_in(photo, out, chosen, fps)
        if films and len(photo) == 1:
            entries = film_hints(keep_at or (), drop_at or (), hints, start)
        else:
            chosen = dataclasses.replace(chosen, hints=read_hints(photo, keep_at or (), drop_at or (), hints))
        if not films:
            said.refuse_without_films()
        jobs = paired(photo, out, chosen.format or ("svg" if chosen.only == "path" else None), films)
        terminal_refused(jobs)
    except GigamatteError as error:
        if json:
            _print_failure(photo[0], out or "", error)
        raise
    codes = set()
    own = contextlib.closing(Tools(chosen, photos=None if films else len(jobs)))
    with folder_for(jobs, out), own as tools, Remover(chosen, tools=tools) as remover:
        for source, target in jobs:
            try:
                receipt: Receipt | FilmReceipt
                if source in films:
                    receipt = cut_film(remover, source, target, said, entries, overwrite=overwrite, quiet=quiet or json)
                else:
                    receipt = _process(remover, source, target, overwrite=overwrite, quiet=quiet or json)
            except GigamatteError as error:
                if json:
                    _print_failure(source, target, error)
                if len(jobs) == 1:
                    raise
                codes.add(_tell(source, error))
                continue
            if json:
                stream = sys.stderr if target == STREAM else sys.stdout
                print(json_text(receipt.as_dict(), stream), file=stream)
            elif quiet:
                continue
            elif isinstance(receipt, Receipt):
                _report(receipt, cached=chosen.cache is not None)
            else:
                report_film(receipt)
    if codes:
        raise typer.Exit(codes.pop() if len(codes) == 1 else 1)


def _tell(photo: str, error: GigamatteError) -> int:
    from gigamatte.cli.app import fail

    # most messages contain the photo's name already
    message = error.message if Path(photo).name in error.message else f"{photo}: {translate(error.message)}"
    return fail(message, error.hint, error.exit_code)


def _process(remover: Remover, photo: str, target: str, *, overwrite: bool, quiet: bool) -> Receipt:
    from gigamatte.cutout.place import refuse_existing, refuse_sources
    from gigamatte.cutout.target import files_of, output_format, read_by

    destination: Path | BinaryIO = sys.stdout.buffer if target == STREAM else Path(target)
    output_format(remover.options, destination)  # a wrong suffix is refused before anything is computed
    for file in files_of(remover.options, destination):
        refuse_existing(file, overwrite)
        refuse_sources(file, None if photo == STREAM else photo, read_by(remover.options))
    source: str | bytes = sys.stdin.buffer.read() if photo == STREAM else photo
    if source == b"":
        raise InputError("stdin is empty; expected the bytes of a photo")
    with progress_bar(not quiet) as watch:
        return remover.process(source, destination, overwrite=overwrite, watch=watch)


def _report(receipt: Receipt, *, cached: bool) -> None:
    """Print what was done on stderr, because stdout is for pictures and JSON."""
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
        line = f"{done} of {done + kept} tile{plural(done + kept)} done, {kept} came from the cache"
        print(translate(line), file=sys.stderr)


def _print_failure(photo: str, target: str, error: GigamatteError) -> None:
    from gigamatte import system

    failed = Receipt(
        input=photo, peak_rss_mb=system.peak_rss_mb(), error={"code": error.code, "message": error.message}
    )
    stream = sys.stderr if target == STREAM else sys.stdout
    print(json_text(failed.as_dict(), stream), file=stream)
