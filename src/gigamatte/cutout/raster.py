"""The form of a picture that is written (size, channels, bits) and the metadata of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gigamatte.clipping import ClippingPath
from gigamatte.types import PixelArray, Size, Watch


@dataclass(frozen=True, slots=True)
class Raster:
    """Width and height in pixels; 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA, straight) ``bands``; 8 or 16 bits."""

    size: Size
    bands: int
    bits: int


#: Gets a picture's strips while they are written, their raster and profile, and hands them on as they are.
Alongside = Callable[[Iterable[PixelArray], Raster, bytes | None], Iterator[PixelArray]]


class Way(NamedTuple):
    """How a result is saved, as ``Cutout.save`` describes it."""

    overwrite: bool
    quick: bool
    watch: Watch
    alongside: Alongside | None


@dataclass(frozen=True, slots=True)
class Extras:
    """What a file holds beside pixels; ``icc``, ``blocks`` of metadata and ``resolution`` are the Photo's.

    ``resolution``: pixels per millimetre across and down, 0 where it is not known. ``strip`` leaves the blocks out (the
    profile, which belongs to the colours, stays), ``strip_gps`` only the position. ``moved``: the pixels lie elsewhere
    than the photo's, which was turned or cropped. ``path``, in this picture's pixels, becomes the clipping path of a
    JPEG, TIFF or PSD.
    """

    icc: bytes | None = None
    blocks: Mapping[str, bytes] = field(default_factory=dict)
    resolution: tuple[float, float] = (0.0, 0.0)
    strip: bool = False
    strip_gps: bool = False
    moved: bool = False
    path: ClippingPath | None = None
