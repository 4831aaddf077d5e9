"""Checks a finished picture against a preset: size, format, bytes, ground, fill and border, each with a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.errors import UsageError
from gigamatte.filters import highest
from gigamatte.framing import canvas_of, fill_of
from gigamatte.messages.plural import plural
from gigamatte.options import MAX_PIXELS
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.presets import Preset
from gigamatte.types import Box, Photo, Size

#: a pixel this far from the ground in any channel, of 255, is the subject; so is one of more alpha than this
APART, SEEN = 24, 12
#: as near to the subject as this part of the longer side, in pixels at least and at most, the ground may be mixed with
#: what is faint of it, and an encoder's blocks may smear
NEAR, NEAR_LEAST, NEAR_MOST = 0.02, 16, 128
#: percent that a fill may be off
TOLERANCE = 0.5
#: rows that are looked at together
ROWS = 256


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as it should be: ``what`` (size, format, bytes, ground, fill, border) and why."""

    what: str
    why: str


@dataclass
class _Seen:
    """What was found in the pixels: the subject's box, and what is wrong with the ground."""

    left: int = 1 << 60
    top: int = 1 << 60
    right: int = 0
    bottom: int = 0
    #: pixels of the ground that are not the ground's colour; the first of them, (x, y), and its values
    wrong: int = 0
    first: tuple[int, int] = (0, 0)
    values: tuple[int, ...] = ()
    #: pixels of the picture's edges that are not the subject
    around: int = 0
    #: pixels that can be seen through, though nothing should be
    clear: int = 0
    edges: set[str] = field(default_factory=set)

    @property
    def box(self) -> Box | None:
        """Of the subject."""
        return Box(self.left, self.top, self.right - self.left, self.bottom - self.top) if self.right else None


def check_picture(picture: Path, preset: Preset, *, max_pixels: int = MAX_PIXELS) -> list[Failure]:
    """All points in which a finished picture differs from what the preset asks; empty: none. Read in strips.

    Raises InputError for what is no picture, BudgetExceeded when it has more than ``max_pixels``.
    """
    photo = open_photo(picture, max_pixels=max_pixels)
    found = [*_of_size(photo.size, preset), *_of_file(photo, picture, preset)]
    if preset.ground is not None:
        seen = _looked_at(photo, preset.ground)
        found += [*_of_ground(seen, photo, preset.ground), *_of_subject(seen, photo.size, preset)]
    return found


def _of_size(size: Size, preset: Preset) -> Iterator[Failure]:
    canvas = None if preset.canvas is None else canvas_of(preset.canvas, preset.aspect)
    # where a range of sizes is allowed, the canvas is one of them
    if canvas is not None and preset.least is None and preset.most is None and canvas.size != size:
        yield Failure("size", f"{size} pixels, expected {canvas.size}")
    if preset.least is not None and size.long < preset.least:
        yield Failure("size", f"the longer side has {size.long} pixels, at least {preset.least} are asked for")
    if preset.most is not None and size.long > preset.most:
        yield Failure("size", f"the longer side has {size.long} pixels, at most {preset.most} are allowed")


def _of_file(photo: Photo, picture: Path, preset: Preset) -> Iterator[Failure]:
    if preset.formats and photo.format not in preset.formats:
        yield Failure("format", f"a {photo.format}, expected {' or '.join(preset.formats)}")
    length, most = os.path.getsize(picture), preset.bytes or preset.max_bytes
    if most is not None and length > most:
        yield Failure("bytes", f"{length} bytes, at most {most} are allowed")


def _of_ground(seen: _Seen, photo: Photo, ground: str) -> Iterator[Failure]:
    if seen.clear:
        yield Failure(
            "ground", f"{seen.clear} pixel{plural(seen.clear)} can be seen through, expected {ground} behind everything"
        )
    if seen.wrong:
        share = 100 * seen.wrong / photo.size.pixels
        where, values = f"{seen.first[0]},{seen.first[1]}", ",".join(map(str, seen.values))
        exactly = "transparent" if ground == "transparent" else f"exactly {ground}"
        yield Failure(
            "ground",
            f"not {exactly}: {seen.wrong} pixel{plural(seen.wrong)} ({share:.2f} %); "
            f"the first lies at {where}: {values}",
        )


def _of_subject(seen: _Seen, size: Size, preset: Preset) -> Iterator[Failure]:
    box = seen.box
    if box is None:
        yield Failure("fill", "nothing stands out from the ground")
        return
    across, down = 100 * box.width / size.width, 100 * box.height / size.height
    wanted = None if preset.fill is None else fill_of(preset.fill)
    side = wanted.side if wanted is not None else None
    filled = {"width": across, "height": down}.get(side or "", max(across, down))
    # a tolerance of two pixels: where exactly a soft edge ends is not defined
    slack = TOLERANCE + 200 / (size.height if filled == down else size.width)
    least = preset.fill_least
    if least is None and wanted is not None and not wanted.original:
        least = 100 * wanted.part
    if least is not None and filled < least - slack:
        yield Failure("fill", f"the subject takes {filled:.1f} % of the {side or 'side that it fills more'}, "
                              f"at least {least:g} are asked for")  # fmt: skip
    if preset.fill_most is not None and filled > preset.fill_most + slack:
        yield Failure("fill", f"the subject takes {filled:.1f} %, at most {preset.fill_most:g} are allowed")
    if not seen.around:
        yield Failure("ground", f"no edge of the picture is {preset.ground}")
        return
    for edge in sorted(seen.edges - set(preset.touch)):
        yield Failure("border", f"the subject touches the {edge} edge")


def _looked_at(photo: Photo, ground: str) -> _Seen:
    """One pass over the picture, with as many rows around each part as are near."""
    colour = None if ground == "transparent" else parse_colour(ground)
    if colour is None and ground != "transparent":
        raise UsageError(f"ground is a colour or transparent; found {ground!r}")
    target = None if colour is None else np.array(colour[:3], np.int16)
    # profiles and formats with loss round colours, but not white and black
    rounded = photo.icc is not None or photo.format not in ("png", "tiff")
    slack = 2 if rounded and target is not None and target.min() < target.max() else 0
    seen, size = _Seen(), photo.size
    reach = min(max(round(NEAR * size.long), NEAR_LEAST), NEAR_MOST)
    held: list[tuple[NDArray[np.uint8], NDArray[np.bool_]]] = []
    begin = done = 0
    for strip in strips(photo, ROWS):
        held.append((strip, _subject(strip, target)))
        known = begin + sum(len(rows) for rows, _ in held)
        ready = known if known == size.height else known - reach
        if ready <= done:
            continue
        pixels, subject = (np.concatenate(parts) for parts in zip(*held, strict=True))
        near = highest(subject.view(np.uint8), reach) > 0
        part = slice(done - begin, ready - begin)
        _judge(seen, pixels[part], subject[part], near[part], done, size, target, slack)
        keep = max(0, ready - reach - begin)
        held, begin, done = [(pixels[keep:], subject[keep:])], begin + keep, ready
    return seen


def _subject(strip: NDArray[np.uint8], target: NDArray[Any] | None) -> NDArray[np.bool_]:
    if target is None:
        out: NDArray[np.bool_] = strip[..., 3] > SEEN if strip.shape[2] == 4 else np.ones(strip.shape[:2], bool)
        return out
    return _difference(strip, target) > APART


def _difference(strip: NDArray[np.uint8], target: NDArray[Any]) -> NDArray[np.int16]:
    out: NDArray[np.int16] = np.abs(strip[..., :3].astype(np.int16) - target).max(axis=2)
    return out


def _judge(
    seen: _Seen,
    pixels: NDArray[np.uint8],
    subject: NDArray[np.bool_],
    near: NDArray[np.bool_],
    top: int,
    size: Size,
    target: NDArray[Any] | None,
    slack: int,
) -> None:
    """Add what is found in these rows; they begin at row ``top`` of the picture."""
    outer = [subject[:, 0], subject[:, -1]]
    outer += [subject[0]] if top == 0 else []
    outer += [subject[-1]] if top + len(subject) == size.height else []
    seen.around += sum(int(np.count_nonzero(~line)) for line in outer)
    rows, columns = np.flatnonzero(subject.any(axis=1)), np.flatnonzero(subject.any(axis=0))
    if rows.size:
        seen.left, seen.right = min(seen.left, int(columns[0])), max(seen.right, int(columns[-1]) + 1)
        seen.top, seen.bottom = min(seen.top, top + int(rows[0])), max(seen.bottom, top + int(rows[-1]) + 1)
        edges = {
            "left": seen.left == 0, "top": seen.top == 0,
            "right": seen.right == size.width, "bottom": seen.bottom == size.height,
        }  # fmt: skip
        seen.edges |= {edge for edge, touched in edges.items() if touched}
    if target is None:
        wrong = (pixels[..., 3] > 0) & ~near if pixels.shape[2] == 4 else np.zeros_like(near)
    else:
        wrong = (_difference(pixels, target) > slack) & ~near
        if pixels.shape[2] == 4:
            seen.clear += int(np.count_nonzero(pixels[..., 3] < 255))
    count = int(np.count_nonzero(wrong))
    if count and not seen.wrong:
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        seen.first = column, top + row
        seen.values = tuple(int(value) for value in pixels[row, column])
    seen.wrong += count
