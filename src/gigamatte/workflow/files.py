"""Opens the files of results: nothing is overwritten without permission, no half-written file is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.atomic import hint, whole_file
from gigamatte.errors import MissingInput
from gigamatte.write_errors import not_written


def beside(source: Path, ending: str) -> Path:
    """The default path of a result: STEM and ``ending`` beside the source, which has to be a file.

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
