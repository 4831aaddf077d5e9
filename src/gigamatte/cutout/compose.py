"""Rows of the result, from top to bottom: the photo's own pixels where it is opaque, F where it is mixed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.backdrop import Backdrop
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.resample import placed
from gigamatte.cutout.under import REACH, edged
from gigamatte.ending import Pool
from gigamatte.errors import GigamatteError
from gigamatte.options import Only, Under
from gigamatte.photo.colour import in_srgb
from gigamatte.photo.levels import PhotoLevels
from gigamatte.types import UNDECIDED, Box, FloatArray, Matte, PixelArray, Place, Watch

#: From this alpha on a pixel keeps the photo's colour, bit for bit.
SOLID = 0.99
#: Strips that are made while another one is encoded.
AHEAD = 2
#: Columns that a ring is drawn into at a time, where nothing is known of them.
BLOCK = 512


@dataclass
class Composer:
    """Makes strips of one result. ``seconds`` is how long the writer had to wait for them."""

    levels: PhotoLevels
    matte: Matte
    #: None where only the alpha is wanted
    foreground: Foreground | None
    #: the part of the photo that is wanted
    frame: Box
    only: Only = "cutout"
    #: where the frame is placed, and how large; None: the result is the frame itself
    canvas: Canvas | None = None
    backdrop: Backdrop | None = None
    #: the profile of the photo's colours, where they are to become sRGB before they are laid on the backdrop
    icc: bytes | None = None
    #: leave the photo's colours where alpha is 0, for files whose mask can be repainted
    hidden: bool = False
    #: the photo as it is, with its own alpha: nothing is cut
    uncut: bool = False
    #: what lies under alpha 0, and the width of the ring of ``edge``
    under: Under = "edge"
    reach: int = REACH
    #: the matte that the colours were solved with, where ``matte`` was hardened afterwards
    solved: Matte | None = None
    threads: int = 1
    watch: Watch | None = None
    seconds: float = field(default=0.0, init=False)

    @property
    def bands(self) -> int:
        """Channels of a strip: 1 (alpha, trimap), 3 (foreground, or a cutout on a backdrop) or 4 (RGBA, straight)."""
        if self.only in ("alpha", "trimap", "uncertainty"):
            return 1
        if self.uncut:
            return 4 if self.levels.photo.has_alpha else 3
        clear = self.backdrop is None or self.backdrop.alpha
        return 4 if self.only == "cutout" and clear else 3

    def hide(self, hidden: bool) -> None:
        """Leave the photo's colours where alpha is 0, for files whose mask can be repainted."""
        self.hidden = hidden
        if hidden and self.canvas is not None:
            self.frame = self.canvas.behind

    def strips(self) -> Iterator[PixelArray]:
        """(row, column, band) arrays, uint8 or uint16 like the photo, that together make the result."""
        made, first, spans = self._made(), self.frame.top, self._spans
        if self.canvas is not None:
            made, first, spans = self._placed(self.canvas, made), 0, _blocks
        made = ((self._laid(strip, box.top - first, box.height), box) for strip, box in made)
        if self.ring:
            made = edged(made, self.ring, spans)
        for strip, _ in made:
            yield strip[..., :3] if self.only == "foreground" else strip

    def _placed(self, canvas: Canvas, made: Iterator[tuple[PixelArray, Box]]) -> Iterator[tuple[PixelArray, Box]]:
        """The strips on the canvas; boxes are the canvas' own."""
        depth, bands = self.matte.depth, 1 if self.bands == 1 else 4
        beneath = 0 if self.under == "black" and not self.hidden else depth.full
        for strip, box in placed(made, self.frame, canvas, bands, depth, beneath=beneath, hidden=self.hidden):
            yield self._told(strip) if bands == 1 else strip, box

    def _made(self) -> Iterator[tuple[PixelArray, Box]]:
        """The strips and where they lie, before they are finished."""
        boxes = list(self._boxes())
        with Pool(self.threads) as pool:
            waiting: list[Future[PixelArray]] = []
            try:
                for number, box in enumerate(boxes):
                    ahead = boxes[number + len(waiting) : number + AHEAD]
                    waiting += [pool.submit(self._strip, other) for other in ahead]
                    started = time.perf_counter()
                    strip = waiting.pop(0).result()
                    self.seconds += time.perf_counter() - started
                    yield strip, box
                    if self.watch is not None:
                        self.watch("write", (number + 1) / len(boxes))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    @property
    def ring(self) -> int:
        """How many pixels around the subject take its colour; 0 where none do."""
        covered = self.hidden or self.uncut or (self.backdrop is not None and not self.backdrop.alpha)
        hides = covered or self.only not in ("cutout", "foreground")
        return 0 if hides or self.under != "edge" else self.reach

    def _spans(self, box: Box) -> Iterator[tuple[int, int]]:
        """Columns of a strip, counted from its left, whose tiles may hold pixels of the ring."""
        tile, decided = self.matte.tile, self.matte.decided
        row, near = box.top // tile, -(-self.reach // tile)
        first, last = max(0, row - near), (box.bottom - 1) // tile + 1 + near
        seen: NDArray[np.bool_] = np.max(decided[first:last] > 0, axis=0)
        for column in range(box.left // tile, (box.right - 1) // tile + 1):
            opaque = decided[row, column] == 1 and not self.levels.photo.has_alpha
            behind = self.backdrop is not None  # what can be seen of it may lie anywhere
            if behind or (seen[max(0, column - near) : column + near + 1].any() and not opaque):
                left, right = max(column * tile, box.left), min((column + 1) * tile, box.right)
                yield left - box.left, right - box.left

    def _boxes(self) -> Iterator[Box]:
        """Strips of the frame along the rows of tiles, so that no tile is made twice."""
        top = self.frame.top
        while top < self.frame.bottom:
            bottom = min((top // self.matte.tile + 1) * self.matte.tile, self.frame.bottom)
            yield Box(self.frame.left, top, self.frame.width, bottom - top)
            top = bottom

    def _strip(self, box: Box) -> PixelArray:
        if self.bands == 1:
            alpha = self._alpha(box) if self.only == "alpha" else self.matte.read(box)
            return alpha if self.canvas is not None else self._told(alpha)
        if self.uncut:
            return self._as_it_is(box)
        alpha = self._alpha(box)
        colour = self._colour(box, alpha)
        bare = self.only == "foreground" and not self.ring and self.canvas is None
        return colour if bare else with_alpha(colour, alpha)

    def _as_it_is(self, box: Box) -> PixelArray:
        """The photo's own pixels: RGBA where they have alpha or are to be placed."""
        colour, own = self.levels.read(0, box), self.levels.alpha(box)
        if own is None and self.canvas is None:
            return colour.copy()
        return with_alpha(colour, np.full_like(colour[..., 0], self.matte.depth.full) if own is None else own)

    def _told(self, alpha: PixelArray) -> PixelArray:
        """What a picture of one channel shows of the matte."""
        if self.only == "trimap":
            return trimap(alpha, self.matte.depth.full)
        return uncertainty(alpha, self.matte.depth.full) if self.only == "uncertainty" else alpha

    def _alpha(self, box: Box) -> PixelArray:
        """The matte's alpha times the photo's own, where it has one."""
        alpha = self.matte.read(box)
        own = self.levels.alpha(box)
        if own is None:
            return alpha
        full = self.matte.depth.full
        product = alpha.astype(np.uint64) * own
        return self.matte.depth.pixels((product + full // 2) // full)

    def _colour(self, box: Box, alpha: PixelArray) -> PixelArray:
        """Straight colour: the photo's where opaque, F in the band, white or black where nothing is left to see."""
        colour = self.levels.read(0, box).copy()
        if self.foreground is None:
            raise GigamatteError("colours were asked of a composer without foreground")
        for place in self._undecided(box):
            home = self.matte.grid.home(place).within(box)
            inside = home.relative_to(box).slices()
            mixed = (self.solved or self.matte).read(home) < SOLID * self.matte.depth.full
            mixed &= alpha[inside] > 0
            part = occupied(mixed, home)
            if not part.empty:
                solved, here = self.foreground.read(part), part.relative_to(home).slices()
                target = colour[inside][here]
                target[:] = where(mixed[here], solved, target.copy())
        if self.hidden:
            return colour
        return where(alpha > 0, colour, None if self.under == "black" else np.full_like(colour, self.matte.depth.full))

    def _undecided(self, box: Box) -> Iterator[Place]:
        return (place for place in self.matte.grid.places(box) if self.matte.decided[place] == UNDECIDED)

    def _laid(self, strip: PixelArray, top: int, rows: int) -> PixelArray:
        """The strip on its backdrop, of which ``rows`` from ``top`` lie behind it; it is read in order.

        A photo that is not cut lies on white, where it ends.
        """
        if self.uncut and self.bands == 3 and strip.shape[2] == 4:
            return on_white(strip, int(self.matte.depth.full))[..., :3]
        if self.backdrop is None or self.only != "cutout":
            return strip
        full = np.float32(self.matte.depth.full)
        alpha = strip[..., 3:].astype(np.float32) / full
        behind = self.backdrop.rows(top, rows).astype(np.float32)
        colours = strip[..., :3] if self.icc is None else in_srgb(strip[..., :3], self.icc, depth=self.matte.bits)
        if self.backdrop.alpha:
            laid = self.matte.depth.pixels(over(colours, alpha, behind[..., :3], behind[..., 3:] / full, full))
            laid[laid[..., 3] == 0, :3] = 0 if self.under == "black" else self.matte.depth.full
            return laid
        mixed = colours * alpha + behind * (1 - alpha)
        return self.matte.depth.pixels(mixed + np.float32(0.5))


def _blocks(box: Box) -> Iterator[tuple[int, int]]:
    """Columns of a strip in pieces, where it is not known which of them hold anything."""
    for left in range(0, box.width, BLOCK):
        yield left, min(left + BLOCK, box.width)


def over(
    colour: PixelArray, alpha: FloatArray, behind: FloatArray, opacity: FloatArray, full: np.float32
) -> FloatArray:
    """(row, column, RGBA), straight, 0…``full`` + ½, of colours over others that can be seen through themselves.

    ``alpha`` and ``opacity`` (row, column, 1) in [0, 1] (T. Porter, T. Duff: Compositing Digital Images, 1984).
    """
    rest = opacity * (1 - alpha)
    both = alpha + rest
    mixed = (colour * alpha + behind * rest) / np.maximum(both, np.float32(1e-9))
    return np.concatenate([mixed, both * full], axis=2) + np.float32(0.5)


def on_white(strip: PixelArray, full: int) -> PixelArray:
    """(row, column, RGBA) whose colours lie on white, the alpha as it was."""
    alpha = strip[..., 3:].astype(np.uint64)
    mixed = (strip[..., :3] * alpha + full * (full - alpha) + full // 2) // full
    flat = strip.copy()
    flat[..., :3] = mixed
    return flat


def with_alpha(colour: PixelArray, alpha: PixelArray) -> PixelArray:
    """(row, column, RGBA) of (row, column, RGB) and (row, column), one dtype."""
    out: PixelArray = np.empty((*alpha.shape, 4), colour.dtype)
    cv2.mixChannels([colour, alpha], [out], [0, 0, 1, 1, 2, 2, 3, 3])
    return out


def where(chosen: NDArray[np.bool_], colour: PixelArray, other: PixelArray | None = None) -> PixelArray:
    """``colour`` where ``chosen``, else ``other`` (zero), which it may be written into: (row, column, channel).

    Ten times faster than an index.
    """
    background = np.zeros_like(colour) if other is None else other
    out: PixelArray = cv2.copyTo(colour, chosen.view(np.uint8), background)
    return out


def occupied(mixed: NDArray[np.bool_], home: Box) -> Box:
    """The part of ``home`` that holds all pixels that are set in ``mixed``, (row, column): empty where none is.

    A contour runs through a part of a tile; solving colours for the rest would be most of the work. Smaller blocks than
    a tile would have more surroundings than contents.
    """
    rows, columns = np.flatnonzero(mixed.any(axis=1)), np.flatnonzero(mixed.any(axis=0))
    if not rows.size:
        return Box(home.left, home.top, 0, 0)
    top, left = int(rows[0]), int(columns[0])
    return Box(home.left + left, home.top + top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def uncertainty(alpha: PixelArray, full: int) -> PixelArray:
    """full where the matte is torn between subject and background, 0 where it is either: the same dtype."""
    nearest: PixelArray = np.minimum(alpha, full - alpha)
    return nearest * 2


def trimap(alpha: PixelArray, full: int) -> PixelArray:
    """0 where background, full where subject, half where undecided: the same dtype."""
    out: PixelArray = np.full_like(alpha, (full + 1) // 2)
    out[alpha <= 0.01 * full] = 0
    out[alpha >= SOLID * full] = full
    return out
