"""Resolves the options of a cut for one photo: all that can be read or refused before its pixels are decoded."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gigamatte import system
from gigamatte.budget import pixel_memory
from gigamatte.clipping import ClippingPath, path_named
from gigamatte.errors import UsageError
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.mask.labels import settled_strokes
from gigamatte.matte.mask.painted import Painted
from gigamatte.matte.mask.user_mask import aspect_warning
from gigamatte.options import Format, Options
from gigamatte.photo.mask import Mask, mask_bytes, read_mask
from gigamatte.photo.paths.fill import PathFill
from gigamatte.photo.read import as_source, open_photo
from gigamatte.types import Box, Depth, Photo, PixelArray, Size

if TYPE_CHECKING:
    from PIL import Image

#: A photo or a mask: a path, the bytes of a file, a file open for them, an array (row, column, channel), or a Pillow
#: image.
Source: TypeAlias = "str | os.PathLike[str] | os.PathLike[bytes] | bytes | BinaryIO | NDArray[Any] | Image.Image"

#: A box needs sides of at least this many pixels: a network finds nothing in a smaller one.
SMALLEST_REGION = 8
#: A mask whose pixels are wider than so many of the photo's is hardly ever a matte: networks make smaller masks.
MATTE_PIXEL = 4.5
#: Rows of a path that are filled at a time.
ROWS = 256


@dataclass(frozen=True, eq=False)
class Request:
    """The resolved options of one photo's cut.

    ``region``: where the subject is looked for, upright photo pixels. ``mask`` takes the network's place.
    ``path``: the photo's own clipping path, which is obeyed exactly. ``memory``: bytes of pixels that may be kept in
    memory. ``warnings``: what reading masks, paths and strokes had to say.
    """

    photo: Photo
    options: Options
    region: Box
    mask: Mask | None
    correction: Correction
    memory: int
    threads: int
    warnings: tuple[str, ...] = ()
    path: ClippingPath | None = None

    @property
    def maybe_matte(self) -> bool:
        """Whether its mask is large enough, against the photo, to be a matte, for which no network is needed."""
        if self.mask is None or self.mask.contour:
            return False
        size, photo = Size.of(self.mask.values), self.photo.size
        return max(photo.width / size.width, photo.height / size.height) < MATTE_PIXEL


def open_as_asked(source: Source, options: Options) -> Photo:
    """The photo, its pixels not yet decoded. Raises InputError, BudgetExceeded."""
    return open_photo(as_source(source), max_pixels=options.max_pixels, ignore_alpha=options.ignore_alpha)


def resolve_request(photo: Photo, options: Options, mask: Source | None, format: Format | None) -> Request:
    """The request of one photo. ``mask``: default is that of the options; ``format``: None where nothing is written.

    Raises BudgetExceeded when the memory allowed does not suffice, UsageError when the box misses the photo, and
    MissingInput or UnsupportedInput for a mask or a stroke that cannot be read.
    """
    options = _placed(photo.size, options)
    given = mask if mask is not None else options.mask
    name = path_named(given)
    source = None if name is not None else as_source(given)
    if options.hints is not None:
        options.hints.refuse_outside(photo.size)
    memory = _memory(photo, options, source, format)
    correction, warnings = _correction(photo.size, options)
    path, said = (None, ()) if name is None else _own_path(photo, name)
    read = None if source is None else read_mask(source, max_pixels=options.max_pixels)
    if path is not None and options.refine != "auto":
        read, path = _filled(path, photo.size), None
    return Request(
        photo=photo,
        options=options,
        region=_region(photo.size, box_of(options)),
        mask=read,
        correction=correction,
        memory=memory,
        threads=options.threads or system.cpu_count(),
        warnings=(*warnings, *said),
        path=path,
    )


def _own_path(photo: Photo, name: str) -> tuple[ClippingPath, tuple[str, ...]]:
    """The photo's own path of that name, in pixels of ``photo``, which may be a smaller copy; and warnings."""
    own = photo.paths()
    path, warnings = own.chosen(name, photo.name)
    return (path if own.size is None else path.scaled(own.size, photo.size)), warnings


def _filled(path: ClippingPath, size: Size) -> Mask:
    """A path as a mask whose edge a refiner may soften, filled row by row of tiles."""
    fill = PathFill(path, size)
    values = np.empty(size.shape, np.uint8)
    for top in range(0, size.height, ROWS):
        box = Box(0, top, size.width, min(ROWS, size.height - top))
        values[box.slices()] = Depth(8).from_unit(fill.values(box))
    return Mask(values, contour=True)


def _memory(photo: Photo, options: Options, mask: Any, format: Format | None) -> int:
    read = [source for source in (mask, options.keep, options.drop) if source is not None]
    given = sum(mask_bytes(source) for source in read)  # this also finds missing files before anything is decoded
    return pixel_memory(photo, options, format, masked=mask is not None, given=given)


def _correction(photo: Size, options: Options) -> tuple[Correction, tuple[str, ...]]:
    """The corrections that the options name, and warnings."""
    strokes: list[PixelArray | None] = []
    warnings: tuple[str, ...] = ()
    for name, path in (("--keep", options.keep), ("--drop", options.drop)):
        if path is None:
            strokes.append(None)
            continue
        read = read_mask(path, max_pixels=options.max_pixels, strokes=True)
        values, said = settled_strokes(read.values, name)
        strokes.append(values)
        warnings += (*read.warnings, *said, *aspect_warning(name, Size.of(values), photo))
    painted = None if options.hints is None else Painted.of(options.hints, photo)
    keep, drop = strokes
    box = box_of(options)
    searched = None if box is None else (_region(photo, box), photo)
    correction = Correction(
        options.largest, options.hole_fill, keep=keep, drop=drop, searched=searched, painted=painted
    )
    return correction, warnings


def box_of(options: Options) -> Box | None:
    """The box in which the subject is looked for: the hints', else the options'; None: the whole photo."""
    return options.hints.box if options.hints is not None and options.hints.box is not None else options.box


def _placed(photo: Size, options: Options) -> Options:
    """The options with ``box_share`` as a box in pixels."""
    if options.box_share is None:
        return options
    left, top, right, bottom = options.box_share
    corner = round(left * photo.width), round(top * photo.height)
    sides = round(right * photo.width) - corner[0], round(bottom * photo.height) - corner[1]
    return dataclasses.replace(options, box=Box(*corner, max(1, sides[0]), max(1, sides[1])), box_share=None)


def _region(photo: Size, box: Box | None) -> Box:
    if box is None:
        return photo.box
    inside = box.within(photo)
    if min(inside.width, inside.height) < SMALLEST_REGION:
        raise UsageError(f"--box {box} leaves nothing of the photo, which has {photo} pixels")
    return inside
