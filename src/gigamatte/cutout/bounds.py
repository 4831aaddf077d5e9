"""The largest possible size of a result and the memory of placing it, from the photo's size and the options."""

from __future__ import annotations

import math

from gigamatte.cutout.clear import rows_at_once
from gigamatte.cutout.frame import canvas_size
from gigamatte.effects import outline_of, shadow_of
from gigamatte.framing import USUAL_FILL, aspect_of, fill_of, margin_of, sized_by_aspect
from gigamatte.options import Options
from gigamatte.types import Size

#: Bytes that a pixel of the rows in work takes on a canvas, and one of the rows that an outline waits for (measured).
CANVAS_BYTES, OUTLINE_BYTES = 130, 16


def largest_result(options: Options, photo: Size) -> Size:
    """The size of the result, or, where it depends on the subject, one that it does not exceed.

    A result of more than ``options.max_pixels`` is refused, however large this is.
    """
    known = canvas_size(options, photo)
    if known is not None:
        return known
    if options.aspect is None and not options.crop:
        return photo
    # as of a subject that is as large as the photo and is cut off nowhere
    if options.margins is None:
        top = right = bottom = left = round(photo.long * options.margin / 100)
    else:
        wholes = (photo.height, photo.width, photo.height, photo.width)
        top, right, bottom, left = (margin_of(text, whole) for text, whole in zip(options.margins, wholes, strict=True))
    width, height = photo.width + left + right, photo.height + top + bottom
    if options.aspect is not None:
        fill = fill_of(options.fill).part if options.fill is not None else USUAL_FILL / 100
        return sized_by_aspect((width / fill, height / fill), aspect_of(options.aspect))
    beside = 2 * _around(options, photo)
    return Size(max(width, photo.width + beside), max(height, photo.height + beside))


def canvas_memory(options: Options, photo: Size) -> int:
    """Bytes that placing the subject, and drawing an outline, take at their worst; 0 where neither is asked for."""
    size = largest_result(options, photo)
    needed = 0
    if options.canvas is not None or options.aspect is not None:
        needed += CANVAS_BYTES * rows_at_once(size.width) * size.width
    if options.outline is not None and options.only == "cutout":
        reach = math.ceil(outline_of(options.outline).pixels(size.long)) + 1
        # above, below, and in work
        needed += OUTLINE_BYTES * min(size.height, 3 * reach + rows_at_once(size.width)) * size.width
    return needed


def _around(options: Options, photo: Size) -> int:
    """How far a drawn shadow and an outline reach beyond the subject, pixels; a kept shadow ends with the photo."""
    reach = 0
    if options.shadow is not None and (wish := shadow_of(options.shadow)).kind != "keep":
        reach = math.ceil(photo.long * (max(wish.length, 6.0) + 8 * wish.softness) / 100) + 8
    if options.outline is not None:
        reach = max(reach, math.ceil(outline_of(options.outline).pixels(photo.long)) + 1)
    return reach
