"""Treats the photos of one folder as a set: one scale for all, the smallest that any of them needs.

Every photo is cut with the scale that is known of its folder so far, none at first. When all are done, those that were
made with another scale than their folder's smallest are cut once more. A folder belongs to one shard as a whole; one
that is watched is looked at again whenever there is nothing else to do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gigamatte.batch.manifest import Manifest
from gigamatte.batch.summary import Listener
from gigamatte.batch.task import Outcome, Task

#: two scales that differ by less than this part are one
SAME = 1e-6


class Sets:
    """The scales of the folders of one run, and which photos are done again for them; none where not ``wanted``."""

    def __init__(self, manifest: Manifest, listener: Listener, *, wanted: bool) -> None:
        self._manifest, self._listener = manifest, listener
        self._scales: dict[str, float] = {}
        self._again: frozenset[str] = frozenset()
        #: whether photos may have another scale than their set since it was settled
        self._changed = wanted
        self._wanted = wanted

    def of(self, task: Task) -> Task:
        """The task, with the scale of its set. What is done again has no earlier result that would be right."""
        known = None if task.key in self._again else task.known
        return replace(task, scale=self._scales.get(_folder(task.key)), known=known)

    def noted(self, outcome: Outcome) -> bool:
        """Hear what became of a photo. Whether it was cut once more for its set."""
        done = outcome.state == "done"
        self._changed |= done and self._wanted
        return done and outcome.key in self._again

    def settle(self) -> int:
        """Have the photos that were made with another scale than their set's wait again; how many they are."""
        if not self._changed:
            return 0
        self._changed = False
        self._learn()
        done = self._manifest.rows("state = 'done'")
        uneven = [row["key"] for row in done if self._differs(row["key"], row["receipt"])]
        self._again = frozenset(uneven)
        self._manifest.give_back(uneven)
        if uneven:
            self._listener.warned(f"{len(uneven):,} photos are cut once more, with the one scale of their folder")
        return len(uneven)

    def _learn(self) -> None:
        self._scales = {}
        for row in self._manifest.rows("state = 'done'"):
            fits = _placed(row["receipt"]).get("fits")
            if fits is not None:
                folder = _folder(row["key"])
                self._scales[folder] = min(fits, self._scales.get(folder, fits))

    def _differs(self, key: str, receipt: dict[str, Any] | None) -> bool:
        placed = _placed(receipt)
        if "fits" not in placed:
            return False
        return abs(placed["scale"] / self._scales[_folder(key)] - 1) > SAME


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _placed(receipt: dict[str, Any] | None) -> dict[str, float]:
    return (receipt or {}).get("placed") or {}
