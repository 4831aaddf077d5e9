"""``gigamatte batch status``, ``merge`` and ``export``: all manifests of a batch as one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigamatte.cli.streams import json_text
from gigamatte.errors import UsageError
from gigamatte.messages import translate
from gigamatte.messages.plural import plural

if TYPE_CHECKING:
    from gigamatte.batch.overview import Standing

Out = Annotated[str, typer.Argument(metavar="OUT", help="The folder or URI with the results.")]
Manifests = Annotated[
    list[str] | None,
    typer.Argument(metavar="MANIFEST", help="Folders that were given as --manifest, or files in them."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Price = Annotated[float | None, typer.Option(metavar="N", help="What an hour of one worker costs: adds a column.")]
Report = Annotated[str | None, typer.Option(metavar="FILE.html", help="Write one report of all shards.")]
Into = Annotated[str | None, typer.Option(metavar="FOLDER", help="Where the one manifest goes. [OUT's own]")]
File = Annotated[str, typer.Argument(metavar="FILE", help="Where to write: .jsonl, .csv or .parquet.")]
State = Annotated[str | None, typer.Option(metavar="done|failed|kept|waiting", help="Only photos in this state.")]
Marked = Annotated[str | None, typer.Option(metavar="good|redo|hand", help="Only photos with this mark of the review.")]

_WHERE = {
    "done": "state = 'done'",
    "failed": "state IN ('failed', 'quarantined')",
    "kept": "state = 'kept'",
    "waiting": "state IN ('waiting', 'running', 'later')",
}
_HEADS = ("shard", "at work", "photos", "right", "failed", "left", "megapixels", "MP/s", "time left", "machine hours")


def status(
    out: Out, manifests: Manifests = None, *, price: Price = None, report: Report = None, json: Json = False
) -> None:
    """Tell how far the batches on OUT are, how fast, and what failed.

    \b
    gigamatte batch status cutouts/
    gigamatte batch status s3://shop/out /data/manifests/*     manifests that lie elsewhere

    Reads the manifests only: no photo is listed, and batches may be at work meanwhile. Machine hours are those of all
    runs; --price makes costs of them. Exit code 0, whatever the batches' own was.
    """
    from gigamatte.batch.overview import manifests_of, standing_of, together

    standings = [standing_of(path) for path in manifests_of(out, manifests or ())]
    if report is not None:
        _report(Path(report), out, standings)
    if json:
        every = {"manifests": [one.as_dict() for one in standings], "all": together(standings).as_dict()}
        print(json_text(every))
        return
    _table(standings, price)


def merge(out: Out, manifests: Manifests = None, *, into: Into = None, report: Report = None) -> None:
    """Make one manifest of those of many shards or machines.

    Later runs on OUT without --shard go on from it, and no photo is looked at. The others are left as they are.
    """
    from gigamatte.batch.merge import merge as merge_into
    from gigamatte.batch.overview import manifests_of, standing_of
    from gigamatte.batch.plan import manifest_folder
    from gigamatte.batch.tars.lots import is_of_lot

    target = (Path(into) if into is not None else manifest_folder(out)) / "1-of-1.sqlite"
    found = [path for path in manifests_of(out, manifests or ()) if path.absolute() != target.absolute()]
    sources = [path for path in found if not is_of_lot(path)]
    if found and not sources:
        raise UsageError(
            f"the batch on {out} was one of tar shards, each of which keeps its manifest: there is nothing to merge",
            "later runs go on from them; `gigamatte batch status` and `batch export` read all of them",
        )
    if left := len(found) - len(sources):
        print(translate(f"{left:,} manifest{plural(left)} of tar shards left out: each is kept with its tar shard"))
    if not sources:
        raise UsageError(f"{target} is the only manifest: there is nothing to merge")
    merged = merge_into(sources, target)
    photos, manifests_read = merged.photos, merged.manifests
    whole = f"{photos:,} photo{plural(photos)} of {manifests_read} manifest{plural(manifests_read)}: {target}"
    print(translate(whole))
    if merged.twice:
        twice = merged.twice
        print(translate(f"{twice:,} photo{plural(twice)} in several manifests: the latest of each was taken"))
    if merged.clashes:
        out_of = merged.clashes
        print(translate(f"{out_of:,} photo{plural(out_of)} left out: the result of another one has the same name"))
    if report is not None:
        _report(Path(report), out, [standing_of(target)])


def export(out: Out, file: File, manifests: Manifests = None, *, state: State = None, marked: Marked = None) -> None:
    """Write the photos of OUT as JSON lines, CSV or Parquet.

    \b
    gigamatte batch export cutouts/ photos.parquet
    gigamatte batch export cutouts/ by-hand.csv --marked hand
    """
    from gigamatte.batch.export import export as write
    from gigamatte.batch.overview import manifests_of
    from gigamatte.batch.reader import Reader

    if state is not None and state not in _WHERE:
        raise UsageError(f"--state is one of {', '.join(_WHERE)}; found {state!r}")
    if marked is not None and marked not in ("good", "redo", "hand"):
        raise UsageError(f"--marked is one of good, redo, hand; found {marked!r}")
    where = _WHERE[state] if state else "1"
    where += f" AND mark = '{marked}'" if marked else ""
    with Reader(manifests_of(out, manifests or ())) as reader:
        count = write(reader, Path(file), where)
    print(translate(f"{count:,} photo{plural(count)}: {file}"))


def _table(standings: list[Standing], price: float | None) -> None:
    from rich.cells import cell_len

    from gigamatte.batch.overview import lines, together

    heads = [translate(head) for head in _HEADS] + ([translate("cost")] if price is not None else [])
    rows = [tuple(heads), *lines(standings, price)]
    widths = [max(cell_len(row[index]) for row in rows) for index in range(len(heads))]
    for row in rows:
        padded = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [row[0] + padded[0], *(pad + cell for pad, cell in zip(padded[1:], row[1:], strict=True))]
        print("  ".join(cells))
    whole = together(standings)
    for code, photos in whole.failures.items():
        print(f"  {code}: {photos:,}")
    latest = max((one.began for one in standings), default=0.0)
    if latest:
        print(translate(f"latest run began {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(latest))}"))


def _report(path: Path, out: str, standings: list[Standing]) -> None:
    from gigamatte.batch.overview import together
    from gigamatte.batch.plan import Plan
    from gigamatte.batch.reader import Reader
    from gigamatte.batch.report import write_report
    from gigamatte.batch.summary import Summary
    from gigamatte.options import Options

    whole = together(standings)
    command = next((one.command for one in standings if one.command), f" → {out}").partition(" → ")[0]
    seconds = whole.megapixels / whole.rate if whole.rate else 3600 * whole.hours
    summary = Summary(
        total=whole.photos, done=whole.done, kept=whole.kept, failed=whole.failed, waiting=whole.waiting,
        megapixels=whole.megapixels, seconds=seconds,
    )  # fmt: skip
    with Reader([Path(one.manifest) for one in standings]) as reader:
        write_report(path, Plan(command or "-", out, Options()), reader, summary)
