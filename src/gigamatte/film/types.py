"""What a film is made of, as it is read: its header, its frames, and which part of it is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gigamatte.errors import UsageError
from gigamatte.types import ModelUse, PixelArray, Receipt, Size

if TYPE_CHECKING:
    from gigamatte.cutout.cutout import Cutout


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a film that is wanted: frames from ``start`` on and before ``end`` (seconds), every n-th of them.

    ``fps`` is the rate of a sequence of pictures, which have no times of their own. Raises UsageError.
    """

    start: float = 0.0
    end: float | None = None
    every: int = 1
    fps: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and self.start >= 0):
            raise UsageError(f"--from is a time in seconds, at least 0; found {self.start:g}")
        if self.end is not None and not self.end > self.start:
            raise UsageError(f"--to lies after --from; found {self.start:g} to {self.end:g} seconds")
        if self.every < 1:
            raise UsageError(f"--every is a whole number, at least 1; found {self.every}")
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise UsageError(f"--fps lies in 0…1000 frames a second; found {self.fps:g}")

    def holds(self, time: Fraction) -> bool:
        """Whether a frame of this time is wanted, ``every`` left aside."""
        return time >= _exact(self.start) and (self.end is None or time < _exact(self.end))

    def frames_of(self, header: Header) -> int | None:
        """How many frames of a film are wanted, as far as its ``header`` tells."""
        if header.frames is None or not header.seconds:
            return None
        end = header.seconds if self.end is None else min(self.end, header.seconds)
        share = max(0.0, end - self.start) / header.seconds
        return max(1, -(-round(header.frames * share) // self.every))


def _exact(seconds: float) -> Fraction:
    # a user's 2.1 means 21/10, not the nearest binary number above or below it
    return Fraction(repr(seconds))


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film: ``pixels`` (row, column, RGB or RGBA), uint8 or uint16, sRGB, or the path of a picture.

    ``time`` is the source's own time stamp and ``duration`` how long it is shown, in seconds.
    """

    time: Fraction
    pixels: PixelArray | Path
    duration: Fraction


@dataclass(frozen=True)
class Header:
    """What is known of a film before it is decoded. ``size`` is upright; ``frames`` and ``seconds`` are estimates.

    ``base``: the unit of its time stamps, in seconds. ``aspect``: how wide a pixel is for its height.
    """

    name: str
    kind: str
    size: Size
    bits: int = 8
    alpha: bool = False
    rate: Fraction | None = None
    base: Fraction = Fraction(1, 1000)
    aspect: Fraction = Fraction(1)
    frames: int | None = None
    seconds: float | None = None
    sound: str | None = None
    loop: int | None = None
    warnings: tuple[str, ...] = ()


class Source(Protocol):
    """A film that can be read, several times if need be."""

    header: Header
    #: the file or the first of the files; None where it is bytes
    path: Path | None

    def frames(self, span: Span, skip: int = 0) -> Iterator[Frame]:
        """The wanted frames but the first ``skip``, in order. Raises UnsupportedInput where the file is broken."""
        ...


class Moment(NamedTuple):
    """A cut frame: its ``time`` in the source, in seconds, and its ``cutout``."""

    time: float
    cutout: Cutout


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a film is: frames done, frames in all (an estimate, or None), and seconds of work so far."""

    done: int
    total: int | None
    seconds: float
    #: frames that an earlier, interrupted run had finished
    kept: int = 0

    @property
    def rate(self) -> float:
        """Frames a second."""
        return (self.done - self.kept) / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds still to go; None where that is not known."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0, self.total - self.done) / self.rate


#: called after each frame; raising Cancelled stops
FilmWatch = Callable[[Progress], None]


@dataclass(frozen=True)
class FilmReceipt:
    """What was done to a film: plain data."""

    input: str
    output: str
    format: str
    frames: int
    width: int
    height: int
    #: time of the first frame and of the end of the last one, in the source, in seconds
    first: float
    last: float
    model: ModelUse | None = None
    device: str | None = None
    precision: str | None = None
    #: new scenes after the first one
    cuts: int = 0
    #: frames that an earlier, interrupted run had finished
    kept: int = 0
    #: how the sound was taken along: copied, opus, aac, or none
    sound: str = "none"
    seconds: Mapping[str, float] = field(default_factory=dict)
    tiles: Mapping[str, int] = field(default_factory=dict)
    peak_rss_mb: float = 0.0
    warnings: tuple[str, ...] = ()
    schema: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        plain = asdict(self)
        plain["warnings"] = list(self.warnings)
        return plain

    def as_receipt(self) -> Receipt:
        """The same in the form of a photo's receipt, for what handles photos and films alike."""
        names = ("input", "output", "model", "device", "precision", "seconds", "peak_rss_mb", "width", "height",
                 "tiles", "warnings")  # fmt: skip
        film = {name: getattr(self, name) for name in ("format", "frames", "kept", "cuts", "sound", "first", "last")}
        own = {name: getattr(self, name) for name in names}
        return Receipt(**own, outputs=(self.output,), film=film)
