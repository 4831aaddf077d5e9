"""Where results go: nothing is overwritten unasked, nothing half-written is left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gigamatte.errors import UsageError, WriteError
from gigamatte.system import fsync_folder


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raises UsageError when ``path`` exists and may not be overwritten, or is a folder."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, expected the name of a file")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already", "choose another name, or allow it with --overwrite")


@contextmanager
def written_at_once(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` with the same suffix, renamed to it when the block ends well, else removed.

    Raises WriteError where the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=f".partial{path.suffix}", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}") from error
    partial = Path(name)
    try:
        yield partial
        # mkstemp makes files private; a result is as readable as the person's other files
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o666 & ~umask)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
        fsync_folder(path.parent)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
