"""Hints: points, strokes and a box that a person gives in upright photo pixels, before or after a network has run.

A point says "this belongs to the subject" (keep) or "this does not" (drop); a stroke says so for every pixel under a
brush, or marks a place as undecided, to be resolved by the refiner (hair). Plain data, so that it can be sent to
another process.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from gigamatte.errors import MissingInput, UsageError
from gigamatte.types import Box, Size

StrokeKind = Literal["keep", "drop", "hair"]

#: points and strokes that one photo may have, and points of one stroke; more are refused
MOST, LONGEST = 1000, 10_000
#: bytes of a file of hints: usually a few kilobytes, a few megabytes with a thousand long strokes
LARGEST = 32 << 20
#: brackets and commas of such a file, at most: each may become an object of 60 bytes and more
PARTS = 1_000_000
#: the largest coordinate that is accepted, pixels: no photo is wider
_FARTHEST = 1e7


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the photo, in upright photo pixels; all within ``radius`` of it is meant too."""

    x: float
    y: float
    radius: float | None = None

    def __post_init__(self) -> None:
        _number("x", self.x, -_FARTHEST, _FARTHEST)
        _number("y", self.y, -_FARTHEST, _FARTHEST)
        if self.radius is not None:
            _number("radius", self.radius, 0, _FARTHEST)

    @classmethod
    def parse(cls, text: str) -> Point:
        """From ``X,Y`` or ``X,Y,RADIUS``, as a command line has it. Raises UsageError."""
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        if len(values) not in (2, 3):
            raise UsageError(f"a point is X,Y or X,Y,RADIUS in pixels of the upright photo; found {text!r:.100}")
        return cls(*values)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of a round brush of ``radius``: keep and drop set the alpha under it, hair has it resolved again."""

    kind: StrokeKind
    points: tuple[tuple[float, float], ...]
    radius: float

    def __post_init__(self) -> None:
        if self.kind not in get_args(StrokeKind):
            raise UsageError(f"a stroke is one of {', '.join(get_args(StrokeKind))}; found {self.kind!r:.100}")
        if not 1 <= len(self.points) <= LONGEST:
            raise UsageError(f"a stroke has 1…{LONGEST} points; found {len(self.points)}")
        for x, y in self.points:
            _number("x", x, -_FARTHEST, _FARTHEST)
            _number("y", y, -_FARTHEST, _FARTHEST)
        _number("radius", self.radius, 0.1, _FARTHEST)


@dataclass(frozen=True, slots=True)
class Hints:
    """All hints for one photo.

    ``keep`` and ``drop`` are points: (x, y) or (x, y, radius). ``strokes`` are painted one after another: where they
    disagree, the later one counts. ``box`` is where to look for the subject. Raises UsageError for anything else.
    """

    keep: tuple[Point, ...] = ()
    drop: tuple[Point, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    box: Box | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "keep", tuple(_point("keep", value) for value in self.keep))
        object.__setattr__(self, "drop", tuple(_point("drop", value) for value in self.drop))
        object.__setattr__(self, "strokes", tuple(_stroke(value) for value in self.strokes))
        box: Any = self.box
        if box is not None and not isinstance(box, Box):
            object.__setattr__(self, "box", _box(box))
        if len(self.keep) + len(self.drop) + len(self.strokes) > MOST:
            raise UsageError(f"a photo takes at most {MOST} points and strokes")

    @property
    def has_points(self) -> bool:
        """Whether there are points or strokes that a network can use: a box alone only says where to look."""
        return bool(self.keep or self.drop or any(stroke.kind != "hair" for stroke in self.strokes))

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.strokes or self.box)

    def scaled(self, factor: float) -> Hints:
        """The same places in a photo that is ``factor`` times as wide, for hints that were given on a smaller copy."""

        def point(at: Point) -> Point:
            return Point(at.x * factor, at.y * factor, None if at.radius is None else at.radius * factor)

        return Hints(
            tuple(point(at) for at in self.keep),
            tuple(point(at) for at in self.drop),
            tuple(
                Stroke(s.kind, tuple((x * factor, y * factor) for x, y in s.points), max(s.radius * factor, 0.1))
                for s in self.strokes
            ),
            None
            if self.box is None
            else _box([n * factor for n in (self.box.left, self.box.top, self.box.width, self.box.height)]),
        )

    def inside(self, photo: Size) -> Hints:
        """The same with points that lie a fraction of a pixel outside moved to the photo's last pixel."""

        def point(at: Point) -> Point:
            return Point(min(at.x, photo.width - 0.5), min(at.y, photo.height - 0.5), at.radius)

        return dataclasses.replace(
            self, keep=tuple(point(at) for at in self.keep), drop=tuple(point(at) for at in self.drop)
        )

    def refuse_outside(self, photo: Size) -> None:
        """Raises UsageError for a point that does not lie in the photo."""
        for name, points in (("keep", self.keep), ("drop", self.drop)):
            for point in points:
                if not (0 <= point.x < photo.width and 0 <= point.y < photo.height):
                    raise UsageError(
                        f"the point {point.x:g},{point.y:g} to {name} lies outside of the photo of {photo} pixels",
                        "count in pixels of the upright photo, from its upper left corner",
                    )

    @classmethod
    def from_plain(cls, plain: Any) -> Hints:
        """From the JSON form: {"keep": [[x, y]], "drop": …, "strokes": [{"kind", "points", "radius"}], "box": …}."""
        if not isinstance(plain, Mapping):
            raise UsageError(f"hints are a JSON object with keep, drop, strokes, box; found {type(plain).__name__}")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(plain) - known)
        if unknown:
            raise UsageError(f"hints have {', '.join(sorted(known))}; found {', '.join(map(repr, unknown)):.100}")
        lists = {name: _list(name, plain.get(name) or ()) for name in ("keep", "drop", "strokes")}
        return cls(**lists, box=_box(plain["box"]) if plain.get("box") is not None else None)

    @classmethod
    def from_json(cls, text: str | bytes) -> Hints:
        """From the text of the JSON form. Raises UsageError when it is none."""
        refuse_parts(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        try:
            return cls.from_plain(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the hints are no JSON: {error}") from error

    def as_plain(self) -> dict[str, Any]:
        """The JSON form, without fields that are empty."""
        plain: dict[str, Any] = {}
        for name, points in (("keep", self.keep), ("drop", self.drop)):
            if points:
                plain[name] = [[p.x, p.y] if p.radius is None else [p.x, p.y, p.radius] for p in points]
        if self.strokes:
            plain["strokes"] = [
                {"kind": s.kind, "points": [list(xy) for xy in s.points], "radius": s.radius} for s in self.strokes
            ]
        if self.box is not None:
            plain["box"] = [self.box.left, self.box.top, self.box.width, self.box.height]
        return plain


def hints_in(path: Path) -> Hints:
    """The hints in a JSON file. Raises MissingInput, UsageError."""
    return Hints.from_json(hints_text(path))


def hints_text(path: Path) -> bytes:
    """The bytes of a file of hints, for a photo or a film, undecoded. Raises MissingInput, UsageError if too long."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise UsageError(f"{path} is not a file", "expected hints in JSON")
        with path.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except OSError as error:
        raise MissingInput(f"{path} cannot be read: {error.strerror or error}") from error
    if len(text) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST} bytes: too long for hints")
    refuse_parts(text)
    return text


def refuse_parts(text: bytes) -> None:
    """Raises UsageError, before anything is parsed, where the JSON would take much more memory than its bytes."""
    parts = text.count(b",") + text.count(b"[") + text.count(b"{")
    if parts > PARTS:
        raise UsageError(f"the hints have {parts:,} brackets and commas, at most {PARTS:,} are read")


def _number(name: str, value: Any, low: float, high: float) -> None:
    # a whole number may have more digits than any float
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))):
        raise UsageError(f"{name} of a hint is a number; found {value!r:.100}")
    if not low <= value <= high:
        found = str(value)[:40] if isinstance(value, int) else f"{value:g}"
        raise UsageError(f"{name} of a hint lies in {low:g}…{high:g}; found {found}")


def _list(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} of hints is a list; found {value!r:.100}")
    if len(value) > MOST:
        raise UsageError(f"a photo takes at most {MOST} points and strokes; {name} has {len(value)}")
    return tuple(value)


def _point(name: str, value: Any) -> Point:
    if isinstance(value, Point):
        return value
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) not in (2, 3):
        raise UsageError(f"{name} of hints holds points (x, y) or (x, y, radius); found {value!r:.100}")
    return Point(*value)


def _stroke(value: Any) -> Stroke:
    if isinstance(value, Stroke):
        return value
    if not isinstance(value, Mapping) or set(value) != {"kind", "points", "radius"}:
        raise UsageError(f"a stroke has kind, points and radius; found {value!r:.100}")
    return Stroke(value["kind"], _pairs(value["points"]), value["radius"])


def _pairs(value: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        raise UsageError(f"points of a stroke are a list of (x, y); found {value!r:.100}")
    pairs = tuple(value)
    for pair in pairs:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise UsageError(f"points of a stroke are a list of (x, y); found {pair!r:.100}")
    return tuple((pair[0], pair[1]) for pair in pairs)


def _box(value: Any) -> Box:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise UsageError(f"box of hints is left, top, width, height; found {value!r:.100}")
    for number in value:
        _number("box", number, -_FARTHEST, _FARTHEST)
    return Box(*(round(number) for number in value))
