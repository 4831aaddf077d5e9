"""Files of gigamatte's own folders: replaced whole or not at all, only the newest kept, and known by their SHA-256.

A user's results are written by ``cutout/atomic.py``, which also asks before it replaces one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A path beside ``target`` to write to: after the block that file takes the target's name; an error deletes it.

    Missing folders are made. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        yield draft
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def keep_newest(paths: Iterable[Path], count: int) -> list[Path]:
    """Delete all but the ``count`` files or folders that were changed last; those deleted. Others may delete too."""
    times = {path: changed for path in paths if (changed := _changed(path)) is not None}
    old = sorted(times, key=lambda path: times[path], reverse=True)[count:]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return old


def sha256_of(*paths: str | Path) -> str:
    """The SHA-256 of a file, or of several one after another, as 64 hex digits. Raises OSError."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def sha256_of_text(text: str) -> str:
    """The SHA-256 of a text as UTF-8, 64 hex digits; of a file's name, whatever bytes it has (see ``os.fsdecode``)."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:  # another process has deleted it
        return None
