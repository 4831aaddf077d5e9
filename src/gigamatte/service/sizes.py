"""The size that an upload's header claims, read by Python alone: no decoder sees a stranger's bytes in this process.

Only an estimate for the queue. The worker process reads the header again, properly, before it decodes.
"""

from __future__ import annotations

from pathlib import Path

from gigamatte.photo import formats
from gigamatte.photo.dimensions import dimensions


def claimed_pixels(path: Path) -> int:
    """Width × height as the header has them; 0 where it cannot be told. Raises UnsupportedInput for other formats."""
    width, height = claimed_size(path)
    return width * height


def claimed_size(path: Path) -> tuple[int, int]:
    """(width, height) as the header has them; (0, 0) where it cannot be told. Raises UnsupportedInput."""
    with path.open("rb") as file:
        formats.sniff(file.read(formats.HEAD), "the upload")
    size = dimensions(path)
    return (0, 0) if size is None else (size.width, size.height)
