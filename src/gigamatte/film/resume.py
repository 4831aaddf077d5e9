"""Stores finished frames beside the target until the film is complete, so that an interrupted run can continue.

The folder ``.NAME.film`` holds parts of the film, what was remembered after each, and a journal that names both. What
the journal does not name does not count. It belongs to one source, one target and one set of options.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gigamatte.cutout.atomic import hint
from gigamatte.film.cutting import Arrays
from gigamatte.own_files import replaced
from gigamatte.write_errors import not_written

_JOURNAL, _STATE = "journal.json", "state-{:05d}.npz"


@dataclass(frozen=True, slots=True)
class Shown:
    """When a finished frame is shown, and how long, in seconds."""

    time: Fraction
    duration: Fraction


class FinishedParts:
    """What an earlier run has finished, and what this one finishes. Raises WriteError."""

    def __init__(self, folder: Path, belongs: dict[str, Any]) -> None:
        self.folder = folder
        self._belongs = json.loads(json.dumps(belongs))
        self.parts: list[int] = []
        self.shown: list[Shown] = []
        self.notes: dict[str, Any] = {}
        self._read()

    @property
    def frames(self) -> int:
        """How many frames are finished."""
        return len(self.shown)

    def _read(self) -> None:
        journal: Any = None
        with contextlib.suppress(OSError, ValueError):
            journal = json.loads((self.folder / _JOURNAL).read_bytes())
        try:
            if not isinstance(journal, dict) or journal["belongs"] != self._belongs:
                raise ValueError
            shown = [Shown(Fraction(time), Fraction(duration)) for time, duration in journal["shown"]]
            parts = [int(frames) for frames in journal["parts"]]
            if sum(parts) != len(shown) or (parts and not (self.folder / _STATE.format(len(parts))).exists()):
                raise ValueError
            self.parts, self.shown, self.notes = parts, shown, dict(journal["notes"])
        except (ValueError, TypeError, KeyError, ZeroDivisionError):
            self.parts, self.shown, self.notes = [], [], {}

    def begin(self) -> Arrays | None:
        """Make the folder; what was remembered after the last finished part, or None at the film's beginning."""
        with _write_errors(self.folder):
            if not self.parts:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir()
                return None
            with np.load(self.folder / _STATE.format(len(self.parts)), allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}

    def part(self, number: int | None = None) -> Path:
        """The file of a part; without a number, that of the next one."""
        return self.folder / f"part-{len(self.parts) if number is None else number:05d}.mkv"

    def picture(self, number: int) -> Path:
        """The file of a single frame, for formats whose frames are joined at the end."""
        return self.folder / f"frame-{number:06d}.png"

    def add(self, shown: list[Shown], state: Arrays, notes: dict[str, Any]) -> None:
        """The next part is finished."""
        number = len(self.parts) + 1
        with _write_errors(self.folder):
            self._write(_STATE.format(number), state)
            self.parts.append(len(shown))
            self.shown += shown
            self.notes = notes
            journal = {
                "belongs": self._belongs,
                "parts": self.parts,
                "shown": [[str(one.time), str(one.duration)] for one in self.shown],
                "notes": notes,
            }
            self._write(_JOURNAL, json.dumps(journal).encode())
            (self.folder / _STATE.format(number - 1)).unlink(missing_ok=True)

    def _write(self, name: str, content: bytes | Arrays) -> None:
        with replaced(self.folder / name) as draft, draft.open("wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                np.savez(file, **content)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Delete the folder, once the film is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def _write_errors(folder: Path) -> Any:
    try:
        yield
    except OSError as error:
        raise not_written(f"{folder} cannot be written: {error.strerror or error}", hint(folder), error) from error
