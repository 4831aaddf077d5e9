"""Where results go: nothing is overwritten unasked, nothing half-written is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.atomic import hint, whole_file
from gigamatte.errors import MissingInput
from gigamatte.refusal import not_written


def beside(source: Path, ending: str) -> Path:
    """Where a result goes that was given no name: STEM and ``ending`` beside the source, which is to be a file.

    Raises MissingInput for a folder.
    """
    if not source.name or os.path.isdir(source):
        raise MissingInput(f"{source} is a folder, expected the name of a file")
    return source.with_name(f"{source.stem}{ending}")


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
            raise not_written(f"{path} cannot be written: {error.strerror or error}", hint(path), error) from error
