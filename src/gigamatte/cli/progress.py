"""A progress bar on stderr, on a terminal only: a pipe or a log gets none."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from gigamatte.messages.translate import translate
from gigamatte.types import Watch

#: How much of a cut's time each stage takes, about, and what it is called.
_STAGES = {"read": (0.2, "reading"), "network": (0.1, "locating"), "matte": (0.4, "matting"), "write": (0.3, "writing")}


@contextlib.contextmanager
def progress_bar(wanted: bool) -> Iterator[Watch | None]:
    """A ``watch`` that draws, or None where nobody would see it."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:>10}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(translate("reading"), total=1.0)

        def watch(stage: str, fraction: float) -> None:
            before = 0.0
            for name, (share, title) in _STAGES.items():
                if name == stage:
                    bar.update(task, description=translate(title), completed=before + share * fraction)
                    return
                before += share

        yield watch
