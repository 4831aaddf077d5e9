"""Bounds the bytes of a result. They are reserved before the work begins, or small uploads could fill the spool.

An upper bound from what the header claims and the options ask for: no format here uses more bytes for a pixel than its
samples have. When the result exists, its real bytes are charged instead.
"""

from __future__ import annotations

from pathlib import Path

from gigamatte.cutout.bounds import largest_result
from gigamatte.cutout.encode import TILE
from gigamatte.options import Options
from gigamatte.photo import formats
from gigamatte.service.sizes import claimed_size
from gigamatte.types import Size

#: heads, profiles and metadata
EXTRA = 1 << 20


def result_pixels(source: Path, options: Options, *, whole: int = 1) -> int:
    """The most pixels that the result of a photo may have, its sides made up to multiples of ``whole``."""
    width, height = (max(1, side) for side in claimed_size(source))
    # which side is up, the header's size does not say
    sizes = {largest_result(options, Size(*sides)) for sides in ((width, height), (height, width))}
    most = max(_made_up(size.width, whole) * _made_up(size.height, whole) for size in sizes)
    if width * height > options.max_pixels or max(size.pixels for size in sizes) <= options.max_pixels:
        return most
    return min(most, 2 * options.max_pixels)  # a larger one is refused, once the subject is known


def result_bytes(source: Path, options: Options) -> int:
    """The most bytes that the file of a photo's result may take, by its format."""
    if options.only == "path":
        return EXTRA
    form = options.format or "png"
    pixels = result_pixels(source, options, whole=TILE if form == "tiff" else 1)  # a TIFF's last tiles are whole ones
    channels = 1 if options.only in ("alpha", "trimap", "uncertainty") else 4
    deep = form in ("png", "tiff", "psd") and sample_bytes(source) == 2
    size = pixels * channels * (2 if deep else 1)
    if form == "psd":
        beneath = 4 * ((options.shadow is not None) + (options.outline is not None))
        size = size * 2 + size * beneath // channels  # the layers, and the merged picture
    if options.pyramid:
        size = size * 4 // 3
    return (size if options.max_bytes is None else min(size, options.max_bytes)) + EXTRA


def _made_up(side: int, whole: int) -> int:
    return -(-side // whole) * whole


def sample_bytes(source: Path) -> int:
    """1 or 2: bytes of a sample, as the header has it; 2 where a format may have either."""
    with source.open("rb") as file:
        head = file.read(formats.HEAD)
    kind = formats.sniff(head, source.name).name
    if kind in ("jpeg", "webp"):
        return 1
    return 2 if kind != "png" or len(head) <= 24 or head[24] > 8 else 1
