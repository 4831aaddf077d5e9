"""A progress bar on stderr, on a terminal only: a pipe or a log gets none."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gigamatte.messages.translate import translate
from gigamatte.types import Watch

if TYPE_CHECKING:
    from gigamatte.film.types import FilmWatch
    from gigamatte.film.types import Progress as FilmProgress

#: How much of a cut's time each stage takes, about, and what it is called.
_STAGES = {"read": (0.2, "reading"), "network": (0.1, "locating"), "matte": (0.4, "matting"), "write": (0.3, "writing")}


@contextlib.contextmanager
def progress_bar(wanted: bool) -> Iterator[Watch | None]:
    """A ``watch`` that draws, or None where stderr is no terminal."""
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


@contextlib.contextmanager
def film_bar(wanted: bool) -> Iterator[FilmWatch | None]:
    """The same for a film: frames, frames a second, and the time left."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = BarColumn(), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def watch(progress: FilmProgress) -> None:
            left = "" if progress.left is None else f", {translate('time left')} {clock(progress.left)}"
            said = f"{progress.done}/{progress.total or '?'} {translate('frames')}, {progress.rate:.1f}/s{left}"
            bar.update(task, completed=progress.done, total=progress.total, description=said)

        yield watch


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
