"""``gigamatte compare``: four ways to cut one photo, measured side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gigamatte.cli.streams import json_text
from gigamatte.messages import translate


def compare(
    photo: Annotated[Path, typer.Argument(help="the photo to cut in four ways", metavar="PHOTO")],
    model: Annotated[str, typer.Option(help="the network that all four ways use")] = "auto",
    mask: Annotated[Path | None, typer.Option(help="a coarse mask instead of the network")] = None,
    truth: Annotated[Path | None, typer.Option(help="the exact alpha, if it is known")] = None,
    strategy: Annotated[
        str,
        typer.Option(help="how the photo is prepared: long-side, portrait, product, document, auto", metavar="NAME"),
    ] = "long-side",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="the report to write (default: STEM.compare.html beside PHOTO)"),
    ] = None,
    ignore_alpha: Annotated[
        bool, typer.Option("--ignore-alpha", help="Cut the photo as if it had no alpha of its own.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the report if it exists")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="plain data instead of a table")] = False,
) -> None:
    """Cut a photo directly, prepared, prepared and smoothed, and at full resolution; measure and show all four.

    What every column means is defined in docs/evaluate.md.
    """
    from gigamatte.options import Options
    from gigamatte.workflow.compare import compare as run

    found, report = run(
        photo,
        output,
        options=Options(model=model, device=device, ignore_alpha=ignore_alpha),
        truth=truth,
        mask=mask,
        strategy=strategy,  # type: ignore[arg-type]  # prepare refuses unknown words
        overwrite=overwrite,
    )
    print(json_text({**found.as_dict(), "report": str(report)}, indent=1) if as_json else found.table())
    if not as_json:
        print(report)
    for warning in found.warnings:
        print(translate(warning), file=sys.stderr)
