"""Lists photos in a thread of its own, while the first of them are being cut already."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from gigamatte.batch import hint_files
from gigamatte.batch.counts import Counts
from gigamatte.batch.lists.sources import list_sources
from gigamatte.batch.lists.wanted import Passed
from gigamatte.batch.manifest import Manifest
from gigamatte.batch.naming import shard_of
from gigamatte.batch.plan import Plan
from gigamatte.batch.result_stamps import ResultStamps
from gigamatte.batch.settled_files import SettledFiles
from gigamatte.batch.task import Source
from gigamatte.errors import InputError
from gigamatte.messages.plural import plural

#: photos that are noted in one transaction, at most
CHUNK = 1000
#: photos that were given up on and are named
NAMED = 20


class Lister:
    """Notes the photos of ``plan`` in ``manifest``; ``start`` it, and ``close`` it before the manifest."""

    def __init__(self, plan: Plan, manifest: Manifest, config: str) -> None:
        self._plan, self._manifest, self._config = plan, manifest, config
        self._passed = Passed()
        self._turn = threading.Condition()
        self._counts, self._repeated, self._given_up = Counts(), 0, list[dict[str, Any]]()
        #: how many they are in all
        self.given_up_count = 0
        self._warnings: list[str] = []
        self._error: Exception | None = None
        self._complete = self._ended = self._closed = False
        self._thread = threading.Thread(target=self._run, name="gigamatte-list", daemon=True)

    def start(self) -> None:
        """Begin to list."""
        self._thread.start()

    @property
    def complete(self) -> bool:
        """Whether the list has come to its end, for the first time. Raises what kept it from that."""
        with self._turn:
            if self._error is not None:
                raise self._error
            return self._complete

    @property
    def ended(self) -> bool:
        """Whether nothing more will be listed: never, as long as a folder is watched."""
        with self._turn:
            return self._ended

    def counts(self) -> Counts:
        """All that was listed so far, as it was when it was listed."""
        with self._turn:
            return self._counts

    def given_up(self) -> list[dict[str, Any]]:
        """Of photos that failed in an earlier run and are left alone, the first ones: key, message, hint."""
        return self._given_up

    def warnings(self) -> list[str]:
        """The warnings since the last call."""
        with self._turn:
            fresh, self._warnings = self._warnings, []
            return fresh

    def wait(self, seconds: float) -> None:
        """Until more is listed, at most so long."""
        with self._turn:
            if not self._ended and self._error is None:
                self._turn.wait(seconds)

    def close(self) -> None:
        """Stop listing. A store that does not answer is not waited for."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            self._list()
        except Exception as error:  # raised again in the runner's thread
            with self._turn:
                self._error = error
                self._turn.notify_all()

    def _list(self) -> None:
        resting = SettledFiles(self._manifest) if self._plan.watch else None
        while not self._closed:
            self._passed = Passed()
            self._pass_over(resting)
            with self._turn:
                if not self._complete:
                    self._warnings += self._passed.lines()
                    if self._repeated:
                        warning = (
                            f"{self._plan.source} names photos again in {self._repeated:,} "
                            f"line{plural(self._repeated)}: each is done once"
                        )
                        self._warnings.append(warning)
                self._complete, self._ended = True, resting is None
                self._turn.notify_all()
                if resting is None:
                    return
                self._turn.wait_for(lambda: self._closed, self._plan.every)

    def _pass_over(self, resting: SettledFiles | None) -> None:
        """Note everything that is there now; where a folder is watched, what is new and rests."""
        plan = self._plan
        if plan.listed is not None:
            found = iter(plan.listed)
        elif plan.redo:
            found = self._manifest.marked_redo()
        else:
            found = list_sources(
                plan.source, pattern=plan.pattern, out=plan.out, column=plan.column, passed=self._passed
            )
        index, count = plan.shard
        sets = plan.options.consistent
        mine: Iterator[Source] = (
            source for source in found if shard_of(source.key, count, whole_folders=sets) == index - 1
        )
        if resting is not None:
            mine = resting.of(mine)
        standing = ResultStamps(plan)
        for chunk in _chunks(mine):
            if self._closed:
                return
            counts, again, given_up = self._manifest.enlist(
                self._stamped(chunk), self._config, plan.template, standing,
                pair=plan.pair, retry=plan.retry_failed, recheck=plan.recheck, overwrite=plan.overwrite,
                watching=resting is not None, redo=plan.redo,
            )  # fmt: skip
            with self._turn:
                self._counts, self._repeated = self._counts + counts, self._repeated + again
                self.given_up_count += len(given_up)
                self._given_up += given_up[: NAMED - len(self._given_up)]
                self._warnings += [source.refusal for source in chunk if source.refusal]
                self._turn.notify_all()

    def _stamped(self, chunk: list[Source]) -> list[Source]:
        """A list of URIs has no stamps: those of photos that were cut before are requested."""
        unknown = [source for source in chunk if not source.stamp and not source.refusal]
        known = self._manifest.known(source.key for source in unknown) if unknown else frozenset()
        return stamped(chunk, [source for source in unknown if source.key in known])


def stamped(chunk: list[Source], asked: list[Source]) -> list[Source]:
    """``chunk``, with stamps for those of ``asked`` that have none: many are requested at once."""
    asked = [source for source in asked if not source.stamp and not source.refusal]
    if not asked:
        return chunk
    with ThreadPoolExecutor(min(32, len(asked))) as pool:
        known = {id(source): new for source, new in zip(asked, pool.map(_stamped, asked), strict=True)}
    return [known.get(id(source), source) for source in chunk]


def _stamped(source: Source) -> Source:
    try:
        size, stamp = hint_files.stamp_of(source.place)
    except InputError:
        return source
    return replace(source, bytes=size, stamp=stamp)


def _chunks(sources: Iterator[Source]) -> Iterator[list[Source]]:
    """One, then twice as many each time; one again where they come slowly, as from a program that is still writing."""
    size, chunk, began = 1, list[Source](), time.monotonic()
    for source in sources:
        chunk.append(source)
        slow = time.monotonic() - began > 1.0
        if len(chunk) >= size or slow:
            yield chunk
            size, chunk, began = 1 if slow else min(2 * size, CHUNK), [], time.monotonic()
    if chunk:
        yield chunk
