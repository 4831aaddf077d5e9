"""What is remembered of a shard: how far it is unpacked, which files it became."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gigamatte.batch.tars.shard import Sample, Unpacked
from gigamatte.workflow.files import new_file


@dataclass(frozen=True)
class Finished:
    """A shard that was done: of what it was made, with which options, and what came of it."""

    stamp: str
    #: a hash of options, names and limits
    wish: str
    #: (name below OUT, stamp there, SHA-256, samples)
    files: tuple[tuple[str, str, str, int], ...]
    photos: int
    failed: int
    megapixels: float
    #: of a tar shard: its path or URI
    place: str = ""
    #: of each set that may be spread over several: the smallest scale that a photo here needs, and the one they have
    sets: dict[str, tuple[float, float]] = field(default_factory=dict)


def read_finished(path: Path) -> Finished | None:
    """None where there is none, or it cannot be read."""
    plain = _read(path)
    try:
        sets = {folder: (fits, scale) for folder, (fits, scale) in plain.get("sets", {}).items()}
        return Finished(**{**plain, "files": tuple(map(tuple, plain["files"])), "sets": sets})
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def write_finished(path: Path, finished: Finished) -> None:
    """Write the record, complete or not at all."""
    _write(path, asdict(finished))


def read_unpacked(path: Path, stamp: str) -> Unpacked | None:
    """What a shard of this stamp was unpacked into; None where that was not finished."""
    plain = _read(path)
    if plain.get("stamp") != stamp:
        return None
    samples = {
        name: Sample(name, photo, [(member, path.parent / "others" / file) for member, file in others])
        for name, photo, others in plain["samples"]
    }
    return Unpacked(samples, plain["refused"])


def write_unpacked(path: Path, stamp: str, unpacked: Unpacked) -> None:
    """Whole or not at all."""
    samples = [
        (one.name, one.photo, [(member, file.name) for member, file in one.others]) for one in unpacked.samples.values()
    ]
    _write(path, {"stamp": stamp, "samples": samples, "refused": unpacked.refused})


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text("ascii"))
        return found if isinstance(found, dict) else {}
    return {}


def _write(path: Path, plain: dict[str, Any]) -> None:
    with new_file(path, overwrite=True) as file:
        file.write(json.dumps(plain).encode("ascii"))
