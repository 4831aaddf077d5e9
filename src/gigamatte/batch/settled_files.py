"""Watches a folder: a photo is taken when it is new or has changed, and was not written to for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from gigamatte.batch import hint_files
from gigamatte.batch.places import is_uri
from gigamatte.batch.task import Source

#: seconds for which size and times of a file must stay the same: copies over a network pause
REST = 2.0
#: a file whose own times are older than this, in seconds, is taken when it is first seen
OLD = 60.0


class Known(Protocol):
    """What is known already: a manifest, or what takes its place."""

    def has(self, source: Source) -> bool:
        """Whether a photo was taken as it is now."""
        ...


class SettledFiles:
    """Lets sources pass that are new to what is known, or changed, and rest. Objects are there whole or not at all."""

    def __init__(self, known: Known, clock: Callable[[], float] = time.monotonic) -> None:
        self._known, self._clock = known, clock
        #: of files that were seen and not yet cut: stamp, and when it was first seen
        self._seen: dict[str, tuple[str, float]] = {}

    def of(self, sources: Iterator[Source]) -> Iterator[Source]:
        """One look at the folder."""
        found: dict[str, tuple[str, float]] = {}
        for source in sources:
            if source.refusal or self._known.has(source):
                continue
            if is_uri(source.place) or _is_old(source):
                yield source
                continue
            now = self._clock()
            stamp, since = self._seen.get(source.key, (source.stamp, now))
            if stamp != source.stamp:
                since = now
            if now - since >= REST:
                yield source
            else:
                found[source.key] = source.stamp, since
        self._seen = found  # files that are gone are removed from the dictionary


def _is_old(source: Source) -> bool:
    """Whether its last change is old, by the status time (ctime), which programs cannot set back."""
    return all(map(_rests, hint_files.parts(source.stamp)))


def _rests(stamp: str) -> bool:
    parts = stamp.split("-")
    return len(parts) == 4 and time.time() - int(parts[2]) / 1e9 > OLD
