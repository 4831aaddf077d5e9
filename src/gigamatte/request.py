"""The options of a cut, resolved for one photo: everything that can be read or refused before it is decoded."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from numpy.typing import NDArray

from gigamatte import system
from gigamatte.budget import pixel_memory
from gigamatte.errors import UsageError
from gigamatte.matte.mask.correct import Correction
from gigamatte.matte.mask.labels import settled_strokes
from gigamatte.matte.mask.painted import Painted
from gigamatte.matte.mask.user_mask import aspect_warning
from gigamatte.options import Format, Options
from gigamatte.photo.mask import Mask, mask_bytes, read_mask
from gigamatte.photo.read import as_source, open_photo
from gigamatte.types import Box, Photo, PixelArray, Size

if TYPE_CHECKING:
    from PIL import Image

#: A photo or a mask: a path, the bytes of a file, a file open for them, an array (row, column, channel), or a Pillow
#: image.
Source: TypeAlias = "str | os.PathLike[str] | os.PathLike[bytes] | bytes | BinaryIO | NDArray[Any] | Image.Image"

#: A box with a side of fewer pixels than this shows a network nothing.
SMALLEST_REGION = 8


@dataclass(frozen=True, eq=False)
class Request:
    """What one photo's cut needs to know.

    ``region``: where the subject is looked for, upright photo pixels. ``mask`` takes the network's place.
    ``memory``: bytes of pixels that may be kept in memory. ``warnings``: what reading masks and strokes had to say.
    """

    photo: Photo
    options: Options
    region: Box
    mask: Mask | None
    correction: Correction
    memory: int
    threads: int
    warnings: tuple[str, ...] = ()


def open_as_asked(source: Source, options: Options) -> Photo:
    """The photo, its pixels not yet decoded. Raises InputError, BudgetExceeded."""
    return open_photo(as_source(source), max_pixels=options.max_pixels, ignore_alpha=options.ignore_alpha)


def resolve_request(photo: Photo, options: Options, mask: Source | None, format: Format | None) -> Request:
    """The request of one photo. ``mask``: default is that of the options; ``format``: None where nothing is written.

    Raises BudgetExceeded when the memory allowed does not suffice, UsageError when the box misses the photo, and
    MissingInput or UnsupportedInput for a mask or a stroke that cannot be read.
    """
    options = _placed(photo.size, options)
    source = as_source(mask if mask is not None else options.mask)
    if options.hints is not None:
        options.hints.refuse_outside(photo.size)
    memory = _memory(photo, options, source, format)
    correction, warnings = _correction(photo.size, options)
    return Request(
        photo=photo,
        options=options,
        region=_region(photo.size, box_of(options)),
        mask=None if source is None else read_mask(source, max_pixels=options.max_pixels),
        correction=correction,
        memory=memory,
        threads=options.threads or system.cpu_count(),
        warnings=warnings,
    )


def _memory(photo: Photo, options: Options, mask: Any, format: Format | None) -> int:
    read = [source for source in (mask, options.keep, options.drop) if source is not None]
    given = sum(mask_bytes(source) for source in read)  # and what is missing is told before anything is decoded
    return pixel_memory(photo, options, format, masked=mask is not None, given=given)


def _correction(photo: Size, options: Options) -> tuple[Correction, tuple[str, ...]]:
    """What the user said by hand, and warnings."""
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
    """Where the subject is looked for, if it is said: by the hints, or for every photo."""
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
