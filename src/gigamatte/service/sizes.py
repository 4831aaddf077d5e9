"""The size that an upload's header claims: no decoder runs on uploaded bytes in this process.

The queue uses it as an estimate. The worker process reads the header again and checks it before it decodes.
"""

from __future__ import annotations

from pathlib import Path

from gigamatte.photo import formats
from gigamatte.photo.header_size import header_size


def claimed_pixels(path: Path) -> int:
    """Width × height as the header has them; 0 where it is not known. Raises UnsupportedInput for other formats."""
    width, height = claimed_size(path)
    return width * height


def claimed_size(path: Path) -> tuple[int, int]:
    """(width, height) as the header has them; (0, 0) where it is not known. Raises UnsupportedInput."""
    with path.open("rb") as file:
        formats.sniff(file.read(formats.HEAD), "the upload")
    size = header_size(path)
    return (0, 0) if size is None else (size.width, size.height)
