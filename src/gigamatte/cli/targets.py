"""Decides where ``cut`` writes each photo's result, before the first photo is read."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gigamatte.cli.streams import closed
from gigamatte.errors import MissingInput, UsageError
from gigamatte.options import AnyFormat

#: stdin as a photo, stdout as a result
STREAM = "-"


def paired(
    photos: Sequence[str], out: str | None, format: AnyFormat | None, films: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """(photo, result) for each: OUT, a file in OUT where that is a folder, or STEM.cutout.png beside the photo.

    ``films``: those of them that are films, each with the name of its result.

    Raises UsageError where two photos would have one result, MissingInput for a folder.
    """
    for photo in photos:
        if not photo:
            raise UsageError("the name of a photo is empty", "name a file, or use - for standard input")
        if os.path.isdir(photo) and photo not in (films or {}):
            raise MissingInput(f"{photo} is a folder", f"for all photos in it: gigamatte batch {photo} OUT")
    if len(photos) > 1 and STREAM in photos:
        raise UsageError("- stands for one photo, but several were named", "leave the others out")
    into = _folder(out)
    if out is not None and into is None:
        if not out:
            raise UsageError("the name of the result is empty", "name a file with -o")
        if len(photos) > 1:
            raise UsageError(
                f"-o {out} is one file, but {len(photos)} photos were named", f"name a folder: -o {out}{os.sep}"
            )
        return [(photos[0], STREAM if _is_stdout(out) else out)]
    jobs = [(photo, _named(photo, into, format, films or {})) for photo in photos]
    _refuse_doubles(jobs)
    return jobs


def terminal_refused(jobs: Sequence[tuple[str, str]]) -> None:
    """Raise UsageError where a picture would be written to a terminal, or to a closed stream."""
    if jobs[0][1] != STREAM:
        return
    if "stdout" in closed:
        raise UsageError("standard output is closed: the cutout would be lost", "name a file with -o")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal, which shows no picture", "name a file with -o, or use > FILE")


@contextlib.contextmanager
def folder_for(jobs: Sequence[tuple[str, str]], out: str | None) -> Iterator[None]:
    """Make the folder that OUT names with a slash at its end; it is removed again where nothing was written into it.

    Raises UsageError where it cannot be made.
    """
    into = _folder(out)
    if into is None or into.is_dir() or jobs[0][1] == STREAM:
        yield
        return
    try:
        into.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"the folder {into} cannot be made: {error.strerror}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            into.rmdir()


def _folder(out: str | None) -> Path | None:
    if not out:
        return None
    return Path(out) if out.endswith(tuple(filter(None, (os.sep, os.altsep)))) or os.path.isdir(out) else None


def _named(photo: str, into: Path | None, format: AnyFormat | None, films: Mapping[str, str]) -> str:
    if photo in films:
        return str((into or Path(photo).parent) / films[photo])
    if photo == STREAM:
        return STREAM if into is None else str(into / f"stdin.cutout{_suffix(format)}")
    path = Path(photo)
    return str((into or path.parent) / f"{path.stem}.cutout{_suffix(format)}")


def _suffix(format: AnyFormat | None) -> str:
    if format is None:
        return ".png"
    if format == "svg" or format == "dxf":
        return f".{format}"
    from gigamatte.cutout.encode import CONTAINERS

    return CONTAINERS[format].suffixes[0]


def _is_stdout(out: str) -> bool:
    if out == STREAM:
        return True
    from gigamatte.cutout.place import open_descriptor

    return open_descriptor(Path(out)) == 1


def _refuse_doubles(jobs: Sequence[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    for photo, target in jobs:
        if target in seen:
            raise UsageError(
                f"{seen[target]} and {photo} would both be written to {target}", "cut them one by one, each with its -o"
            )
        seen[target] = photo
