"""``gigamatte preview``: a page to judge a cutout on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def preview(
    cutout: Annotated[Path, typer.Argument(help="the cutout: PNG, WebP or TIFF", metavar="CUTOUT")],
    photo: Annotated[Path | None, typer.Option(help="the photo it was made of, for before and after")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="the page to write (default: STEM.preview.html beside CUTOUT)")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the page if it exists")] = False,
) -> None:
    """Write one HTML page that shows a cutout on any background, its opacity, and before and after, up to 8:1.

    The page holds the pictures themselves: it opens from disk, loads nothing and can be sent to anybody.
    """
    from gigamatte.workflow.preview import preview as run

    print(run(cutout, output, photo=photo, overwrite=overwrite))
