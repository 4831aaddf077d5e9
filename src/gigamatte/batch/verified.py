"""Checks that a result on disk is what its receipt says, and hashes it."""

from __future__ import annotations

from pathlib import Path

from gigamatte.batch import films, places
from gigamatte.errors import InputError, WriteError
from gigamatte.photo.header_size import header_size
from gigamatte.types import Receipt


def verified(files: tuple[str, ...], receipt: Receipt) -> tuple[str, int]:
    """(SHA-256, bytes) of a result that is what its receipt says: of two files their hashes and the sum."""
    if receipt.film:
        return films.verified(Path(files[0]))
    found = [_verified_file(Path(file), receipt) for file in files]
    return "+".join(digest for digest, _ in found), sum(length for _, length in found)


def _verified_file(path: Path, receipt: Receipt) -> tuple[str, int]:
    """(SHA-256, bytes) of one file. Raises WriteError."""
    try:
        length = path.stat().st_size
        digest = places.sha256_of(path)
    except (OSError, InputError) as error:
        raise WriteError(f"{path} was written but cannot be read again: {error}") from error
    if receipt.path and _is_drawing(path):
        return digest, length
    size = header_size(path)
    found = None if size is None else (size.width, size.height)
    if found != (receipt.width, receipt.height):
        raise WriteError(f"{path} holds {size or 'no picture'}, {receipt.width}×{receipt.height} were written")
    return digest, length


def _is_drawing(path: Path) -> bool:
    """Whether it is a drawing of a path, and whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8))
        return file.read().endswith((b"</svg>\n", b"\nEOF\n"))
