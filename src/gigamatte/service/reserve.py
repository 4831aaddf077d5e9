"""Bounds the bytes of a result. They are reserved before the work begins, or small uploads could fill the spool.

An upper bound from what the header claims: no format here uses more bytes for a pixel than its samples have. When the
result exists, its real bytes are charged instead.
"""

from __future__ import annotations

from pathlib import Path

from gigamatte.cutout.encode import TILE
from gigamatte.options import Options
from gigamatte.photo import formats
from gigamatte.service.sizes import claimed_size

#: heads, profiles and metadata
EXTRA = 1 << 20


def result_bytes(source: Path, options: Options) -> int:
    """The most that the result of a photo may take."""
    form = options.format or "png"
    width, height = claimed_size(source)
    if form == "tiff":  # its last tiles are whole ones
        width, height = (-(-side // TILE) * TILE for side in (width, height))
    channels = 1 if options.only in ("alpha", "trimap", "uncertainty") else 3 if options.background else 4
    deep = form in ("png", "tiff", "psd") and sample_bytes(source) == 2
    if options.only == "path":
        return EXTRA
    size = width * height * channels * (2 if deep else 1)
    if form == "psd":
        beneath = 4 * ((options.shadow is not None) + (options.outline is not None))
        size = size * 2 + size * beneath // channels  # the layers, and the merged picture
    if options.pyramid:
        size = size * 4 // 3
    return size + EXTRA


def sample_bytes(source: Path) -> int:
    """1 or 2: bytes of a sample, as the header has it; 2 where a format may have either."""
    with source.open("rb") as file:
        head = file.read(formats.HEAD)
    kind = formats.sniff(head, source.name).name
    if kind in ("jpeg", "webp"):
        return 1
    return 2 if kind != "png" or len(head) <= 24 or head[24] > 8 else 1
