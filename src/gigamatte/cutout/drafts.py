"""Where an encoder writes to: a draft beside a file, or a nameless file that is copied to a stream at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gigamatte.cutout.atomic import Draft, passing_file, whole_file
from gigamatte.cutout.place import is_stream, opened
from gigamatte.write_errors import not_written


@contextlib.contextmanager
def written(draft: Draft) -> Iterator[BinaryIO]:
    """The draft, to be read and changed."""
    file = open(draft.path or draft.descriptor, "r+b", closefd=draft.path is not None)  # noqa: SIM115
    try:
        yield file
    except BaseException:
        with contextlib.suppress(OSError):  # what could not be written is still in its buffer: the first error tells
            file.close()
        raise
    file.close()


@contextlib.contextmanager
def drafted(
    target: Path | BinaryIO, overwrite: bool, times: tuple[int, int] | None, *, durable: bool = True
) -> Iterator[Draft]:
    """Where the encoder writes to: a draft beside a file, or a nameless file that is copied to a stream at the end."""
    if not isinstance(target, os.PathLike):
        with passing_file() as draft:
            yield draft
            _pour(draft, target)
    elif is_stream(Path(target)):
        with opened(Path(target)) as stream, passing_file() as draft:
            yield draft
            _pour(draft, stream)
    else:
        with whole_file(Path(target), overwrite=overwrite, durable=durable) as draft:
            yield draft
            if times is not None:
                with contextlib.suppress(OSError):  # a file system without times
                    os.utime(draft.path or draft.descriptor, ns=times)


def _pour(draft: Draft, target: BinaryIO) -> None:
    try:
        with open(draft.path or os.dup(draft.descriptor), "rb") as file:
            file.seek(0)
            while piece := file.read(1 << 20):
                rest = memoryview(piece)
                while rest:  # an unbuffered stream may take a part; others do not tell
                    taken = target.write(rest)
                    rest = rest[taken if isinstance(taken, int) and taken > 0 else len(rest) :]
        if callable(getattr(target, "flush", None)):
            target.flush()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        why = error.strerror if isinstance(error, OSError) else None
        raise not_written(f"the output stream cannot be written: {why or error}", "", error) from error


def passing_bytes(target: Path | BinaryIO, draft: Draft) -> int:
    """What goes to a stream lies on disk first."""
    return 0 if isinstance(target, os.PathLike) else os.fstat(draft.descriptor).st_size
