"""Moves a packed tar shard to OUT, where it appears complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from gigamatte.batch import places
from gigamatte.errors import WriteError
from gigamatte.workflow.files import new_file


def put(path: Path, place: str) -> str:
    """Move or copy the finished file at ``path`` to ``place``, a path or URI; its stamp there. Raises WriteError."""
    if places.is_uri(place):
        return places.publish(path, place)
    try:
        os.replace(path, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise WriteError(f"{place} cannot be written: {error.strerror}") from error
        with new_file(Path(place), overwrite=True) as file, path.open("rb") as source:
            shutil.copyfileobj(source, file, 1 << 20)
    if os.name == "posix":
        with contextlib.suppress(OSError):
            descriptor = os.open(Path(place).parent, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
    return places.output_stamp(place) or ""
