"""A result may be two files, colour and alpha (``--only pair``): their names, and their stamps and hashes as one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gigamatte.batch import places
from gigamatte.cutout.target import pair_of
from gigamatte.errors import GigamatteError


def files_of(target: str, pair: bool) -> tuple[str, ...]:
    """The files of a result: the target itself, or of a pair the two that are named after it.

    ``target`` is a key, a path or a URI. No two targets have a file in common.
    """
    if not pair:
        return (target,)
    name = target.rpartition("/")[2] if places.is_uri(target) else os.path.split(target)[1]
    folder = target[: len(target) - len(name)]
    return tuple(folder + path.name for _, path in pair_of(Path(name)))


def joined(parts: Iterable[str | None]) -> str | None:
    """Stamps or hashes of a result's files as one; None when one of them is missing."""
    known = list(parts)
    return None if None in known else "+".join(part for part in known if part is not None)


def any_at(row: Mapping[str, Any] | sqlite3.Row, place: Callable[[str], str], stamps: Mapping[str, str]) -> bool:
    """Whether anything lies at the places of a photo's result; ``row`` is the manifest's, ``stamps`` of what lies."""
    return any(place(file) in stamps for file in files_of(row["target"], row["pair"]))


@contextlib.contextmanager
def together(files: tuple[str, ...]) -> Iterator[None]:
    """When the block fails, take away what it has written: half a pair, or a new half beside an old one, is no result;
    nor is a whole file that turned out wrong, or whose photo changed while it was read.
    """
    before = [places.output_stamp(file) for file in files]
    try:
        yield
    except BaseException:
        for file, stamp in zip(files, before, strict=True):
            with contextlib.suppress(GigamatteError):
                if places.output_stamp(file) != stamp:
                    places.remove(file)
        raise
