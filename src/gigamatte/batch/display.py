"""What a person or a program is told while a batch runs: a bar, plain lines, or JSON lines."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Any, TextIO

from gigamatte.batch.manifest import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.runner import Summary
from gigamatte.batch.task import Outcome
from gigamatte.messages.translate import translate

#: seconds between two progress events
EVERY = 2.0


class JsonDisplay:
    """Every event as one JSON object on a line of stdout."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._last = 0.0

    def __enter__(self) -> JsonDisplay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.flush()

    def listed(self, photos: int) -> None:
        """Nothing: the started event has the number."""

    def started(self, counts: Counts) -> None:
        """What the manifest says before the first photo."""
        unchanged, failed = counts.done, counts.quarantined
        self._say("started", total=counts.total, waiting=counts.waiting, unchanged=unchanged, failed=failed)

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """A photo; and every few seconds how far the whole is."""
        error = {"code": outcome.code, "message": outcome.message, "hint": outcome.hint} if outcome.code else None
        stale = {"stale": True} if outcome.stale else {}
        state = "retrying" if again else outcome.state
        self._say(
            "photo", path=outcome.key, state=state, seconds=outcome.seconds, error=error, files=list(outcome.files),
            receipt=outcome.receipt, **stale,
        )  # fmt: skip
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self._say("progress", **progress.as_dict())

    def warned(self, text: str) -> None:
        """A warning."""
        self._say("warning", message=text)

    def summary(self, summary: Summary) -> None:
        """The last line."""
        self._say("summary", **summary.as_dict())

    def _say(self, event: str, **values: Any) -> None:
        # ASCII: names that are no UTF-8 must not end the batch
        self._stream.write(json.dumps({"event": event, **values}, ensure_ascii=True) + "\n")
        self._stream.flush()


class LineDisplay:
    """Results' paths on stdout, failures on stderr; a bar too when stderr is a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = _Bar() if not quiet and sys.stderr.isatty() else None
        # on a terminal the bar and the paths would write over each other
        self._paths = not quiet and not (self._bar and sys.stdout.isatty())

    def __enter__(self) -> LineDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def listed(self, photos: int) -> None:
        """How many were found so far."""
        if self._bar is not None:
            self._bar.say(translate("listing: {} photos").replace("{}", f"{photos:,}"))

    def started(self, counts: Counts) -> None:
        """What there is to do."""
        if not self._quiet:
            self._err(f"{counts.total:,} photos: {counts.waiting:,} to cut, {counts.done:,} are right already")

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """A result's path (two of a pair), or why there is none."""
        if outcome.state == "failed":
            self._err(f"{outcome.key}: {outcome.message}" + (" (will be tried again)" if again else ""))
            if outcome.stale and not again:
                self._err("  its earlier result was left as it is")
        elif outcome.state == "kept":
            self._err(f"{outcome.key}: {outcome.message}")
        elif self._paths:
            for file in outcome.files:
                sys.stdout.write(_printable(f"{file}\n"))
        if self._bar is not None:
            self._bar.show(progress)

    def warned(self, text: str) -> None:
        """A warning."""
        self._err(text)

    def summary(self, summary: Summary) -> None:
        """The last lines."""
        if self._bar is not None:
            self._bar.stop()
        sys.stdout.flush()
        if summary.stopped:
            self._err(f"stopped: {summary.stopped}")
            self._err(f"  {summary.hint}")
        if not self._quiet:
            rate = summary.megapixels / summary.seconds if summary.seconds else 0.0
            self._err(
                f"{summary.done:,} cut, {summary.unchanged:,} unchanged, {summary.failed:,} failed, "
                f"{summary.waiting:,} left; {summary.megapixels:,.0f} megapixels in {_span(summary.seconds)}, "
                f"{rate:.1f} a second"
            )
        if summary.kept:
            self._err(f"{summary.kept:,} results were changed by hand and are kept: --overwrite replaces them")
        if summary.interrupted:
            self._err("interrupted: the same command goes on from here")

    def _err(self, text: str) -> None:
        line = _printable(translate(text))
        if self._bar is not None:
            self._bar.print(line)
        else:
            print(f"gigamatte: {line}" if not line.startswith(" ") else line, file=sys.stderr)


class _Bar:
    """One line at the bottom of the terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._rich = RichProgress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._rich.add_task(translate("listing"), total=None)

    def start(self) -> None:
        self._rich.start()

    def stop(self) -> None:
        self._rich.stop()

    def say(self, text: str) -> None:
        self._rich.update(self._task, description=text)

    def print(self, line: str) -> None:
        self._rich.console.print(line, markup=False, highlight=False)

    def show(self, now: Progress) -> None:
        left = "" if now.eta is None else f", {_span(now.eta)} left"
        failed = f", {now.failed} failed" if now.failed else ""
        text = f"{now.photos:,}/{now.total:,} photos, {now.megapixels:,.0f} MP, {now.rate:.1f} MP/s{left}{failed}"
        whole = now.total_megapixels or now.total
        done = now.megapixels if now.total_megapixels else now.photos
        self._rich.update(self._task, description=text, total=whole, completed=done)


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.1f} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
