"""Hints of a film: entries with a time, each valid until the next one.

The places follow the picture's motion from frame to frame; a place whose motion is not reliable is left out,
since the answer that it led to goes on as the next frame's earlier answer. Before the first entry, its places hold
where they were given.
"""

from __future__ import annotations

import dataclasses
import json
from bisect import bisect_right
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from gigamatte.errors import UsageError
from gigamatte.film.motion import Motion
from gigamatte.hints import Hints, Point, hints_text
from gigamatte.types import Size

#: entries of a file of hints, at most
MOST = 10_000
#: a place whose motion is less reliable (0…1) is left out
BELIEVED = 0.5


class FilmHints:
    """Entries of (seconds, hints), in any order; a time may be given once. Raises UsageError."""

    def __init__(self, entries: list[tuple[float, Hints]]) -> None:
        if len(entries) > MOST:
            raise UsageError(f"a film takes at most {MOST} entries of hints; found {len(entries)}")
        self._entries = sorted(entries, key=lambda entry: entry[0])
        self._times = [Fraction(repr(time)) for time, _ in self._entries]
        if len(set(self._times)) < len(self._times):
            raise UsageError("two entries of a film's hints have the same time")
        self.current: int | None = None
        self.now: Hints | None = None

    @classmethod
    def from_plain(cls, plain: Any) -> FilmHints:
        """From the JSON form: a list of {"time": seconds, "keep": …, "drop": …, "strokes": …, "box": …}.

        Raises UsageError, naming the entry.
        """
        if isinstance(plain, Mapping):  # the hints of a photo hold for the whole film
            return cls([(0.0, Hints.from_plain(plain))])
        if not isinstance(plain, list):
            raise UsageError(f"a film's hints are a JSON list of entries; found {type(plain).__name__}")
        entries = []
        for entry in plain:
            if not isinstance(entry, Mapping) or "time" not in entry:
                raise UsageError(f'an entry of a film\'s hints has "time" in seconds; found {entry!r:.100}')
            time = entry["time"]
            if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 1e9:
                raise UsageError(f"the time of a film's hints is in seconds, at least 0; found {time!r:.100}")
            rest = {name: value for name, value in entry.items() if name != "time"}
            entries.append((float(time), Hints.from_plain(rest)))
        return cls(entries)

    @classmethod
    def read(cls, path: Path) -> FilmHints:
        """From a JSON file. Raises MissingInput, UsageError."""
        text = hints_text(path)
        try:
            return cls.from_plain(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the hints are no JSON: {error}") from error

    def scaled(self, factor: float) -> FilmHints:
        """The same places in a film that is ``factor`` times as wide."""
        return FilmHints([(time, hints.scaled(factor)) for time, hints in self._entries])

    def as_plain(self) -> list[dict[str, Any]]:
        """The JSON form."""
        return [{"time": time, **hints.as_plain()} for time, hints in self._entries]

    def turn(self, time: Fraction, moved: Motion | None, size: Size) -> Hints | None:
        """The hints for the frame at ``time``; ``moved``: the motion since the frame before."""
        if not self._entries:
            return None
        entry = max(0, bisect_right(self._times, time) - 1)
        if entry != self.current or time < self._times[entry]:
            self.current, self.now = entry, self._entries[entry][1]
        elif self.now is not None and moved is not None:
            self.now = None if moved.cut else followed_by(self.now, moved, size)
        return self.now or None


def followed_by(hints: Hints, moved: Motion, size: Size) -> Hints:
    """The hints where their places are now."""
    rows, columns = moved.back.shape[:2]
    across, down = columns / size.width, rows / size.height

    def place(x: float, y: float) -> tuple[float, float] | None:
        new_x, new_y = x, y
        for _ in range(4):  # motion is given at places of this frame, so the place is found by iteration
            column = min(max(int(new_x * across), 0), columns - 1)
            row = min(max(int(new_y * down), 0), rows - 1)
            shift = moved.back[row, column]
            new_x, new_y = x - float(shift[0]) / across, y - float(shift[1]) / down
        if moved.believed[row, column] < BELIEVED or not (0 <= new_x < size.width and 0 <= new_y < size.height):
            return None
        return new_x, new_y

    def points(old: tuple[Point, ...]) -> tuple[Point, ...]:
        found = ((place(at.x, at.y), at.radius) for at in old)
        return tuple(Point(*at, radius) for at, radius in found if at is not None)

    strokes = []
    for stroke in hints.strokes:
        moved_points = tuple(at for xy in stroke.points if (at := place(*xy)) is not None)
        if moved_points:
            strokes.append(dataclasses.replace(stroke, points=moved_points))
    return Hints(points(hints.keep), points(hints.drop), tuple(strokes), hints.box)
