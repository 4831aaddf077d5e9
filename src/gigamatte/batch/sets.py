"""Treats the photos of one folder as a set: one scale for all, the smallest that any of them needs.

Every photo is cut with the scale that is known of its folder so far, none at first. When all are done, those that were
made with another scale than their folder's smallest are cut once more. A folder belongs to one shard as a whole; one
that is watched is looked at again whenever there is nothing else to do. What other tar shards have of the same folders
is in ``tars/spread_sets.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gigamatte.batch.manifest import Manifest
from gigamatte.batch.summary import Listener
from gigamatte.batch.task import Outcome, Task
from gigamatte.messages.plural import plural

#: two scales that differ by less than this part are one
SAME = 1e-6
#: gives the scale that a folder needs for its photos elsewhere, None where there are none
ScaleOf = Callable[[str], float | None]


def no_scale(_: str) -> float | None:
    """Folders of which nothing is known."""
    return None


class Sets:
    """The scales of the folders of one run, and which photos are done again for them; none where not ``wanted``.

    ``elsewhere`` gives the scales of photos of the same folders that are not in this run.
    """

    def __init__(self, manifest: Manifest, listener: Listener, wanted: bool, elsewhere: ScaleOf = no_scale) -> None:
        self._manifest, self._listener, self._elsewhere = manifest, listener, elsewhere
        self._scales: dict[str, float] = {}
        self._again: frozenset[str] = frozenset()
        #: whether photos may have another scale than their set since it was settled
        self._changed = wanted
        self._wanted = wanted

    def of(self, task: Task) -> Task:
        """The task, with the scale of its set. What is done again has no earlier result that would be right."""
        known = None if task.key in self._again else task.known
        folder = folder_of(task.key)
        return replace(task, scale=self._scales.get(folder) or self._elsewhere(folder), known=known)

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
        uneven = [row["key"] for row in done if differs(row["receipt"], self._scales.get(folder_of(row["key"])))]
        self._again = frozenset(uneven)
        self._manifest.give_back(uneven)
        if uneven:
            self._listener.warned(once_more(len(uneven)))
        return len(uneven)

    def _learn(self) -> None:
        self._scales = {}
        for folder, (fits, _) in sets_of(self._manifest.rows("state = 'done'")).items():
            self._scales[folder] = min(fits, self._elsewhere(folder) or fits)


def once_more(photos: int) -> str:
    """What is said of photos that are cut again for their set."""
    warnings: list[str] = []
    warnings.append(f"{photos:,} photo{plural(photos)} to be cut once more, with the one scale of the folder")
    return warnings[0]


def folder_of(key: str) -> str:
    """The folder of a photo, by its key; "" where it is in none."""
    return key.rpartition("/")[0]


def sets_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """By folder: the smallest scale that one of the photos needs, and the one that the last of them has."""
    found: dict[str, tuple[float, float]] = {}
    for row in rows:
        placed = _placed(row["receipt"])
        if placed.get("fits") is not None:
            folder = folder_of(row["key"])
            found[folder] = min(placed["fits"], found.get(folder, (placed["fits"],))[0]), placed["scale"]
    return found


def differs(receipt: Mapping[str, Any] | None, scale: float | None) -> bool:
    """Whether a photo of a set was made with another scale than ``scale``."""
    placed = _placed(receipt)
    return scale is not None and placed.get("fits") is not None and abs(placed["scale"] / scale - 1) > SAME


def _placed(receipt: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (receipt or {}).get("placed") or {}
