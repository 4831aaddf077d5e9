"""Checks a finished picture against a preset: size, format, bytes, ground, fill and border, each with a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.css_colour import parse_colour
from gigamatte.errors import UsageError
from gigamatte.filters import highest, pieces
from gigamatte.framing import canvas_of, fill_of
from gigamatte.messages.plural import plural
from gigamatte.options import MAX_PIXELS, Options
from gigamatte.photo.read import open_photo
from gigamatte.photo.screen import strips
from gigamatte.presets import Preset, find_preset
from gigamatte.types import Box, Photo, Size

#: a pixel this far from the ground in any channel, of 255, is the subject for sure; so is one of more alpha than this;
#: a subject that is nearly as light as the ground shows by half of what stands out most
APART, SEEN = 24, 12
#: what stands out at all belongs to the subject when it is as near to it as this part of the longer side, in pixels at
#: least and at most, or as near to what belongs to it: faint ends of hair, a blurred edge, an encoder's blocks
NEAR, NEAR_LEAST, NEAR_MOST = 0.02, 16, 128
#: how a warning of this begins
MISFIT = "this does not fit"
#: percent that a fill may be off
TOLERANCE = 0.5
#: rows that are looked at together; cells of the picture on its longer side, at most
ROWS, CELLS = 256, 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as it should be: ``what`` (size, format, bytes, ground, fill, border) and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found in the pixels. Boxes are exact to a cell."""

    #: the subject's: of what stands out well, and of all that belongs to it; None: nothing stands out
    inner: Box | None = None
    outer: Box | None = None
    #: pixels of the ground that are not the ground's colour; the first of them, (x, y), and its values
    wrong: int = 0
    first: tuple[int, int] = (0, 0)
    values: tuple[int, ...] = ()
    #: pixels of the picture's edges that are not the subject
    around: int = 0
    #: pixels that can be seen through, though nothing should be
    clear: int = 0
    #: edges that the subject touches
    edges: frozenset[str] = frozenset()


def check_picture(picture: Path, preset: Preset, *, max_pixels: int = MAX_PIXELS) -> list[Failure]:
    """All points in which a finished picture differs from what the preset asks; empty: none. Read in strips.

    Raises InputError for what is no picture, BudgetExceeded when it has more than ``max_pixels``.
    """
    photo = open_photo(picture, max_pixels=max_pixels)
    found = [*_of_size(photo.size, preset), *_of_file(photo, picture, preset)]
    if preset.ground is not None:
        seen = _looked_at(photo, preset.ground, preset.touch)
        found += [*_of_ground(seen, photo, preset.ground), *_of_subject(seen, photo.size, preset)]
    return found


def misfits(target: Path | BinaryIO, options: Options) -> tuple[str, ...]:
    """What keeps a cutout that was just saved from fitting the preset that it was made with, a warning each."""
    if options.checked is None or options.only != "cutout" or not isinstance(target, Path):
        return ()
    found = check_picture(target, find_preset(options.checked), max_pixels=options.max_pixels)
    return tuple(f"this does not fit {options.checked}: {failure.why}" for failure in found)


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
    if seen.inner is None or seen.outer is None:
        yield Failure("fill", "nothing stands out from the ground")
        return
    wanted = None if preset.fill is None else fill_of(preset.fill)
    side = wanted.side if wanted is not None else None
    # where a soft edge ends is not defined: somewhere between both boxes, and a pixel or two
    (clearly, _), (filled, length) = _filled(seen.inner, size, side), _filled(seen.outer, size, side)
    slack = TOLERANCE + 200 / length
    least = preset.fill_least
    if least is None and wanted is not None and not wanted.original:
        least = 100 * wanted.part
    if least is not None and filled < least - slack:
        yield Failure("fill", f"the subject takes {filled:.1f} % of the {side or 'side that it fills more'}, "
                              f"at least {least:g} are asked for")  # fmt: skip
    if preset.fill_most is not None and clearly > preset.fill_most + slack:
        yield Failure("fill", f"the subject takes {clearly:.1f} %, at most {preset.fill_most:g} are allowed")
    if not seen.around:
        yield Failure("ground", f"no edge of the picture is {preset.ground}")
        return
    for edge in sorted(seen.edges - set(preset.touch)):
        yield Failure("border", f"the subject touches the {edge} edge")


def _filled(box: Box, size: Size, side: str | None) -> tuple[float, int]:
    """Percent that a box takes of a side, None: of the one that it fills more; and that side's pixels."""
    across, down = (100 * box.width / size.width, size.width), (100 * box.height / size.height, size.height)
    return max(across, down) if side is None else across if side == "width" else down


@dataclass(frozen=True, slots=True)
class _Ground:
    """The ground's colour, uint8 (RGB,), None where it is transparent; up to ``slack`` levels off it is as exact."""

    colour: NDArray[np.uint8] | None
    slack: int

    @classmethod
    def of(cls, text: str, photo: Photo) -> _Ground:
        """From a preset's words. Raises UsageError."""
        colour = None if text == "transparent" else parse_colour(text)
        if colour is None and text != "transparent":
            raise UsageError(f"ground is a colour or transparent; found {text!r}")
        target = None if colour is None else np.array(colour[:3], np.uint8)
        # profiles and formats with loss round colours, but not white and black
        rounded = photo.icc is not None or photo.format not in ("png", "tiff")
        return cls(target, 2 if rounded and target is not None and target.min() < target.max() else 0)

    def difference(self, strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """How far each pixel is from the ground, in its channel that is farthest: (row, column); alpha where the
        ground is transparent."""
        if self.colour is None:
            return strip[..., 3] if strip.shape[2] == 4 else np.full(strip.shape[:2], 255, np.uint8)
        planes = [
            np.maximum(strip[..., k], self.colour[k]) - np.minimum(strip[..., k], self.colour[k]) for k in range(3)
        ]
        return np.asarray(np.maximum(np.maximum(planes[0], planes[1]), planes[2]), np.uint8)


@dataclass(frozen=True, slots=True)
class _Cells:
    """A picture in cells of ``side`` pixels: of each how far its pixels are from the ground at ``most``, uint8, and
    how many are ``off`` it, int32, both (row, column); and its ``edges``, the differences along each."""

    side: int
    most: NDArray[np.uint8]
    off: NDArray[np.int32]
    edges: dict[str, NDArray[np.uint8]]
    clear: int

    @classmethod
    def of(cls, photo: Photo, ground: _Ground) -> _Cells:
        """From one pass over the picture."""
        side = 1
        while -(-photo.size.long // side) > CELLS and side < ROWS:
            side *= 2
        most, off, clear = list[NDArray[np.uint8]](), list[NDArray[np.int32]](), 0
        ends, first, last = list[NDArray[np.uint8]](), None, None
        for strip in strips(photo, ROWS):
            apart = ground.difference(strip)
            first, last = apart[0] if first is None else first, apart[-1]
            ends.append(apart[:, [0, -1]])
            if ground.colour is not None and strip.shape[2] == 4:
                clear += int(np.count_nonzero(strip[..., 3] < 255))
            high = np.pad(apart, [(0, -length % side) for length in apart.shape])
            cells = high.reshape(high.shape[0] // side, side, -1, side)
            most.append(cells.max(axis=(1, 3)))
            off.append((cells > ground.slack).sum(axis=(1, 3), dtype=np.int32))
        across, down = np.array([first, last]), np.concatenate(ends)
        edges = {"left": down[:, 0], "right": down[:, 1], "top": across[0], "bottom": across[1]}
        return cls(side, np.concatenate(most), np.concatenate(off), edges, clear)

    def box(self, chosen: NDArray[np.bool_], size: Size) -> Box | None:
        """The pixels of the chosen cells."""
        rows, columns = (np.flatnonzero(chosen.any(axis=axis)) * self.side for axis in (1, 0))
        if not rows.size:
            return None
        left, top = int(columns[0]), int(rows[0])
        return Box(left, top, int(columns[-1]) + self.side - left, int(rows[-1]) + self.side - top).within(size)


def _looked_at(photo: Photo, ground: str, touch: tuple[str, ...]) -> _Seen:
    """What is seen in one pass over the picture, and in another where the ground is not as it should be.

    What stands out belongs to the subject when a chain of near places leads to what stands out well. The ground's own
    faults are single specks, and faint areas that reach an edge of the picture which the subject does not touch.
    """
    exact, size = _Ground.of(ground, photo), photo.size
    cells = _Cells.of(photo, exact)
    limit = min(SEEN if exact.colour is None else APART, int(cells.most.max()) // 2)
    reach = -(-min(max(round(NEAR * size.long), NEAR_LEAST), NEAR_MOST) // cells.side)
    well, out = cells.most > max(limit, exact.slack), cells.off > 0
    # two that are ``reach`` apart meet when both grow by half of it
    count, chains = pieces(highest(out.view(np.uint8), -(-reach // 2)) > 0)
    subject = np.zeros(count, np.bool_)
    subject[np.unique(chains[well])] = True
    faint = out & (highest(well.view(np.uint8), reach) == 0)
    grey = np.zeros(count, np.bool_)
    for edge, line in (("left", np.s_[:, 0]), ("right", np.s_[:, -1]), ("top", np.s_[0]), ("bottom", np.s_[-1])):
        if edge not in touch:
            grey[np.unique(chains[line][faint[line]])] = True
    wrong = out & ~subject[chains] | faint & grey[chains]
    lines = {edge: line > max(limit, exact.slack) for edge, line in cells.edges.items()}
    seen = _Seen(
        cells.box(well, size),
        cells.box(out & ~wrong, size),
        int(cells.off[wrong].sum()),
        around=sum(int(np.count_nonzero(~line)) for line in lines.values()),
        clear=cells.clear,
        edges=frozenset(edge for edge, line in lines.items() if line.any()),
    )
    return _with_first(seen, photo, exact, wrong, cells.side) if seen.wrong else seen


def _with_first(seen: _Seen, photo: Photo, ground: _Ground, wrong: NDArray[np.bool_], side: int) -> _Seen:
    """With the first pixel that is off the ground, of those in the cells that are ``wrong``."""
    for number, strip in enumerate(strips(photo, ROWS)):
        there = wrong[number * ROWS // side : (number + 1) * ROWS // side]
        if there.any():
            pixels = np.repeat(np.repeat(there, side, axis=0), side, axis=1)[: strip.shape[0], : strip.shape[1]]
            row, column = (int(place) for place in np.argwhere(pixels & (ground.difference(strip) > ground.slack))[0])
            values = tuple(int(value) for value in strip[row, column])
            return replace(seen, first=(column, number * ROWS + row), values=values)
    return seen
