"""The protocol for what a batch reports while it runs, and the summary of how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from gigamatte.batch.counts import Counts
from gigamatte.batch.progress import Progress
from gigamatte.batch.task import Outcome
from gigamatte.errors import DeviceUnavailable, DownloadFailed, NetworkUnavailable, WeightsRefused

#: errors after which no photo could be cut, because the network or its device is not there or not as it should be
_NETWORK = frozenset(kind.code for kind in (NetworkUnavailable, WeightsRefused, DownloadFailed, DeviceUnavailable))


class Listener(Protocol):
    """Called with what happens, in the runner's thread."""

    def listed(self, photos: int) -> None:
        """So many were found so far."""
        ...

    def started(self, counts: Counts) -> None:
        """The list is complete, as it was when its photos were listed. Some may have been cut meanwhile."""
        ...

    def left_alone(self, photos: list[dict[str, Any]], count: int) -> None:
        """So many failed in an earlier run and are not tried again; the first ones: key, message, hint."""
        ...

    def ended(self, outcome: Outcome, progress: Progress, *, again: bool) -> None:
        """One photo has ended; ``again``: it will be tried once more."""
        ...

    def written(self, files: Sequence[str]) -> None:
        """Results have appeared that hold many photos' each: tar shards."""
        ...

    def warned(self, text: str) -> None:
        """Something a person should know."""
        ...


@dataclass(frozen=True)
class Summary:
    """How a batch ended."""

    total: int = 0
    #: cut in this run
    done: int = 0
    #: right already
    unchanged: int = 0
    #: results that were changed by hand and left alone
    kept: int = 0
    failed: int = 0
    waiting: int = 0
    megapixels: float = 0.0
    seconds: float = 0.0
    manifest: str = ""
    interrupted: bool = False
    #: it watched a folder: being stopped is its ordinary end
    watched: bool = False
    #: why it could not go on; empty when it could
    stopped: str = ""
    hint: str = ""
    #: of the error that it could not go on for
    stopped_code: str = ""

    @property
    def exit_code(self) -> int:
        """0 all done, 1 could not go on, 3 some failed, 4 nothing matched, 5 no network, 130 interrupted."""
        if self.interrupted and not self.watched:
            return 130
        if self.stopped:
            return NetworkUnavailable.exit_code if self.stopped_code in _NETWORK else 1
        if self.total == 0 and not self.watched:
            return 4
        return 3 if self.failed else 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "exit_code": self.exit_code}
