"""Makes the rows of the result: the photo's pixels where alpha is 1, else the foreground colour F."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gigamatte.cutout.backdrop_picture import Backdrop
from gigamatte.cutout.clear import rows_at_once
from gigamatte.cutout.foreground import Foreground
from gigamatte.cutout.frame import Canvas
from gigamatte.cutout.layers import Beneath, Laid, Outline
from gigamatte.cutout.outline import outlined
from gigamatte.cutout.pixels import on_white
from gigamatte.cutout.resample import placed
from gigamatte.cutout.shadow import Shadow
from gigamatte.cutout.straight import straight
from gigamatte.cutout.trimap import trimap, uncertainty
from gigamatte.cutout.under import REACH, edged
from gigamatte.cutout.visible import visible
from gigamatte.errors import GigamatteError
from gigamatte.options import Format, Only, Under
from gigamatte.photo.colour import in_srgb
from gigamatte.photo.levels import PhotoLevels
from gigamatte.thread_exit import Pool
from gigamatte.types import Box, FloatArray, Matte, PixelArray, Size, Watch

#: Strips that are made while another one is encoded.
AHEAD = 2
#: Tiles side by side that one thread draws at a time.
PART_TILES = 2
#: Columns that a ring is drawn into at a time, where nothing is known of them.
BLOCK = 512


@dataclass
class Waited:
    """How long a writer had to wait for strips."""

    seconds: float = 0.0


@dataclass(frozen=True)
class Composer:
    """Makes strips of one result; ``waited`` grows while they are drawn."""

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
    #: what lies between the subject and the backdrop, and where the result lies over the photo
    shadow: Shadow | None = None
    outline: Outline | None = None
    place: Canvas | None = None
    #: how much each channel of the subject is brightened, (RGB)
    gain: FloatArray | None = None
    #: the profile of the photo's colours, where they are to become sRGB before they are laid on the backdrop
    icc: bytes | None = None
    #: leave the photo's colours where alpha is 0, for files whose mask can be repainted
    hidden: bool = False
    #: the photo as it is, with its own alpha: nothing is cut
    uncut: bool = False
    #: what lies under alpha 0
    under: Under = "edge"
    #: the matte that the colours were solved with, where ``matte`` was hardened afterwards
    solved: Matte | None = None
    threads: int = 1
    watch: Watch | None = None
    waited: Waited = field(default_factory=Waited)

    @property
    def size(self) -> Size:
        """Width and height of the result."""
        return self.place.size if self.place is not None else self.frame.size

    @property
    def bands(self) -> int:
        """Channels of a strip: 1 (alpha, trimap), 3 (foreground, or a cutout on a backdrop) or 4 (RGBA, straight)."""
        if self.only in ("alpha", "trimap", "uncertainty"):
            return 1
        if self.uncut:
            return 4 if self.levels.photo.has_alpha else 3
        clear = self.backdrop is None or self.backdrop.alpha
        return 4 if self.only == "shadow" or (self.only == "cutout" and clear) else 3

    @property
    def beneath(self) -> tuple[Beneath, ...]:
        """The layers below the subject that a strip brings along, where they are kept apart: one band more for each."""
        if not self.hidden or self.backdrop is not None or self.only != "cutout":
            return ()
        layers = [Beneath("outline", self.outline.colour)] if self.outline is not None else []
        return (*layers, *([Beneath("shadow", (0, 0, 0))] if self.shadow is not None else []))

    def suited(self, format: Format) -> Composer:
        """The composer for a file format: a PSD keeps the photo's colours under alpha 0, as users edit the mask."""
        hidden = format == "psd"
        frame = self.canvas.behind if hidden and self.canvas is not None else self.frame
        return replace(self, hidden=hidden, frame=frame)

    def strips(self) -> Iterator[PixelArray]:
        """(row, column, band) arrays, uint8 or uint16 like the photo, that together make the result."""
        made, first, spans = self._made(), self.frame.top, self._spans
        if self.canvas is not None:
            made, first, spans = self._placed(self.canvas, made), 0, _blocks
        if self.only == "shadow":
            yield from self._shadows()
            return
        made = self._finished(made, first)
        if self.shadow is not None or self.outline is not None:
            spans = _blocks
        with Pool(self.threads) as pool:
            for strip, _ in edged(made, spans, pool) if self.ringed else made:
                yield strip[..., :3] if self.only == "foreground" else strip

    def _finished(self, made: Iterable[tuple[PixelArray, Box]], first: int) -> Iterator[tuple[PixelArray, Box]]:
        """The strips with all that lies below them; ``first`` is the row at which their boxes begin to count."""
        if self.outline is None or self.only != "cutout":
            for strip, box in made:
                yield self._laid(strip, box.top - first, box.height), box
            return
        plain = replace(self, only="alpha", outline=None, shadow=None, backdrop=None, watch=None)
        for strip, box, rim in outlined(made, self.outline.width, self.matte.depth, plain.strips(), self.size):
            most = rows_at_once(box.width)
            for top in range(0, box.height, most):
                part = Box(box.left, box.top + top, box.width, min(most, box.height - top))
                rows = slice(top, top + part.height)
                yield self._laid(strip[rows], part.top - first, part.height, rim[rows]), part

    def _shadows(self) -> Iterator[PixelArray]:
        """The shadow alone: black, with its alpha."""
        if self.place is None:
            raise GigamatteError("a shadow was asked of a composer without a place")
        most = rows_at_once(self.place.size.width)
        for top in range(0, self.place.size.height, most):
            rows = min(most, self.place.size.height - top)
            out: PixelArray = np.zeros((rows, self.place.size.width, 4), self.matte.depth.dtype)
            if self.shadow is not None:
                out[..., 3] = self.matte.depth.from_unit(self.shadow.rows(self.place, top, rows))
            yield out

    def _placed(self, canvas: Canvas, made: Iterator[tuple[PixelArray, Box]]) -> Iterator[tuple[PixelArray, Box]]:
        """The strips on the canvas; boxes are the canvas' own."""
        depth, bands = self.matte.depth, 1 if self.bands == 1 else 4
        beneath = 0 if self.under == "black" and not self.hidden else depth.full
        for strip, box in placed(made, self.frame, canvas, bands, depth, beneath=beneath, hidden=self.hidden):
            yield self._one_channel(strip) if bands == 1 else strip, box

    def _made(self) -> Iterator[tuple[PixelArray, Box]]:
        """The strips and where they lie, before they are finished."""
        boxes = list(self._boxes())
        with Pool(self.threads) as pool:
            waiting: list[tuple[PixelArray, list[Future[None]]]] = []
            try:
                for number, box in enumerate(boxes):
                    ahead = boxes[number + len(waiting) : number + AHEAD]
                    waiting += [self._begun(other, pool) for other in ahead]
                    started = time.perf_counter()
                    strip, parts = waiting.pop(0)
                    for part in parts:
                        part.result()
                    self.waited.seconds += time.perf_counter() - started
                    yield strip, box
                    if self.watch is not None:
                        self.watch("write", (number + 1) / len(boxes))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    @property
    def ringed(self) -> bool:
        """Whether pixels around the subject take its colour."""
        covered = self.hidden or self.uncut or (self.backdrop is not None and not self.backdrop.alpha)
        return self.under == "edge" and self.only in ("cutout", "foreground") and not covered

    def _spans(self, box: Box) -> Iterator[tuple[int, int]]:
        """Columns of a strip, counted from its left, whose tiles may hold pixels of the ring."""
        tile, decided = self.matte.tile, self.matte.decided
        row, near = box.top // tile, -(-REACH // tile)
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

    def _begun(self, box: Box, pool: Pool) -> tuple[PixelArray, list[Future[None]]]:
        """A strip of the frame, and its parts, a few tiles wide, which threads of the pool fill."""
        bands = () if self.bands == 1 else (3,) if self.uncut and self._plain else (4,)
        strip: PixelArray = np.empty((box.height, box.width, *bands), self.matte.depth.dtype)
        wide, parts = PART_TILES * self.matte.tile, []
        for left in range(box.left // wide * wide, box.right, wide):
            part = Box(left, box.top, wide, box.height).within(box)
            parts.append(pool.submit(self._fill, part, strip[part.relative_to(box).slices()]))
        return strip, parts

    def _fill(self, box: Box, strip: PixelArray) -> None:
        """Draw what lies in ``box`` into ``strip``."""
        if self.bands == 1:
            alpha = self._alpha(box)
            strip[:] = alpha if self.canvas is not None else self._one_channel(alpha)
        elif self.uncut:
            self._as_it_is(box, strip)
        elif self.foreground is None:
            raise GigamatteError("colours were asked of a composer without foreground")
        else:
            nothing = None if self.hidden else 0 if self.under == "black" else self.matte.depth.full
            solved = self.solved or self.matte
            straight(self.levels, self.matte, solved, self.foreground, box, self._alpha, nothing, strip)

    @property
    def _plain(self) -> bool:
        """Whether the photo's own pixels are RGB: RGBA where they have alpha or are to be placed."""
        return not self.levels.photo.has_alpha and self.canvas is None

    def _as_it_is(self, box: Box, strip: PixelArray) -> None:
        """The photo's own pixels."""
        colour, own = self.levels.read(0, box), self.levels.alpha(box)
        strip[..., :3] = colour
        if not self._plain:
            strip[..., 3] = self.matte.depth.full if own is None else own

    def _one_channel(self, alpha: PixelArray) -> PixelArray:
        """The one-channel picture that ``only`` asks for: alpha, trimap or uncertainty."""
        if self.only == "trimap":
            return trimap(alpha, self.matte.depth.full)
        return uncertainty(alpha, self.matte.depth.full) if self.only == "uncertainty" else alpha

    def _alpha(self, box: Box) -> PixelArray:
        """The matte's alpha times the photo's own, where it has one."""
        return visible(self.matte, self.levels).read(box)

    def in_srgb(self, colours: PixelArray | FloatArray) -> PixelArray:
        """Colours of the photo, (row, column, RGB) in 0…full, in sRGB where ``icc`` asks for it."""
        pixels = self.matte.depth.pixels(colours)
        return pixels if self.icc is None else in_srgb(pixels, self.icc, depth=self.matte.bits)

    def _laid(self, strip: PixelArray, top: int, rows: int, rim: FloatArray | None = None) -> PixelArray:
        """The strip over its outline, its shadow and its backdrop, of which ``rows`` from ``top`` are read in order.

        Transparent pixels of an uncut photo get white.
        """
        if self.uncut and self.bands == 3 and strip.shape[2] == 4:
            return on_white(strip, int(self.matte.depth.full))[..., :3]
        shade = None
        if self.shadow is not None and self.place is not None:
            shade = self.shadow.rows(self.place, top, rows)
        if self.only != "cutout" or (self.backdrop is None and shade is None and rim is None and self.gain is None):
            return strip
        depth, full = self.matte.depth, np.float32(self.matte.depth.full)
        if self.beneath:
            apart = [one for one in (rim, shade) if one is not None]
            return np.dstack([strip, *(depth.from_unit(one) for one in apart)])  # type: ignore[return-value]
        laid = Laid(depth, self.backdrop.rows(top, rows) if self.backdrop is not None else None, strip.shape)
        if shade is not None:
            laid.put(np.zeros(3, np.float32), shade[..., None])
        if rim is not None and self.outline is not None:
            laid.put(np.array(self.outline.colour, np.float32), rim[..., None])
        colours = self.in_srgb(strip[..., :3])
        lit = colours if self.gain is None else np.minimum(colours * self.gain, full)
        laid.put(lit, depth.quotient(strip[..., 3:]))
        return laid.pixels(0 if self.under == "black" else int(full))


def _blocks(box: Box) -> Iterator[tuple[int, int]]:
    """Columns of a strip in pieces, where it is not known which of them hold anything."""
    for left in range(0, box.width, BLOCK):
        yield left, min(left + BLOCK, box.width)
