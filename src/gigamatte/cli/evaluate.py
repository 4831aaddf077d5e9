"""``gigamatte evaluate``: how good the cutouts of a folder of known cases are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gigamatte.cli.streams import json_text


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="folder of cases: photo.*, alpha.png, perhaps coarse.png", metavar="CASES")
    ],
    refine: Annotated[
        list[str] | None, typer.Option(help="auto, neural, guided or off; may be given several times")
    ] = None,
    model: Annotated[str, typer.Option(help="the network to judge as well")] = "auto",
    coarse: Annotated[bool, typer.Option(help="judge from the given coarse masks")] = True,
    network: Annotated[bool, typer.Option(help="judge from the network's own masks")] = True,
    exact: Annotated[
        list[str] | None,
        typer.Option(
            metavar="1/N|SIDE",
            help="judge from the exact alpha made smaller, too: 1/2 of the photo's sides, or a square of 2048 pixels; "
            "may be given several times",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="plain data instead of tables")] = False,
    markdown: Annotated[bool, typer.Option(help="tables in Markdown")] = False,
) -> None:
    """Score cutouts against exact alphas, as ratios to enlarging the same mask (1 = no better)."""
    from gigamatte.evaluate.cases import find_cases
    from gigamatte.evaluate.reduced import Reduction
    from gigamatte.evaluate.report import Row
    from gigamatte.evaluate.report import evaluate as run
    from gigamatte.options import Options

    def tell(row: Row) -> None:
        print(f"{row.case} {row.source} {row.method} {row.seconds:.1f} s", file=sys.stderr)

    methods = refine or ["auto"]
    for name in methods:
        Options(refine=name)  # type: ignore[arg-type]  # Options itself refuses unknown words
    found = run(
        find_cases(folder),
        refines=methods,  # type: ignore[arg-type]
        options=Options(model=model, device=device),
        coarse=coarse,
        network=network,
        exact=[Reduction.parsed(text) for text in exact or ()],
        watch=tell,
    )
    print(json_text(found.as_dict(), indent=1) if as_json else found.tables(markdown=markdown))
