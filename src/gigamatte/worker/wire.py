"""The messages of the pipe: JSON objects, each preceded by its length. Not pickles, which could run code."""

from __future__ import annotations

import dataclasses
import functools
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from gigamatte.errors import GigamatteError, every_kind
from gigamatte.hints import Hints
from gigamatte.options import Options
from gigamatte.types import Box, ModelUse, Receipt

Message = dict[str, Any]

_LENGTH = struct.Struct("<I")
#: of a film, what is plain as it is
_FILM = ("hints", "start", "end", "every", "side", "most", "room", "loop", "sticker", "overwrite")
_LOOK = ("max_pixels", "start", "end", "every", "most")
#: receipts and error lines are a few kilobytes
LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One photo to cut: from ``source`` to ``target``, whose format is that of ``options`` or of its suffix."""

    source: Path
    target: Path
    options: Options = dataclasses.field(default_factory=Options)
    #: takes the network's place (default: ``options.mask``)
    mask: Path | None = None
    overwrite: bool = False
    #: where the viewer's tiles of the result are to be when it is, if its file gives back what was written
    view: Path | None = None


@dataclass(frozen=True, slots=True)
class FilmJob:
    """One film to cut: from ``source`` to ``target``, whose suffix tells the format.

    From ``start`` on and before ``end``, in seconds; every n-th frame. ``hints``: entries of a film's hints, plain.
    ``side``: frames are cut at this longer side in pixels at most, for a quick look.
    """

    source: Path
    target: Path
    options: Options = dataclasses.field(default_factory=Options)
    hints: list[dict[str, Any]] | None = None
    start: float = 0.0
    end: float | None = None
    every: int = 1
    side: int | None = None
    #: pixels of all frames together, at most
    most: int | None = None
    #: bytes that the result and its unfinished parts may take together
    room: int | None = None
    loop: int = 0
    #: side in pixels and bytes of a sticker
    sticker: tuple[int, int] | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class FilmLook:
    """A film whose header is read, and nothing decoded but its first frame. The fields are those of ``FilmJob``."""

    source: Path
    max_pixels: int
    start: float = 0.0
    end: float | None = None
    every: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One frame of a film, that is shown at ``time`` in seconds, to be written to ``target`` as PNG."""

    source: Path
    target: Path
    time: float
    max_pixels: int


@dataclass(frozen=True, slots=True)
class View:
    """A picture to cut into the viewer's tiles: files ``LEVEL-INDEX`` and ``layer.json`` in ``folder``.

    Of kind alpha: its alpha alone, as ``alpha.png`` there.
    """

    source: Path
    folder: Path
    #: cutout keeps alpha, photo does not show it
    kind: Literal["cutout", "photo", "alpha"]
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A photo that a person works on, cut again with the hints of ``options``, which the child keeps open meanwhile.

    ``preview``: at screen size, whatever the options say about the result; else the result in full, with
    the tiles of its ``view``.
    """

    source: Path
    target: Path
    options: Options
    mask: Path | None = None
    preview: bool = True
    view: Path | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A finished picture to check against a preset; what does not fit is written to ``target``, as JSON."""

    source: Path
    target: Path
    preset: str
    max_pixels: int


Work = Job | FilmJob | FilmLook | FilmFrame | View | Edit | Check


def send(stream: BinaryIO, message: Message) -> None:
    """Write one message; the caller has to keep two threads from writing at once."""
    # ASCII: file names that are not valid UTF-8 survive as escaped surrogates
    data = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """The next message, or None when the other side has gone, in the middle of a message too."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        return None  # not one of our messages: something else wrote into the pipe
    data = stream.read(length)
    if len(data) < length:
        return None
    message = json.loads(data)
    return message if isinstance(message, dict) else None


def pack_work(work: Work) -> Message:
    """Any work as plain JSON types."""
    if isinstance(work, FilmJob):
        plain = {name: getattr(work, name) for name in _FILM}
        return {"film": plain, "options": pack_options(work.options)} | {
            "source": str(work.source), "target": str(work.target),
        }  # fmt: skip
    if isinstance(work, FilmLook):
        return {"source": str(work.source), "look": {name: getattr(work, name) for name in _LOOK}}
    if isinstance(work, FilmFrame):
        return {"source": str(work.source), "frame": str(work.target), "time": work.time, "max": work.max_pixels}
    if isinstance(work, Check):
        return {"source": str(work.source), "check": str(work.target), "preset": work.preset, "max": work.max_pixels}
    if isinstance(work, Edit):
        job = Job(work.source, work.target, work.options, work.mask, overwrite=True, view=work.view)
        return pack_job(job) | {"preview": work.preview}
    if isinstance(work, View):
        return {"source": str(work.source), "folder": str(work.folder), "kind": work.kind, "max": work.max_pixels}
    return pack_job(work)


def unpack_work(plain: Mapping[str, Any]) -> Work:
    """The inverse of ``pack_work``."""
    if "film" in plain:
        options = unpack_options(plain["options"])
        sticker = plain["film"]["sticker"]
        film = {**plain["film"], "sticker": None if sticker is None else tuple(sticker)}
        return FilmJob(Path(plain["source"]), Path(plain["target"]), options, **film)
    if "look" in plain:
        return FilmLook(Path(plain["source"]), **plain["look"])
    if "frame" in plain:
        return FilmFrame(Path(plain["source"]), Path(plain["frame"]), plain["time"], plain["max"])
    if "check" in plain:
        return Check(Path(plain["source"]), Path(plain["check"]), plain["preset"], plain["max"])
    if "preview" in plain:
        job = unpack_job(plain)
        return Edit(job.source, job.target, job.options, job.mask, plain["preview"], job.view)
    if "folder" in plain:
        return View(Path(plain["source"]), Path(plain["folder"]), plain["kind"], plain["max"])
    return unpack_job(plain)


def pack_job(job: Job) -> Message:
    """A job as plain JSON types."""
    return {
        "source": str(job.source),
        "target": str(job.target),
        "mask": None if job.mask is None else str(job.mask),
        "overwrite": job.overwrite,
        "view": None if job.view is None else str(job.view),
        "options": pack_options(job.options),
    }


def unpack_job(plain: Mapping[str, Any]) -> Job:
    """The inverse of ``pack_job``."""
    mask, view = plain["mask"], plain.get("view")
    return Job(
        source=Path(plain["source"]),
        target=Path(plain["target"]),
        options=unpack_options(plain["options"]),
        mask=None if mask is None else Path(mask),
        overwrite=plain["overwrite"],
        view=None if view is None else Path(view),
    )


def pack_options(options: Options) -> Message:
    """Options as plain JSON types."""
    if options.hints is not None:
        return pack_options(dataclasses.replace(options, hints=None)) | {"hints": options.hints.as_plain()}
    try:
        return dict(_packed(options))  # those of a whole batch are the same
    except TypeError:  # a value that cannot be compared
        return dataclasses.asdict(options)


@functools.lru_cache(maxsize=16)
def _packed(options: Options) -> Message:
    return dataclasses.asdict(options)


def unpack_options(plain: Mapping[str, Any]) -> Options:
    """The inverse of ``pack_options``; raises UsageError for values out of range."""
    box, hints = plain.get("box"), plain.get("hints")
    own_types = {
        "box": None if box is None else Box(**box),
        "hints": None if hints is None else Hints.from_plain(hints),
    }
    tuples = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}  # JSON has no tuples
    return Options(**{**plain, **tuples, **own_types})


def unpack_receipt(plain: Mapping[str, Any]) -> Receipt:
    """The inverse of ``Receipt.as_dict``."""
    model = plain["model"]
    use = None if model is None else ModelUse(**model)
    tuples = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}  # JSON has no tuples
    return Receipt(**{**plain, **tuples, "model": use})


def pack_error(error: GigamatteError) -> dict[str, str]:
    """An error as plain strings."""
    return {"kind": type(error).__name__, "message": error.written[0], "hint": error.written[1]}


def unpack_error(plain: Mapping[str, str]) -> GigamatteError:
    """The inverse of ``pack_error``: only classes of its tree can come back."""
    return every_kind().get(plain["kind"], GigamatteError)(plain["message"], plain["hint"])
