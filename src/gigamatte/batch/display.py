"""Shows how a batch runs: a bar and plain lines for a person, JSON lines for a program."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from gigamatte.batch.counts import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.streams import Lines, printable
from gigamatte.batch.summary import Summary
from gigamatte.batch.task import Outcome, reason
from gigamatte.messages.plural import plural
from gigamatte.messages.translate import translate

if TYPE_CHECKING:
    from gigamatte.batch.dry import Estimate

#: seconds between two progress events
EVERY = 2.0


class JsonDisplay:
    """Every event as one JSON object on a line of stdout."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._lines = Lines(stream or sys.stdout, _lost)
        self._last = time.monotonic()
        self._listed = 0

    def __enter__(self) -> JsonDisplay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def listed(self, photos: int) -> None:
        """How many were found so far, every few seconds of a long listing, and at its end."""
        self._listed = photos
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self._say("listed", photos=photos)

    def started(self, counts: Counts) -> None:
        """What the manifest said of the photos as they were listed."""
        self._say("listed", photos=self._listed)
        unchanged, failed = counts.done, counts.quarantined
        self._say("started", total=counts.total, waiting=counts.waiting, unchanged=unchanged, failed=failed)

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """Photos that failed in an earlier run, the first ones by name."""
        self._say("left-alone", count=count, photos=photos)

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

    def written(self, files: Sequence[str]) -> None:
        """Tar shards that have appeared."""
        self._say("written", files=list(files))

    def warned(self, text: str) -> None:
        """A warning."""
        self._say("warning", message=text)

    def summary(self, summary: Summary) -> None:
        """The last line."""
        self._say("summary", **summary.as_dict())

    def _say(self, event: str, **values: Any) -> None:
        # ASCII, because names that are no UTF-8 cannot be encoded and would end the batch
        self._lines.write(json.dumps({"event": event, **values}, ensure_ascii=True))


class LineDisplay:
    """Results' paths on stdout, failures on stderr; a bar too when stderr is a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._results, self._told = Lines(sys.stdout, _lost), Lines(sys.stderr)
        self._bar = _Bar() if not quiet and self._told.is_terminal else None
        # on a terminal the bar and the paths would overwrite each other
        self._paths = not quiet and not (self._bar and self._results.is_terminal)
        #: frames of films that were cut
        self._frames = 0
        #: the last one that was printed
        self._hint = ""
        #: why devices were not used, as it was printed
        self._devices: set[str] = set()

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
            self._bar.say(_t(f"listing: {photos:,} photo{plural(photos)}"))

    def started(self, counts: Counts) -> None:
        """What there is to do."""
        if not self._quiet:
            total, right = counts.total, counts.done
            self._err(_t(f"{total:,} photo{plural(total)}: {counts.waiting:,} to cut, {right:,} right already"))

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """A result's path (two of a pair), or why there is none."""
        self._frames += outcome.frames
        if outcome.state in ("failed", "kept"):
            self._say_why(outcome.key, outcome.message, outcome.hint, outcome.stale, again=again)
        elif self._paths:
            for file in outcome.files:
                self._results.write(file)
        for warning in outcome.fell_back:
            self._say_once(warning)
        if self._bar is not None:
            self._bar.show(progress)

    def _say_once(self, warning: str) -> None:
        """Why a device is not used: every photo's receipt says it, and a person reads it once."""
        if warning not in self._devices:
            self._devices.add(warning)
            self._err(translate(warning))

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """Photos that failed in an earlier run: the first ones by name, and how to have them tried again."""
        if self._quiet:
            return
        for photo in photos:
            self._say_why(photo["key"], photo["message"] or "", photo["hint"] or "", False, again=False)
        if count > len(photos):
            self._err(_t(f"… and {count - len(photos):,} more; --export lists all"))
        self._err(_left_alone(count))

    def _say_why(self, key: str, message: str, hint: str, stale: bool, *, again: bool) -> None:
        """Why there is no new result, and what to do about it: that only once for many photos that need the same."""
        self._err(_t("{}: {} (will be tried again)" if again else "{}: {}", key, reason(key, translate(message))))
        if stale and not again:
            self._err(_t("  its earlier result was left as it is"))
        if hint and hint != self._hint and not again:
            self._hint = hint
            self._err(f"  {translate(hint)}")

    def written(self, files: Sequence[str]) -> None:
        """Tar shards that have appeared."""
        if self._paths:
            for file in files:
                self._results.write(file)

    def warned(self, text: str) -> None:
        """A warning."""
        self._err(translate(text))

    def summary(self, summary: Summary) -> None:
        """The last lines."""
        if self._bar is not None:
            self._bar.stop()
        if summary.stopped:
            self._err(_t("stopped: {}", translate(summary.stopped)))
            if summary.hint:
                self._err(f"  {translate(summary.hint)}")
        if not self._quiet:
            self._totals(summary)
        if summary.kept:
            kept = summary.kept
            self._err(_t(f"{kept:,} result{plural(kept)} changed by hand and kept: replace with --overwrite"))
        if summary.interrupted:
            self._err(_t("interrupted: the same command goes on from here"))

    def _totals(self, summary: Summary) -> None:
        done, unchanged, failed, left = summary.done, summary.unchanged, summary.failed, summary.waiting
        self._err(_t(f"{done:,} cut, {unchanged:,} unchanged, {failed:,} failed, {left:,} left"))
        if self._frames:
            self._err(_t(f"{self._frames:,} frame{plural(self._frames)} of films among them"))
        if summary.done and summary.seconds:
            rate = megapixels(summary.megapixels / summary.seconds)
            self._err(_t(f"{megapixels(summary.megapixels)} megapixels in {_span(summary.seconds)}, {rate} a second"))

    def _err(self, text: str) -> None:
        """A line that is translated already."""
        line = text if text.startswith(" ") else f"gigamatte: {text}"
        if self._bar is not None:
            self._bar.print(printable(line, sys.stderr.encoding))
        else:
            self._told.write(line)


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
        text = _t(
            f"{now.photos:,}/{now.total:,} photo{plural(now.total)}, {megapixels(now.megapixels)} MP, "
            f"{megapixels(now.rate)} MP/s"
        )
        text += "" if now.eta is None else _t(", {} left", _span(now.eta))
        text += _t(", {} failed", f"{now.failed:,}") if now.failed else ""
        whole = now.total_megapixels or now.total
        done = now.megapixels if now.total_megapixels else now.photos
        self._rich.update(self._task, description=text, total=whole, completed=done)


def megapixels(number: float) -> str:
    """Megapixels as text: whole numbers when there are many, with decimals when there are few."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 0.1 or not number else f"{number:.2g}"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.1f} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _t(text: str, *values: str) -> str:
    """A translated text; ``values``, which may be whole messages, fill its {}."""
    return translate(text).format(*values) if values else translate(text)


def _left_alone(count: int) -> str:
    return _t(f"{count:,} photo{plural(count)} left alone after failing in an earlier run: --retry-failed tries again")


def estimate_lines(found: Estimate) -> Iterator[str]:
    """What ``--dry-run`` tells a person."""
    right, size = found.unchanged + found.kept, _bytes(found.waiting_bytes)
    cut, of = found.waiting, found.total
    if found.estimated:
        yield _t(f"about {cut:,} photo{plural(cut)} would be cut ({size}); {right:,} right already")
    else:
        yield _t(f"{cut:,} of {of:,} photo{plural(of)} would be cut ({size}); {right:,} right already")
    if found.failed:
        yield _left_alone(found.failed)
    if found.sampled:
        yield _t(f"{found.sampled:,} photo{plural(found.sampled)} tried, {found.sample_failed:,} failed")
    for one in found.sample_failures:
        yield f"  {one['key']}: {reason(one['key'], translate(one['message']))}"
    if found.hours is None or found.megapixels is None or found.result_bytes is None:
        return
    whole, span = megapixels(found.megapixels), _span(3600 * found.hours)
    rate, results = megapixels(found.rate or 0.0), _bytes(found.result_bytes)
    yield _t(f"about {whole} megapixels in {span} at {rate} a second; results {results}")
    if found.cost is not None:
        yield _t(f"cost: {found.cost:,.2f}")


def _bytes(number: float) -> str:
    """Bytes as text in MB and GB of 10⁶ and 10⁹ bytes, the units in which stores charge."""
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.1f} MB"


def _lost(why: str) -> None:
    """Does nothing: the batch goes on when its list of results cannot be written."""
    Lines(sys.stderr).write(f"gigamatte: {_t('standard output cannot be written any more: {}', why)}")
