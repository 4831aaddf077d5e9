"""Photos that a file names one by one: plain text, or an inventory (``inventory.py``)."""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from gigamatte.batch import hint_files
from gigamatte.batch.lists.inventory import Named, inventory_rows, kind_of
from gigamatte.batch.lists.text import lines_of, text_of
from gigamatte.batch.places import filesystem, is_uri, join, local, reading
from gigamatte.batch.task import Source
from gigamatte.errors import InputError, MissingInput, UsageError

#: a list on standard input
STDIN = "-"


def is_inventory(spec: str) -> bool:
    """Whether a file of this name holds rows with columns."""
    return spec != STDIN and kind_of(spec) is not None and (is_uri(spec) or not local(spec).is_dir())


def named_photos(spec: str, column: str | None, out: str | None = None) -> Iterator[Source]:
    """The photos of a list. Relative paths belong to the list's own folder, those of standard input to the current one.

    A local file's stamp is asked for; an object's is what an inventory says of it, and unknown in plain text. What a
    report on a whole bucket names in ``out`` are results, which are left out.
    """
    home = str(Path.cwd()) if spec == STDIN else spec.rsplit("/", 1)[0] if is_uri(spec) else str(local(spec).parent)
    results = f"{out.rstrip('/')}/" if out is not None and is_uri(out) and kind_of(spec) == "s3-inventory" else None
    for named in _rows(spec, column):
        text = str(local(named.place)) if named.place.startswith("file://") else named.place
        if results is not None and text.startswith(results):
            continue
        place = text if is_uri(text) or Path(text).is_absolute() else join(home, text)
        place = place if is_uri(place) else str(local(place))
        key = _key(place, home)
        if is_uri(place):
            yield Source(key, place, named.bytes, named.stamp)
            continue
        try:
            size, stamp = hint_files.stamp_of(place)
        except InputError as error:
            yield Source(key, place, 0, "", refusal=error.message)
            continue
        yield Source(key, place, size, stamp)


def _rows(spec: str, column: str | None) -> Iterator[Named]:
    kind = None if spec == STDIN else kind_of(spec)
    if kind is not None:
        yield from inventory_rows(spec, kind, column, lambda file: opened(file))
        return
    for line in _lines(spec):
        yield Named(line)


def _key(place: str, home: str) -> str:
    """Relative to the list's folder, or else the path without its anchor: whatever else the list names."""
    if is_uri(place):
        inside = place.startswith(home + "/")
        key = place[len(home) + 1 :] if inside else place.split("://", 1)[1]
    else:
        path = Path(place)
        inside = path.is_relative_to(home)
        key = (path.relative_to(home) if inside else path.relative_to(path.anchor)).as_posix()
    if ".." in PurePosixPath(key).parts:
        raise UsageError(f"the list names {place!r}: '..' would leave the output folder")
    return key


def _lines(spec: str) -> Iterator[str]:
    """A path or URI on each line; empty lines, and those that begin with "# ", are comments."""
    with _text(spec) as file:
        for number, line in lines_of(file, spec):
            text = line.strip("\r\n")
            if "\0" in text and number == 1:
                raise UsageError(
                    f"{spec} is neither a picture nor a list: expected UTF-8 text with one path on each line"
                )
            if "\0" in text:
                raise UsageError(f"{spec}, line {number}: expected the path of a photo, found no text")
            if text.strip() and not text.startswith("# ") and text != "#":
                yield text


@contextlib.contextmanager
def _text(spec: str) -> Iterator[io.TextIOBase]:
    """A list to read; names in it that are no UTF-8 are read as the file system's names are."""
    if spec == STDIN:
        if sys.stdin is None:
            raise MissingInput("standard input is closed: there is no list on it")
        with text_of(sys.stdin.buffer) as text:  # standard input is not ours to close
            yield text
        return
    with opened(spec) as file, text_of(file) as text:
        yield text


@contextlib.contextmanager
def opened(spec: str) -> Iterator[IO[bytes]]:
    """A file or object as bytes, unpacked where its name ends in .gz. Raises MissingInput."""
    with contextlib.ExitStack() as stack:
        if is_uri(spec):
            with reading(spec):
                system, path = filesystem(spec)
                file: IO[bytes] = stack.enter_context(system.open(path, "rb"))
        else:
            try:
                file = stack.enter_context(open(local(spec), "rb"))
            except OSError as error:
                raise MissingInput(f"{spec} cannot be read: {error.strerror or error}") from error
        if spec.lower().endswith(".gz"):
            file = stack.enter_context(cast(Any, gzip.GzipFile(fileobj=file)))
        try:
            yield file
        except (OSError, EOFError, zlib.error) as error:
            raise MissingInput(f"{spec} cannot be read: {error}") from error
