"""The data that a runner and an engine exchange: small rows of plain data, never pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gigamatte.network.engines.devices import ON_CPU

#: done: written and verified; same: an earlier result is still right; kept: the result was changed since by somebody
#: else and left alone; failed: see the outcome's error
State = Literal["done", "same", "kept", "failed"]
#: how a failure may concern the place and not this photo alone (``lost.py``). gone: there is no such file; unreadable:
#: it exists and cannot be read; away: the store itself does not answer; unwritten: the result could not be written
Suspect = Literal["", "gone", "unreadable", "away", "unwritten"]
#: retry: may succeed another time; final: this content with these options never will; stop: no photo would
Verdict = Literal["retry", "final", "stop"]


@dataclass(frozen=True, slots=True)
class Source:
    """A photo that was found. ``refusal`` says why it is not touched: a link that leads outside, for example."""

    #: path below the input's root, with forward slashes; the photo's name in the manifest
    key: str
    #: absolute path, or URI
    place: str
    bytes: int
    #: changes whenever the file does; cheap to get, unlike a hash
    stamp: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier result: hash of what went in, and SHA-256 of the file that came out (joined by + where two did)."""

    fingerprint: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Written:
    """A result's file as it was written: its hash and stamp, the fingerprint of what went in, the photo's place."""

    sha256: str
    #: 63 bits of it (``compact.stamp_number``)
    stamp: int
    fingerprint: str
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """One photo to cut. ``target`` is an absolute path or a URI, for a pair that after which both files are named;
    ``replace`` allows what lies there to be replaced."""

    key: str
    source: str
    target: str
    bytes: int
    mask: str | None = None
    #: where hints about this photo lie
    hints: str | None = None
    replace: bool = False
    #: an earlier result that may still be right
    known: Known | None = None
    #: what was ever written to each file of the target: without ``replace`` the hashes tell whether it may be replaced
    written: tuple[tuple[Written, ...], ...] = ()
    #: an earlier result of this photo lies at the target
    earlier: bool = False
    #: of a set: pixels of the canvas for one of the photo
    scale: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Task:
        """The inverse of ``as_dict``."""
        known = plain["known"]
        written = tuple(tuple(Written(**one) for one in file) for file in plain["written"])
        return cls(**{**plain, "known": Known(**known) if known else None, "written": written})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one task."""

    key: str
    state: State
    fingerprint: str = ""
    #: of the input when it was read
    stamp: str = ""
    sha256: str = ""
    out_bytes: int = 0
    out_stamp: str = ""
    #: a Receipt as a dictionary
    receipt: Mapping[str, Any] | None = None
    #: wall-clock seconds from fetching to verifying
    seconds: float = 0.0
    code: str = ""
    message: str = ""
    hint: str = ""
    verdict: Verdict = "retry"
    suspect: Suspect = ""
    #: of a failure: an earlier result stays at the target
    stale: bool = False
    #: absolute paths or URIs of what was written: two of a pair
    files: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dataclasses.asdict(self)

    @property
    def megapixels(self) -> float:
        """Size of the result / 10⁶, of a film times its frames; 0 when there is none."""
        if not self.receipt:
            return 0.0
        return float(self.receipt["width"] * self.receipt["height"] / 1e6 * max(1, self.frames))

    @property
    def frames(self) -> int:
        """Frames of a film; 0 for a photo."""
        return int(self.receipt.get("film", {}).get("frames", 0)) if self.receipt else 0

    @property
    def fell_back(self) -> tuple[str, ...]:
        """Warnings that another device did the work than the one that was asked for."""
        warnings = self.receipt["warnings"] if self.receipt else ()
        return tuple(text for text in warnings if text.endswith(ON_CPU))

    @property
    def doubt(self) -> float:
        """How unsure the matte is, 0…1."""
        return float(self.receipt["doubt"].get("score", 0.0)) if self.receipt else 0.0


def reason(key: str, message: str) -> str:
    """An error's line, in either language, without the photo's name in front, for where that stands already."""
    for name in (key, key.rsplit("/", 1)[-1]):
        message = message.removeprefix(f"{name}: ").removeprefix(f"{name}：")
    return message


class BatchEngine(Protocol):
    """Where photos are cut: on this machine or on many."""

    def start(self) -> None:
        """Get ready. Raises errors that concern every photo: no network, no cluster."""
        ...

    def process(self, tasks: Iterator[Task | None]) -> Iterator[Outcome]:
        """One outcome for each task, in any order. Takes tasks only as it needs them; never raises an error of a photo.

        None among the tasks means that there is none yet: the engine then yields outcomes of photos that have ended.
        """
        ...

    def close(self) -> None:
        """Stop at once, abandoning what is in flight; nothing half-written is left."""
        ...
