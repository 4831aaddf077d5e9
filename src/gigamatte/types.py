"""The types that a pixel passes through, in order: Photo, NetworkInput, CoarseMatte, Tile, Matte, and the Receipt.

Frozen, and checked when they are made. Arrays are always (row, column[, channel]); sizes and boxes are always
width before height. ``Box.slices()`` is the only place where the two orders meet.
(The last type of the journey, Cutout, has behaviour of its own and lives in ``cutout/``.)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError

if TYPE_CHECKING:
    import pyvips

FloatArray = NDArray[np.float32]
PixelArray = NDArray[np.uint8] | NDArray[np.uint16]
#: alphas of the cascade, 65535 = subject
Pixels16 = NDArray[np.uint16]

#: ``watch(stage, fraction)``: told what is being done and how far it is (0…1); raising Cancelled stops between tiles
Watch = Callable[[str, float], None]


def to_pixels(values: NDArray[Any], bits: int) -> PixelArray:
    """Whole numbers of any type in 0…2**bits − 1 as uint8 (8 bits) or uint16 (16 bits); fractions are cut off."""
    return values.astype(np.uint8) if bits == 8 else values.astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UsageError(f"a size needs at least 1×1 pixel, found {self.width}×{self.height}")

    @classmethod
    def of(cls, array: NDArray[Any]) -> Size:
        """The size of an array whose first axes are (row, column)."""
        return cls(array.shape[1], array.shape[0])

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def megapixels(self) -> float:
        """Number of pixels / 10⁶."""
        return self.pixels / 1e6

    @property
    def long(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns): what NumPy wants."""
        return self.height, self.width

    @property
    def box(self) -> Box:
        """The box that covers all of it."""
        return Box(0, 0, self.width, self.height)

    def halved(self) -> Size:
        """One level coarser: each side halved, rounded down, never under 1 (what libvips pyramids do)."""
        return Size(max(1, self.width // 2), max(1, self.height // 2))

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: left, top, width, height. May be empty, may reach outside a picture."""

    left: int
    top: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0:
            raise UsageError(f"a box needs a width and a height of at least 0, found {self.width} and {self.height}")

    @property
    def right(self) -> int:
        """First column after it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row after it."""
        return self.top + self.height

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.width == 0 or self.height == 0

    @property
    def size(self) -> Size:
        """Its size; raises UsageError when it is empty."""
        return Size(self.width, self.height)

    def slices(self) -> tuple[slice, slice]:
        """(rows, columns): the index of this box in an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, margin: int) -> Box:
        """``margin`` pixels more on every side; may then reach outside the picture."""
        return Box(self.left - margin, self.top - margin, self.width + 2 * margin, self.height + 2 * margin)

    def within(self, other: Box | Size) -> Box:
        """The part of it that lies in ``other``."""
        box = other.box if isinstance(other, Size) else other
        left, top = max(self.left, box.left), max(self.top, box.top)
        right, bottom = min(self.right, box.right), min(self.bottom, box.bottom)
        return Box(left, top, max(0, right - left), max(0, bottom - top))

    def relative_to(self, other: Box) -> Box:
        """The same pixels, counted from the corner of ``other``."""
        return Box(self.left - other.left, self.top - other.top, self.width, self.height)

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a part of a photo was squashed to what a network saw. It alone leads back to the photo.

    ``region`` lies in the photo (upright photo pixels); ``network`` is the size of the network's input.
    """

    photo: Size
    region: Box
    network: Size

    def __post_init__(self) -> None:
        if self.region.empty or self.region != self.region.within(self.photo):
            raise UsageError(f"the box {self.region} does not lie in the photo of {self.photo} pixels")

    @classmethod
    def whole(cls, photo: Size, network: Size) -> Fit:
        """The whole photo squashed to the network's size."""
        return cls(photo, photo.box, network)

    @property
    def pixel(self) -> float:
        """How many photo pixels wide a pixel of the network is, the geometric mean of both directions."""
        across, down = self.region.width / self.network.width, self.region.height / self.network.height
        return math.sqrt(across * down)

    def to_mask(self, corner: tuple[float, float], step: tuple[float, float], mask: Size) -> NDArray[np.float64]:
        """From the pixels of a grid on the photo to those of a ``mask`` of the region, centre to centre: affine (2, 3).

        The grid begins at ``corner`` (x, y) and its pixels are ``step`` (across, down) wide, both in photo pixels.
        """
        across, down = mask.width / self.region.width, mask.height / self.region.height
        # centre of grid pixel v in photo pixels: corner + (v + ½)·step; of mask pixel u: region.left + (u + ½)/across
        x, y = corner[0] + step[0] / 2 - self.region.left, corner[1] + step[1] / 2 - self.region.top
        return np.array([[step[0] * across, 0, x * across - 0.5], [0, step[1] * down, y * down - 0.5]])


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
    #: what to call it in messages
    name: str = "photo"
    #: the loader's name: jpeg, png, webp, tiff, …, array
    format: str = "array"
    #: bytes that decoding holds beyond a strip: progressive JPEG and interlaced PNG are decoded whole
    decode_bytes: int = 0
    #: what is read of ``open()`` must end at a multiple of so many rows, or at the end: what was decoded together with
    #: the last row is forgotten
    rows: int = 16
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.bits not in (8, 16):
            raise UsageError(f"a photo has 8 or 16 bits a channel, found {self.bits}")
        if not 1 <= self.orientation <= 8:
            raise UsageError(f"an orientation lies in 1…8, found {self.orientation}")

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)

    @property
    def full_scale(self) -> int:
        """The value of white: 255 or 65535."""
        return (1 << self.bits) - 1


@dataclass(frozen=True)
class NetworkInput:
    """What a network is given: float32 (1, 3, row, column), normalised as its card says, and the way back."""

    tensor: FloatArray
    fit: Fit

    def __post_init__(self) -> None:
        expected = (1, 3, *self.fit.network.shape)
        if self.tensor.shape != expected or self.tensor.dtype != np.float32:
            found = f"{self.tensor.dtype} {self.tensor.shape}"
            raise UsageError(f"a network input is float32 {expected}, found {found}")


@dataclass(frozen=True)
class CoarseMatte:
    """What a network (or a user's mask) says, at its own size: alpha float32 (row, column) in [0, 1].

    Never quantised, never stretched to fill the range. ``fit.network`` is the size of ``alpha``;
    outside ``fit.region`` the photo is background. ``stray`` is how far its contour strays from the true one, a σ in
    photo pixels; 0 where it lies as exactly as it is sharp. ``opaque``: an alpha between means doubt, not transparency.
    """

    alpha: FloatArray
    fit: Fit
    stray: float = 0.0
    opaque: bool = False

    def __post_init__(self) -> None:
        if self.alpha.dtype != np.float32 or self.alpha.shape != self.fit.network.shape:
            found = f"{self.alpha.dtype} {self.alpha.shape}"
            raise UsageError(f"a coarse matte is float32 {self.fit.network.shape}, found {found}")
        low, high = float(self.alpha.min()), float(self.alpha.max())
        if not (low >= 0.0 and high <= 1.0):  # also catches NaN
            raise UsageError(f"a coarse matte lies in [0, 1], found {low}…{high}")


@dataclass(frozen=True, slots=True)
class Tile:
    """One piece of work: the pixels to ``write`` and the larger box to ``read`` (with the halo), inside the picture."""

    write: Box
    read: Box

    @property
    def inner(self) -> tuple[slice, slice]:
        """(rows, columns) of ``write`` inside an array that holds ``read``."""
        return self.write.relative_to(self.read).slices()


@dataclass(frozen=True)
class Matte:
    """The full-size alpha, kept as a grid of ``tile``×``tile`` pixels of which only the undecided are stored.

    ``decided`` uint8 (tile row, tile column) is 0 (background) or 1 (subject) where a tile is constant, and 2 where
    ``tiles[row, column]`` holds its pixels: (row, column), uint8 or uint16 by ``bits``.
    """

    size: Size
    bits: int
    tile: int
    decided: NDArray[np.uint8]
    tiles: Mapping[tuple[int, int], PixelArray]

    def __post_init__(self) -> None:
        grid = (-(-self.size.height // self.tile), -(-self.size.width // self.tile))
        if self.decided.shape != grid:
            raise UsageError(
                f"a matte of {self.size} pixels has {grid} tiles of {self.tile}, found {self.decided.shape}"
            )

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)

    @property
    def full_scale(self) -> int:
        """The value of an opaque pixel: 255 or 65535."""
        return (1 << self.bits) - 1

    def read(self, box: Box) -> PixelArray:
        """The alpha in ``box`` (which lies inside the picture): (row, column), uint8 or uint16, 0 = background."""
        out: PixelArray = np.zeros((box.height, box.width), self.dtype)
        if box.empty:
            return out
        for row in range(box.top // self.tile, (box.bottom - 1) // self.tile + 1):
            for column in range(box.left // self.tile, (box.right - 1) // self.tile + 1):
                decided = self.decided[row, column]
                if decided == 0:
                    continue
                home = Box(column * self.tile, row * self.tile, self.tile, self.tile)
                part = home.within(box)
                target = part.relative_to(box).slices()
                if decided == 1:
                    out[target] = self.full_scale
                else:
                    out[target] = self.tiles[row, column][part.relative_to(home).slices()]
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
    #: how the alpha was resolved: neural, guided or off
    refine: str | None = None
    #: how hints were taken: told to the network, or pieces of its answer were chosen; None without hints
    hinted: str | None = None
    scratch_bytes: int = 0
    #: tiles that were resolved now (done) and that a cache knew from an earlier run (kept)
    tiles: Mapping[str, int] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    #: all files that were written: two for a pair, of which ``output`` is the first
    outputs: tuple[str, ...] = ()
    schema: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; seconds rounded to milliseconds."""
        plain = dataclasses.asdict(self)
        plain["seconds"] = {stage: round(value, 3) for stage, value in self.seconds.items()}
        plain["warnings"], plain["outputs"] = list(self.warnings), list(self.outputs)
        return plain
