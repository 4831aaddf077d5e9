"""Where results go: nothing is overwritten unasked, nothing half-written is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.atomic import hint, whole_file
from gigamatte.errors import UsageError, WriteError


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raises UsageError when ``path`` exists and may not be overwritten, or is a folder."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, expected the name of a file")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already", "choose another name, or allow it with --overwrite")


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[BinaryIO]:
    """A binary file that takes its place at ``path`` when the block ends well and vanishes otherwise.

    Raises WriteError where it cannot be written.
    """
    with whole_file(path, overwrite=overwrite) as draft:
        try:
            with os.fdopen(os.dup(draft.descriptor), "w+b") as file:
                yield file
        except OSError as error:
            raise WriteError(f"{path} cannot be written: {error.strerror or error}", hint(path)) from error
