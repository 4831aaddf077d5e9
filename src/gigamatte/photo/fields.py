"""Named fields of libvips' images: what a file says beside its pixels.

The list of an image's fields is never asked for: some names are the file's own (keywords of a PNG, kinds of blocks in
HEIF), may be no UTF-8, and then the whole list cannot be given.
"""

from __future__ import annotations

import pyvips


def has_field(image: pyvips.Image, name: str) -> bool:
    """Whether the image has a field of this name."""
    return bool(image.get_typeof(name))


def field_of(image: pyvips.Image, name: str, default: int) -> int:
    """A whole number among an image's fields."""
    return int(image.get(name)) if has_field(image, name) else default
