"""``gigamatte batch``: hundreds to millions of photos, resumable."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigamatte.cli.batch_words import (
    address_of,
    limits_of,
    masks_of,
    need_folders,
    need_words,
    pool_of,
    redo_of,
    results_of,
    shard_of,
)
from gigamatte.cli.cut import Overwrite, Quiet
from gigamatte.cli.options import takes_options
from gigamatte.cli.streams import json_text
from gigamatte.errors import GigamatteError, NetworkUnavailable, UsageError
from gigamatte.messages import translate
from gigamatte.options import Options

if TYPE_CHECKING:
    from gigamatte.batch.division import Pool
    from gigamatte.batch.plan import Plan
    from gigamatte.batch.reader import Rows
    from gigamatte.batch.summary import Summary
    from gigamatte.batch.tars.cutting import Results
    from gigamatte.batch.task import BatchEngine

In = Annotated[
    str,
    typer.Argument(
        metavar="IN", help="A folder, a list or inventory of photos (- = on stdin), a pattern, tar shards, or a URI."
    ),
]
OutFolder = Annotated[str, typer.Argument(metavar="OUT", help="The folder or URI for results; IN's folders are kept.")]
Mask = Annotated[
    str | None,
    typer.Option(metavar="FILE|FOLDER", help="A mask for all photos, or a folder with one for each (same names)."),
]
Column = Annotated[
    str | None,
    typer.Option(metavar="NAME|N", help="With a CSV, JSON lines or Parquet file as IN: the column with the photos."),
]
Pattern = Annotated[str | None, typer.Option(metavar="GLOB", help="Only photos whose name, or path below IN, matches.")]
Name = Annotated[
    str | None,
    typer.Option(metavar="TEMPLATE", help="Results' names: {stem}, {name}, {suffix}. [{stem}.cutout.png]"),
]
Consistent = Annotated[
    bool,
    typer.Option("--consistent", help="With --canvas: one scale and one base line for all photos of a folder."),
]
Jobs = Annotated[int, typer.Option(metavar="N", help="Photos at work at once in each process. [0 = by the processors]")]
Memory = Annotated[
    str | None, typer.Option(metavar="N", help="Memory to use in all, at least 1.1G: 4G. [most of what is free]")
]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", help="Give up on a photo that takes longer.")]
Shard = Annotated[str, typer.Option(metavar="I/N", help="Do the I-th of N parts, on the I-th of N machines.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try photos again that were given up on.")]
Recheck = Annotated[
    bool,
    typer.Option(
        "--recheck", help="Hash all again: redo changed photos, name altered results (kept unless --overwrite)."
    ),
]
Report = Annotated[str | None, typer.Option(metavar="FILE.html", help="Write a report with a review queue.")]
Export = Annotated[str | None, typer.Option(metavar="FILE", help="Write the manifest: .jsonl, .csv or .parquet.")]
ManifestFolder = Annotated[
    str | None, typer.Option("--manifest", metavar="FOLDER", help="Where the manifest lies. [OUT/.gigamatte]")
]
Watch = Annotated[bool, typer.Option("--watch", help="Go on for ever: cut what comes into IN, once it rests.")]
Every = Annotated[float, typer.Option(metavar="SECONDS", help="How often --watch looks.")]
Redo = Annotated[str | None, typer.Option(metavar="marked", help="Do only photos again that the review has marked so.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and how long it takes; 20 photos are tried.")
]
Price = Annotated[float | None, typer.Option(metavar="N", help="With --dry-run: what an hour of this machine costs.")]
MetricsAt = Annotated[
    str | None, typer.Option("--metrics", metavar="[HOST:]PORT", help="Serve figures for Prometheus. [HOST 127.0.0.1]")
]
ResultsAs = Annotated[
    str | None,
    typer.Option("--results", metavar="files|tars", help="Results as files, or in tar shards. [tars if IN is]"),
]
TarPhotos = Annotated[int, typer.Option(metavar="N", help="Results in tar shards, with at most N photos each.")]
TarSize = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Results in tar shards of at most so many bytes: 1G.")
]
Engine = Annotated[str, typer.Option(metavar="local|ray", help="This machine, or a Ray cluster.")]
Address = Annotated[str, typer.Option(metavar="ADDRESS", help="With --engine ray: auto, local, or ray://HOST:10001.")]
Actors = Annotated[
    str,
    typer.Option(metavar="N|N-M", help="With --engine ray: workers, or their least and most. [by the cluster]"),
]
GpusEach = Annotated[
    float | None, typer.Option(metavar="N", help="With --engine ray: GPUs of a worker; 0.25 = four share one. [1]")
]
Json = Annotated[bool, typer.Option("--json", help="Print events as JSON lines, the last one a summary.")]


# --memory is for the whole batch here; a cache is for photos that are corrected by hand, one by one
@takes_options(without=("memory", "cache", "cache_size"), instead={"mask": Mask})
def batch(
    *,
    source: In,
    out: OutFolder,
    pattern: Pattern = None,
    column: Column = None,
    name: Name = None,
    options: Callable[[], Options],
    consistent: Consistent = False,
    overwrite: Overwrite = False,
    jobs: Jobs = 0,
    memory: Memory = None,
    timeout: Timeout = 600.0,
    shard: Shard = "1/1",
    retry_failed: RetryFailed = False,
    recheck: Recheck = False,
    report: Report = None,
    export: Export = None,
    manifest: ManifestFolder = None,
    watch: Watch = False,
    every: Every = 2.0,
    redo: Redo = None,
    dry_run: DryRun = False,
    price: Price = None,
    metrics: MetricsAt = None,
    results: ResultsAs = None,
    tar_photos: TarPhotos = 0,
    tar_size: TarSize = None,
    engine: Engine = "local",
    address: Address = "auto",
    actors: Actors = "",
    gpus_each: GpusEach = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut all photos of IN into OUT. Run the same command again to go on, or to do what has changed.

    \b
    gigamatte batch photos/ cutouts/ --report report.html
    gigamatte batch photos/ cutouts/ --name 'rmbg_{stem}.png'
    gigamatte batch photos/ cutouts/ --shard 3/16         the third of sixteen machines
    gigamatte batch s3://shop/in s3://shop/out --engine ray

    A photo is skipped while its content, the options that shape its result, and the result itself are unchanged. One
    that fails is tried twice and then left alone until it changes (or --retry-failed). No source is ever changed.

    `gigamatte batch status OUT`, `batch merge OUT` and `batch export OUT FILE` tell of all shards together.

    Exit codes: 0 all done, 1 could not go on, 2 usage, 3 some failed, 4 no photo, 5 no network, 130 interrupted.
    """
    try:
        wanted = options()
        need_words(mask=wanted.mask, report=report, export=export, manifest=manifest, pattern=pattern, name=name)
        one, many = masks_of(wanted.mask)
        need_folders(report, export)
        if export is not None:
            from gigamatte.batch.export import check_export

            check_export(Path(export))
        from gigamatte.batch.plan import Plan

        plan = Plan(
            source=source,
            out=out,
            options=replace(wanted, mask=one, consistent=consistent),
            pattern=pattern,
            name=name,
            masks=many,
            shard=shard_of(shard),
            overwrite=overwrite,
            retry_failed=retry_failed,
            recheck=recheck,
            limits=limits_of(jobs, memory, timeout),
            column=column,
            watch=watch,
            every=every,
            redo=redo_of(redo),
            manifest=Path(manifest) if manifest else None,
        )
        plan.check_files()
        from gigamatte.batch.tars.names import is_tar

        kept = results_of(is_tar(source), results, tar_photos, tar_size)
        cluster = Where(engine, address, pool_of(actors, gpus_each))
        if dry_run:
            _estimate(plan, kept, cluster, price, json=json)
            return
        if price is not None:
            raise UsageError("--price is for --dry-run, and for `gigamatte batch status`")
        summary = _run(plan, kept, cluster, report, export, address_of(metrics), json=json, quiet=quiet)
    except GigamatteError as error:
        from gigamatte.cli.app import fail

        # the exit codes of `cut` are about one photo; here an error that ends the command means that it could not start
        code = error.exit_code if isinstance(error, (UsageError, NetworkUnavailable)) else 1
        raise typer.Exit(fail(error.message, error.hint, code)) from error
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


@dataclass(frozen=True)
class Where:
    """Where photos are cut: --engine, --address, and --actors with --gpus-each."""

    engine: str
    address: str
    pool: Pool


def _run(
    plan: Plan,
    kept: Results | None,
    where: Where,
    report: str | None,
    export_to: str | None,
    metrics: tuple[str, int] | None,
    *,
    json: bool,
    quiet: bool,
) -> Summary:
    from gigamatte.batch.display import JsonDisplay, LineDisplay
    from gigamatte.batch.engines import engine_for
    from gigamatte.batch.export import export
    from gigamatte.batch.metrics import Metrics
    from gigamatte.batch.report import write_report
    from gigamatte.batch.runner import run_batch
    from gigamatte.batch.streams import Lines
    from gigamatte.batch.tars.engines import lots_for
    from gigamatte.batch.tars.runner import run_tars

    def finish(manifest: Rows, summary: Summary) -> None:
        if export_to:
            export(manifest, Path(export_to))
        if report:
            write_report(Path(report), plan, manifest, summary)

    _end_in_order()
    with JsonDisplay() if json else LineDisplay(quiet=quiet) as display:
        with contextlib.nullcontext(display) if metrics is None else Metrics(display, metrics) as listener:
            if kept is None:
                make = engine_for(plan, where.engine, address=where.address, pool=where.pool)
                summary = run_batch(plan, make, listener, finish=finish)
            else:
                lots = lots_for(plan, where.engine, address=where.address, pool=where.pool)
                summary = run_tars(plan, lots, listener, kept, finish=finish)
        display.summary(summary)
    if summary.exit_code == 4 and not json:
        Lines(sys.stderr).write(f"gigamatte: {translate(f'no photo found in {plan.source}')}")
    return summary


def _estimate(plan: Plan, kept: Results | None, where: Where, price: float | None, *, json: bool) -> None:
    """Print what would be done."""
    from gigamatte.batch.display import JsonDisplay, LineDisplay, estimate_lines
    from gigamatte.batch.dry import dry_run
    from gigamatte.batch.engines import engine_for
    from gigamatte.batch.tars.dry import dry_tars

    def make(own: Plan) -> Callable[[Path], BatchEngine]:
        return engine_for(own, where.engine, address=where.address, pool=where.pool)

    with JsonDisplay() if json else LineDisplay() as display:
        if kept is None:
            found = dry_run(plan, make, display, price=price)
        else:
            found = dry_tars(plan, kept, make, display, price=price)
    if json:
        print(json_text({"event": "estimate", **found.as_dict()}))
        return
    for line in estimate_lines(found):
        print(line)


def _end_in_order() -> None:
    """Let SIGTERM, which systems send before they stop a machine, end the batch as Ctrl-C does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
