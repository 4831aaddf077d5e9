"""Sizes, boxes and grids of tiles in whole pixels, and the mapping between a photo and a network's input.

Sizes and boxes are always width before height, arrays (row, column). ``Box.slices()`` is the only place that converts
one order into the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gigamatte.errors import UsageError


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
        left, top, right, bottom = self.left, self.top, self.left + self.width, self.top + self.height
        far, low = box.left + box.width, box.top + box.height
        if left >= box.left and top >= box.top and right <= far and bottom <= low:
            return self  # the usual case, and this is asked for every tile
        left, top, right, bottom = max(left, box.left), max(top, box.top), min(right, far), min(bottom, low)
        return Box(left, top, max(0, right - left), max(0, bottom - top))

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Box(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def relative_to(self, other: Box) -> Box:
        """The same pixels, counted from the corner of ``other``."""
        return Box(self.left - other.left, self.top - other.top, self.width, self.height)

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a part of a photo was resized to a network's input, whose aspect may differ; maps places back to the photo.

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
        """The whole photo resized to the network's size."""
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


@dataclass(frozen=True, slots=True)
class Tile:
    """One piece of work: the pixels to ``write`` and the larger box to ``read`` (with the halo), inside the picture."""

    write: Box
    read: Box

    @property
    def inner(self) -> tuple[slice, slice]:
        """(rows, columns) of ``write`` inside an array that holds ``read``."""
        return self.write.relative_to(self.read).slices()


#: (row, column) of a tile in a grid.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture of ``size``, divided into squares of ``edge`` pixels from its top left corner on."""

    size: Size
    edge: int

    def __post_init__(self) -> None:
        if self.edge < 1:
            raise UsageError(f"the tiles of a grid are at least 1 pixel wide, found {self.edge}")

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of tiles."""
        return -(-self.size.height // self.edge), -(-self.size.width // self.edge)

    def home(self, place: Place) -> Box:
        """The pixels of one tile, cut at the picture's right and lower border."""
        row, column = place
        return Box(column * self.edge, row * self.edge, self.edge, self.edge).within(self.size)

    def places(self, box: Box | None = None) -> Iterator[Place]:
        """The tiles that touch ``box`` (default: all), row by row."""
        box = self.size.box if box is None else box.within(self.size)
        if box.empty:
            return
        for row in range(box.top // self.edge, (box.bottom - 1) // self.edge + 1):
            for column in range(box.left // self.edge, (box.right - 1) // self.edge + 1):
                yield row, column
