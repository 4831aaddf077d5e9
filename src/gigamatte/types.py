"""The types of the pipeline, in order: Photo, NetworkInput, CoarseMatte, Tile, Matte, and the Receipt.

Frozen, and checked when they are made. Arrays are always (row, column[, channel]); sizes and boxes are always
width before height (``geometry.py``).
(The last type, Cutout, has methods that do work, and is defined in ``cutout/``.)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from gigamatte.clipping import OwnPaths
from gigamatte.depth import Depth as Depth
from gigamatte.depth import FloatArray as FloatArray
from gigamatte.depth import PixelArray as PixelArray
from gigamatte.depth import Pixels16 as Pixels16
from gigamatte.errors import UsageError
from gigamatte.geometry import Box as Box
from gigamatte.geometry import Fit as Fit
from gigamatte.geometry import Grid as Grid
from gigamatte.geometry import Place as Place
from gigamatte.geometry import Size as Size
from gigamatte.geometry import Tile as Tile

if TYPE_CHECKING:
    import pyvips

#: what a mask means: a matte's alpha is to be kept; a contour mask only says where the contour runs
Answers = Literal["matte", "contour"]

#: ``watch(stage, fraction)``: called with the stage's name and its progress, 0…1; raising Cancelled stops between tiles
Watch = Callable[[str, float], None]

#: what ``Matte.decided`` says of a tile
BACKGROUND, SUBJECT, UNDECIDED = 0, 1, 2


def decided_by(alpha: PixelArray) -> int:
    """BACKGROUND where all of a finished alpha, uint8 or uint16, is 0, SUBJECT where all is full, else UNDECIDED."""
    if int(alpha.max()) == 0:
        return BACKGROUND
    return SUBJECT if int(alpha.min()) == Depth.of(alpha).full else UNDECIDED


@dataclass(frozen=True)
class Photo:
    """A photo whose header was read and whose pixels were not.

    ``size`` is upright. ``open()`` gives a fresh lazy libvips image: 3 bands (plus 1 of alpha when ``has_alpha``),
    ``bits`` deep, in the colour space of ``icc`` (sRGB when that is None), *as stored*: ``PhotoLevels`` turns it
    upright by ``orientation``, because a turned picture can not be streamed. It may be read top to bottom once; open
    again to reread.
    """

    size: Size
    bits: int
    has_alpha: bool
    icc: bytes | None
    open: Callable[[], pyvips.Image]
    #: EXIF's 1…8: how ``open()`` has to be turned to be upright
    orientation: int = 1
    #: EXIF, XMP, IPTC blobs by libvips' field name, orientation already reset
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: pixels per millimetre (across, down), 0 when the file does not say
    resolution: tuple[float, float] = (0.0, 0.0)
    #: its name in messages
    name: str = "photo"
    #: when its file was last read and changed, in nanoseconds since 1970; None where it is no file
    times: tuple[int, int] | None = None
    #: the loader's name: jpeg, png, webp, tiff, …, array
    format: str = "array"
    #: bytes that decoding holds beyond a strip: progressive JPEG and interlaced PNG are decoded whole
    decode_bytes: int = 0
    #: each read of ``open()`` must end at a multiple of so many rows, or at the end: rows that were decoded together
    #: with the last one are lost
    rows: int = 16
    #: looks for the paths in its file, see ``photo/paths``; none where it has no file
    paths: Callable[[], OwnPaths] = OwnPaths
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.bits not in (8, 16):
            raise UsageError(f"a photo has 8 or 16 bits a channel, found {self.bits}")
        if not 1 <= self.orientation <= 8:
            raise UsageError(f"an orientation lies in 1…8, found {self.orientation}")

    @property
    def depth(self) -> Depth:
        """Its bits, as what follows from them."""
        return Depth(self.bits)


@dataclass(frozen=True)
class NetworkInput:
    """A network's input: float32 (1, 3, row, column), normalised as its card says, and the ``Fit`` that made it."""

    tensor: FloatArray
    fit: Fit

    def __post_init__(self) -> None:
        expected = (1, 3, *self.fit.network.shape)
        if self.tensor.shape != expected or self.tensor.dtype != np.float32:
            found = f"{self.tensor.dtype} {self.tensor.shape}"
            raise UsageError(f"a network input is float32 {expected}, found {found}")


@dataclass(frozen=True)
class CoarseMatte:
    """A network's answer, or a user's mask, at its own size: alpha float32 (row, column) in [0, 1].

    Never quantised, never stretched to fill the range. ``fit.network`` is the size of ``alpha``;
    outside ``fit.region`` the photo is background. ``stray`` is the error of its contour's place, a σ in
    photo pixels; 0 where it lies as exactly as it is sharp. ``opaque``: an alpha between means doubt, not transparency.
    ``answers``: what it is; None: to be measured. ``values``: what ``alpha`` was made of, uint8 or uint16 (row, column)
    over the same region: a user's mask as it was stored, which may have more pixels.
    """

    alpha: FloatArray
    fit: Fit
    stray: float = 0.0
    opaque: bool = False
    answers: Answers | None = None
    values: PixelArray | None = None

    def __post_init__(self) -> None:
        if self.alpha.dtype != np.float32 or self.alpha.shape != self.fit.network.shape:
            found = f"{self.alpha.dtype} {self.alpha.shape}"
            raise UsageError(f"a coarse matte is float32 {self.fit.network.shape}, found {found}")
        low, high = float(self.alpha.min()), float(self.alpha.max())
        if not (low >= 0.0 and high <= 1.0):  # also catches NaN
            raise UsageError(f"a coarse matte lies in [0, 1], found {low}…{high}")

    @property
    def grid(self) -> Size:
        """The size of the finest that is known of it."""
        return self.fit.network if self.values is None else Size.of(self.values)

    @property
    def pixel(self) -> float:
        """How many photo pixels wide a pixel of that grid is."""
        return dataclasses.replace(self.fit, network=self.grid).pixel

    def changed(self, alpha: FloatArray) -> CoarseMatte:
        """The same with another alpha of any size; ``values`` is None then, because it no longer fits."""
        fit = dataclasses.replace(self.fit, network=Size.of(alpha))
        return dataclasses.replace(self, alpha=alpha, fit=fit, values=None)


@dataclass(frozen=True)
class Matte:
    """The full-size alpha, as a grid of ``tile``×``tile`` pixels of which only the undecided are stored.

    ``decided`` uint8 (tile row, tile column) is BACKGROUND or SUBJECT where a tile is constant, and UNDECIDED where
    ``tiles[row, column]`` holds its pixels: (row, column), uint8 or uint16 by ``bits``.
    """

    size: Size
    bits: int
    tile: int
    decided: NDArray[np.uint8]
    tiles: Mapping[tuple[int, int], PixelArray]

    def __post_init__(self) -> None:
        shape = self.grid.shape
        if self.decided.shape != shape:
            raise UsageError(
                f"a matte of {self.size} pixels has {shape} tiles of {self.tile}, found {self.decided.shape}"
            )

    @property
    def grid(self) -> Grid:
        """The grid of its tiles."""
        return Grid(self.size, self.tile)

    @property
    def depth(self) -> Depth:
        """Its bits, as what follows from them."""
        return Depth(self.bits)

    def read(self, box: Box) -> PixelArray:
        """The alpha in ``box`` (which lies inside the picture): (row, column), uint8 or uint16, 0 = background."""
        out: PixelArray = np.zeros((box.height, box.width), self.depth.dtype)
        grid, full = self.grid, self.depth.full
        for place in grid.places(box):
            decided = self.decided[place]
            if decided == BACKGROUND:
                continue
            home = grid.home(place)
            part = home.within(box)
            target = part.relative_to(box).slices()
            out[target] = full if decided == SUBJECT else self.tiles[place][part.relative_to(home).slices()]
        return out

    @property
    def band_fraction(self) -> float:
        """The part of the picture's pixels that lies in undecided tiles, 0…1."""
        return sum(pixels.size for pixels in self.tiles.values()) / self.size.pixels


@dataclass(frozen=True)
class ModelUse:
    """Which network made a result, for the receipt. ``sha256`` is None where no network was run."""

    name: str
    licence: str
    sha256: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What was done to one photo: plain data, the same for the command line, the service and the batch (schema 1)."""

    input: str
    output: str | None = None
    model: ModelUse | None = None
    device: str | None = None
    precision: str | None = None
    #: read, network, matte, colours, write, total
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_rss_mb: float = 0.0
    #: the part of the photo's pixels that had to be resolved, 0…1
    band_fraction: float = 0.0
    #: how unsure the matte is: score 0…1 and its parts, see matte/doubt.py
    doubt: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    #: the box of what is at least faintly subject: left, top, width, height in pixels of the upright photo
    subject: Mapping[str, int] = field(default_factory=dict)
    #: the same box in the result: left, top, width, height in its pixels; scale: of these for one of the photo's
    placed: Mapping[str, float] = field(default_factory=dict)
    #: whether the photo has an alpha of its own, with which the result's was multiplied
    own_alpha: bool = False
    #: how the alpha was resolved: neural, guided or off
    refine: str | None = None
    #: how hints were used: as input of the network, or by choosing pieces of its answer; None without hints
    hinted: str | None = None
    #: what the mask was taken for: ``answers`` matte or contour, the ``share`` of its soft part that is kept, 0…1, and
    #: whether that was ``measured`` (else said by the user or the network's card)
    trust: Mapping[str, Any] = field(default_factory=dict)
    #: the contour that was written as a path: ``knots``, ``subpaths``, how far the alpha's half contour lies from it in
    #: pixels (``p99`` of it, ``max``), and over how many pixels it was ``smoothed``, 1 = not
    path: Mapping[str, Any] = field(default_factory=dict)
    scratch_bytes: int = 0
    #: tiles that were resolved now (done) and that came from the cache (kept)
    tiles: Mapping[str, int] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    #: all files that were written: two for a pair, of which ``output`` is the first
    outputs: tuple[str, ...] = ()
    #: of a film: ``format``, ``frames``, the ``kept`` ones of an interrupted run, ``cuts``, ``sound``, ``first`` and
    #: ``last`` in seconds, see ``film.types.FilmReceipt``; empty for a photo
    film: Mapping[str, Any] = field(default_factory=dict)
    schema: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; seconds rounded to milliseconds."""
        plain = {name: _copied(value) for name, value in vars(self).items()}
        plain["seconds"] = {stage: round(value, 3) for stage, value in self.seconds.items()}
        plain["warnings"], plain["outputs"] = list(self.warnings), list(self.outputs)
        return plain


def _copied(value: Any) -> Any:
    """As ``dataclasses.asdict`` copies it, without the general copy of what is plain: ten times as fast."""
    if isinstance(value, Mapping):
        return {name: _copied(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_copied, value))
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value  # type: ignore[arg-type]
