"""Where a result is written: a file (links are followed) or a stream. What cannot be written is refused at once."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from gigamatte.errors import UsageError
from gigamatte.write_errors import not_written

#: names for what a process has open
_OPEN = re.compile(r"/(?:dev|proc/(?:self|thread-self|\d+))/fd/(\d+)")
_CALLED = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def as_target(target: object) -> Path | BinaryIO:
    """A path, or an object to write bytes to. Raises UsageError for a name of no file and for text files."""
    if isinstance(target, str | bytes | os.PathLike):
        name = os.fsdecode(target)
        if not name:
            raise UsageError("the name of the result is empty", "name a file")
        if name.endswith(tuple(filter(None, (os.sep, os.altsep)))):
            raise UsageError(f"{name} is a folder, expected the name of a file")
        return Path(name)
    if isinstance(target, io.TextIOBase):
        raise UsageError("the file to write to is open for text", "open it with mode 'wb'")
    if not callable(getattr(target, "write", None)):
        raise UsageError(f"expected a path or an open file to write to, found {type(target).__name__}")
    return cast(BinaryIO, target)


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise UsageError for a folder, a name that no file can have, and a file that exists and may not be replaced."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        short = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
        raise UsageError(f"{path} cannot be written: {why}", "name a shorter one with -o" if short else "") from error
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{path} is a folder, expected the name of a file")
    if not overwrite and not is_stream(path):
        raise UsageError(f"{path} exists already", "choose another name, or allow it with --overwrite")


def open_descriptor(path: Path) -> int | None:
    """The number behind a name for an open file of this process, such as /dev/stdout; None for any other path."""
    name = str(path)
    for _ in range(8):  # links to links
        if name in _CALLED:
            return _CALLED[name]
        if match := _OPEN.fullmatch(name):
            return int(match[1]) if f"/proc/{os.getpid()}/" in name or "/self/" in name or "/dev/" in name else None
        try:
            name = os.path.join(os.path.dirname(name), os.readlink(name))
        except (OSError, ValueError):
            return None
    return None


def is_stream(path: Path) -> bool:
    """Whether ``path`` names what is written to and never replaced: a pipe, a terminal, a device, an open file."""
    if open_descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """What ``is_stream`` has recognised, open for bytes. Raises WriteError."""
    try:
        number = open_descriptor(path)
        file = open(path, "wb", buffering=0) if number is None else os.fdopen(os.dup(number), "wb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise not_written(f"{path} cannot be written: {error.strerror or error}", "", error) from error
    with file:
        yield cast(BinaryIO, file)


def through_links(path: Path) -> Path:
    """The file that a path leads to, which is the one to replace: the links stay."""
    return Path(os.path.realpath(path))


def keep_mode(descriptor: int, path: Path) -> None:
    """Give an open file the permissions, and where allowed the owner, of the one that it will replace."""
    if not hasattr(os, "fchmod"):
        return
    with contextlib.suppress(OSError):
        before = path.stat()
        own = os.fstat(descriptor)
        if (before.st_uid, before.st_gid) != (own.st_uid, own.st_gid):
            with contextlib.suppress(OSError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def refuse_sources(path: Path, photo: object, others: Iterable[object] = ()) -> None:
    """Raise UsageError when ``path`` is a file that is read: a source is never replaced, whatever its name or link.

    What is no path (bytes, an array, None) is passed over.
    """
    hint = "name another file with -o: a source is never replaced"
    if _same(path, photo):
        raise UsageError(f"{path} is the photo itself", hint)
    if any(_same(path, other) for other in others):
        raise UsageError(f"{path} is read for this cut: a mask, a stroke or a background", hint)


def _same(path: Path, source: object) -> bool:
    if not isinstance(source, (str, os.PathLike)):
        return False
    try:
        return path.samefile(source)
    except (OSError, ValueError):  # one of the two is not there, or is no name of a file
        return False
