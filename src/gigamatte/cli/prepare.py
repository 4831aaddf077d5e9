"""``gigamatte prepare``: shrink photos the way users of 1024-pixel tools do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigamatte.cli.streams import json_text
from gigamatte.errors import UsageError
from gigamatte.messages import translate

if TYPE_CHECKING:
    from gigamatte.workflow.prepare import Prepared


def prepare(
    source: Annotated[str, typer.Argument(help="a JPEG, PNG or WebP, or a folder of them", metavar="IN")],
    output: Annotated[str, typer.Argument(help="the PNG to write, or a folder", metavar="OUT")],
    strategy: Annotated[
        str, typer.Option(help="long-side, portrait, product, document, or auto", metavar="NAME")
    ] = "long-side",
    long: Annotated[int, typer.Option(help="pixels of the longer side (named strategies: of the width)")] = 1024,
    short: Annotated[int, typer.Option(help="least pixels of the shorter side")] = 768,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace results that exist")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="plain data, one line per photo")] = False,
) -> None:
    """Shrink photos for tools whose network sees 1024 pixels, as lossless PNG. `cut` does not need this.

    long-side is the published script: the longer side to 1024, or the shorter to 768 where it would fall under that
    (5472×3648 → 1152×768).

    The published table scales the width instead, and the named strategies give its sizes: portrait 4000×6000 →
    1024×1536; product 3000×2000 → 1024×683, then stretched to 1024×768 (its aspect changes); document 2400×3200 →
    autocontrast, then 1024×1365.

    auto chooses one by size and content, says why, and leaves a photo alone whose longer side has 970…1070 and whose
    shorter has at least 768 pixels.
    """
    from gigamatte.workflow.prepare import prepare as one
    from gigamatte.workflow.prepare import prepare_folder

    options: dict[str, Any] = {"strategy": strategy, "long": long, "short": short, "overwrite": overwrite}
    if not source or not output:  # a Path of "" would be the current folder
        raise UsageError("IN and OUT are names of files or folders; found an empty one")
    if not Path(source).is_dir():
        _tell(one(source, output, **options), as_json)
        return
    failed = 0
    for result in prepare_folder(source, output, **options):
        if isinstance(result, tuple):
            failed += 1
            print(translate(result[1].message), file=sys.stderr)
        else:
            _tell(result, as_json)
    if failed:
        print(translate(f"{failed} of the photos could not be prepared"), file=sys.stderr)
        raise typer.Exit(1)


def _tell(done: Prepared, as_json: bool) -> None:
    if as_json:
        plain = {
            "input": str(done.source),
            "output": str(done.output),
            "before": [done.before.width, done.before.height],
            "after": [done.after.width, done.after.height],
            "strategy": done.strategy,
            "reason": done.reason,
        }
        print(json_text(plain))
    else:
        print(f"{done.output}: {done.before} → {done.after} ({done.strategy}: {translate(done.reason)})")
